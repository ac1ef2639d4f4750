"""The launcher script: which Python it takes, when it installs, what it says when it cannot.

Most tests give it a small stand-in for uv, so that they need no network; the last one installs for
real, from the package index or its cache.
"""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
TOOLS = (
    "bash", "cat", "chmod", "cksum", "cut", "date", "dirname", "env", "flock", "grep", "ln",
    "mkdir", "mktemp", "readlink", "rm", "sleep", "tail",
)  # fmt: skip

FAKE_UV = """\
#!/usr/bin/env bash
if [ "$1" = --version ]; then echo "uv 0.13.9 (stand-in)"; exit; fi
echo "$@" >>"{root}/syncs"
if [ -f "{root}/fault" ]; then cat "{root}/fault" >&2; exit 2; fi
sleep 0.3
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
printf '#!/usr/bin/env bash\\nprintf "<%%s>" "$@"; echo; exit "${{EXIT:-0}}"\\n' \\
  >"$UV_PROJECT_ENVIRONMENT/bin/python"
chmod +x "$UV_PROJECT_ENVIRONMENT/bin/python"
"""


class Checkout:
    """A folder with the launcher, a lock file and a stand-in for uv."""

    def __init__(self, root: Path, programs: Path) -> None:
        self.root = root
        self.programs = programs
        (root / ".tools" / "bin").mkdir(parents=True)
        shutil.copy(REPOSITORY / "goldenthread", root)
        (root / "uv.lock").write_text("a lock")
        (root / "pyproject.toml").write_text("a project")
        self.script(root / ".tools" / "bin" / "uv", FAKE_UV.format(root=root))
        programs.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (programs / tool).symlink_to(found)

    @staticmethod
    def script(path: Path, text: str) -> None:
        path.write_text(textwrap.dedent(text))
        path.chmod(0o755)

    def python(self, name: str, text: str | None = None) -> None:
        """Put an interpreter on the PATH: this one, or a stand-in."""
        real = f'#!/usr/bin/env bash\nexec "{sys.executable}" "$@"\n'
        self.script(self.programs / name, text or real)

    def run(
        self, *words: str, cwd: Path | None = None, launcher: Path | None = None, **more: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [launcher or self.root / "goldenthread", *words],
            env={"PATH": str(self.programs), "HOME": str(self.root), **more},
            cwd=cwd or self.root.parent,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def syncs(self) -> int:
        log = self.root / "syncs"
        return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path / "a path with  spaces" / "checkout", tmp_path / "programs")
    made.python("python3")
    return made


def test_it_hands_over_words_and_exit_status(checkout: Checkout) -> None:
    ran = checkout.run("up", "--data", "two words", "", EXIT="7")
    assert ran.stdout == "<-P><-m><infra.cli><up><--data><two words><>\n"
    assert ran.returncode == 7


def test_it_installs_only_when_something_changed(checkout: Checkout) -> None:
    for _ in range(3):
        assert checkout.run("x").returncode == 0
    assert checkout.syncs == 1
    assert checkout.run("x").stderr == ""
    (checkout.root / "uv.lock").write_text("another lock")
    checkout.run("x")
    checkout.run("x")
    assert checkout.syncs == 2
    (checkout.root / "pyproject.toml").write_text("another project")
    checkout.run("x")
    assert checkout.syncs == 3


def test_a_moved_checkout_is_installed_again(checkout: Checkout) -> None:
    checkout.run("x")
    moved = checkout.root.with_name("moved")
    checkout.root.rename(moved)
    checkout.root = moved
    Checkout.script(moved / ".tools" / "bin" / "uv", FAKE_UV.format(root=moved))
    assert checkout.run("x").returncode == 0
    assert checkout.syncs == 2


def test_it_asks_no_interpreter_when_nothing_changed(checkout: Checkout) -> None:
    """What would cost time; ``bench thread`` measures what is left."""
    checkout.run("x")
    (checkout.programs / "python3").unlink()
    ran = checkout.run("x")
    assert (ran.returncode, ran.stderr) == (0, "")


def test_it_works_from_anywhere_and_through_links(checkout: Checkout, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(checkout.root / "goldenthread")
    (tmp_path / "here").mkdir()
    for launcher in (link, checkout.root / "goldenthread"):
        ran = checkout.run("x", cwd=tmp_path / "here", launcher=launcher)
        assert ran.stdout == "<-P><-m><infra.cli><x>\n", ran.stderr
    assert list((tmp_path / "here").iterdir()) == []


def test_two_at_once_install_once(checkout: Checkout) -> None:
    both = [
        subprocess.Popen(
            [checkout.root / "goldenthread", "x"],
            env={"PATH": str(checkout.programs)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(4)
    ]
    assert [process.wait(30) for process in both] == [0, 0, 0, 0]
    assert checkout.syncs == 1


def test_broken_shims_are_passed_over(checkout: Checkout) -> None:
    shim = "#!/usr/bin/env bash\necho 'pyenv: command not found' >&2\nexit 127\n"
    for name in ("python3.13", "python3.12", "python3.11"):
        checkout.python(name, shim)
    assert checkout.run("x").returncode == 0
    assert sys.executable in (checkout.root / "syncs").read_text()


def _one_line(ran: "subprocess.CompletedProcess[str]") -> str:
    assert ran.returncode == 1
    assert ran.stdout == ""
    lines = [line for line in ran.stderr.splitlines() if "preparing the environment" not in line]
    assert len(lines) == 1, ran.stderr
    return lines[0]


def test_no_python_is_said(checkout: Checkout) -> None:
    (checkout.programs / "python3").unlink()
    assert "Python 3.11 or newer is needed, and no python3 was found" in _one_line(checkout.run())


def test_an_old_python_is_said(checkout: Checkout) -> None:
    checkout.python("python3", "#!/usr/bin/env bash\necho old 3.9\n")
    assert "only 3.9 was found" in _one_line(checkout.run())


def test_a_missing_venv_module_is_said(checkout: Checkout) -> None:
    checkout.python("python3", "#!/usr/bin/env bash\necho bare 3.11\n")
    assert "apt install python3.11-venv" in _one_line(checkout.run())


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            "error: dns error: failed to lookup address",
            "the Python package index cannot be reached",
        ),
        ("error: No space left on device (os error 28)", "no space left on the disk"),
        ("error: Permission denied (os error 13)", "no right to write"),
    ],
)
def test_a_failing_installation_is_one_sentence(checkout: Checkout, fault: str, said: str) -> None:
    (checkout.root / "fault").write_text(fault)
    assert said in _one_line(checkout.run("x"))
    (checkout.root / "fault").unlink()
    assert checkout.run("x").returncode == 0


def test_a_folder_without_a_lock_file_is_said(checkout: Checkout) -> None:
    (checkout.root / "uv.lock").unlink()
    assert "uv.lock or pyproject.toml is missing" in checkout.run("x").stderr


@pytest.mark.walk
def test_a_fresh_copy_installs_itself(tmp_path: Path) -> None:
    """For real: a copy of the repository in a path with spaces, uv by hash, all packages."""
    copy = tmp_path / "fresh copy"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split("\0"):
        if name and (REPOSITORY / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, copy / name)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("VIRTUAL_ENV")}
    ran = subprocess.run(
        [copy / "goldenthread", "--help"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Usage: goldenthread" in ran.stdout
    assert (copy / ".venv" / "bin" / "python").exists()
