"""The image: pinned, without privileges, and with nothing of the development stack inside."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.test_layout import PROGRAMS, ROOT

CONTAINERFILE = ROOT / "infra" / "deploy" / "Containerfile"


def instructions() -> list[tuple[str, str]]:
    text = CONTAINERFILE.read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], line.split(None, 1)[1]) for line in lines]


def production_copies() -> list[tuple[list[str], str]]:
    """Sources and target of each COPY of the last stage that takes from the repository."""
    last = max(i for i, (word, _) in enumerate(instructions()) if word == "FROM")
    found = []
    for word, rest in instructions()[last:]:
        if word == "COPY" and not rest.startswith("--from"):
            *sources, target = rest.split()
            found.append((sources, target))
    return found


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder /app as the image has it."""
    folder = tmp_path_factory.mktemp("image")
    for sources, target in production_copies():
        for source in sources:
            for path in sorted(ROOT.glob(source.rstrip("/"))):
                if path.is_dir():
                    ignore = shutil.ignore_patterns("__pycache__", "node_modules")
                    shutil.copytree(path, folder / target, ignore=ignore)
                else:
                    into = folder / target if target.endswith("/") else folder
                    into.mkdir(exist_ok=True)
                    shutil.copy(path, into)
    return folder


def run(image: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", *words], cwd=image, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(image), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=120,
    )  # fmt: skip


def test_the_base_is_pinned_and_the_user_is_nobody_special() -> None:
    words = dict(instructions())
    [base] = {rest for word, rest in instructions() if word == "ARG"}
    assert re.search(r"python:3\.\d+\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?$", base)
    assert "latest" not in CONTAINERFILE.read_text()
    assert words["USER"] == "10001:10001"
    assert words["ENTRYPOINT"] == '["python", "-P", "-m"]'
    assert "--require-hashes" in CONTAINERFILE.read_text()
    assert "uv sync --locked --no-default-groups" in CONTAINERFILE.read_text()


def test_everything_that_is_copied_exists() -> None:
    sources = [source for each, _ in production_copies() for source in each]
    assert [source for source in sources if not list(ROOT.glob(source.rstrip("/")))] == []


def test_no_secret_is_built_in() -> None:
    assert not re.search(r"(?i)(PASSWORD|SECRET|_KEY=|TOKEN|_DSN=)", CONTAINERFILE.read_text())


def test_the_image_has_the_programs_and_not_the_development_stack(image: Path) -> None:
    present = {path.name for path in image.iterdir()}
    assert set(PROGRAMS) <= present
    assert "tests" not in present
    packages = {path.parent.name for path in (ROOT / "infra").glob("*/__init__.py")}
    assert {p.name for p in (image / "infra").iterdir() if p.is_dir()} == packages - {"dev"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_loads_from_the_image_alone(image: Path, program: str) -> None:
    code = (
        f"import {program}.app, infra, importlib.util as u; "
        f"assert infra.__file__.startswith({str(image)!r}), infra.__file__; "
        "assert u.find_spec('infra.dev') is None"
    )
    ran = run(image, "-c", code)
    assert ran.returncode == 0, ran.stderr


def test_policy_schemas_and_doctor_are_in_the_image(image: Path) -> None:
    assert run(image, "-m", "gateway", "policy", "check").returncode == 0
    assert run(image, "-m", "svc_training", "sdl").stdout.strip() != ""
    doctor = run(image, "-m", "infra.cli", "doctor", "--program", "svc_training", "--json")
    assert '"settings"' in doctor.stdout, doctor.stderr


def test_the_linter_has_nothing_to_say() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if hadolint is None:
        pytest.skip("hadolint is not here: .tools/bin/uv sync --group ci")
    ran = subprocess.run(
        [hadolint, str(CONTAINERFILE)], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, "")
