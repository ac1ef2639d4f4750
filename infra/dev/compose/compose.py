"""Composes `svc_*/subgraph.graphql` into `gateway/supergraph.graphql`, which is committed.

The composer is a Node package, pinned by `package-lock.json`; nobody needs it to run or to test.
The composed file says from which schemas it was made (SHA-256 of each), so that a stale one is
noticed without Node. It replaces the old one only when the gateway's own checks of the labels
(`python -m gateway check-labels FILE`) pass.
"""

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.dev.compose.nodes import NODE_SUBGRAPH, node_subgraph

SUPERGRAPH = Path("gateway") / "supergraph.graphql"
_HERE = Path(__file__).parent
_NOTICE = "# Composed by ./goldenthread compose; do not edit."
_MARK = "# sha256"


class ComposeError(Exception):
    """The schemas do not compose, or the composer does not run; the message says why."""


def subgraph_files(root: Path) -> dict[str, Path]:
    """Return the committed schema of each service by its name, in order of name."""
    return {
        path.parent.name.removeprefix("svc_"): path
        for path in sorted(root.glob("svc_*/subgraph.graphql"))
    }


def header(root: Path) -> str:
    """Return the lines that a supergraph made from the present schemas begins with."""
    digests = [
        f"{_MARK} {path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in subgraph_files(root).values()
    ]
    return "\n".join([_NOTICE, *digests]) + "\n"


def is_current(root: Path) -> bool:
    """Say whether the committed supergraph was made from the present schemas."""
    try:
        return (root / SUPERGRAPH).read_text(encoding="utf-8").startswith(header(root) + "\n")
    except FileNotFoundError:
        return False


def compose(root: Path) -> str:
    """Compose, check the labels, replace the supergraph; return one line for a person.

    Raises ComposeError; the committed supergraph is as it was then.
    """
    files = subgraph_files(root)
    if not files:
        message = "no svc_*/subgraph.graphql to compose"
        raise ComposeError(message)
    composed = _run_composer(files)
    with tempfile.TemporaryDirectory(prefix="gt-compose-") as folder:
        new = Path(folder) / SUPERGRAPH.name
        new.write_text(f"{header(root)}\n{composed.strip()}\n", encoding="utf-8")
        _check_labels(new, list(files.values()))
        shutil.copyfile(new, root / SUPERGRAPH)
    return f"composed {len(files)} schemas ({', '.join(files)}) into {SUPERGRAPH}"


def _run_composer(files: dict[str, Path]) -> str:
    node = _installed_composer()
    texts = {name: path.read_text(encoding="utf-8") for name, path in files.items()}
    texts[NODE_SUBGRAPH] = node_subgraph(texts.values())
    subgraphs = [{"name": name, "sdl": sdl} for name, sdl in texts.items()]
    ran = subprocess.run(  # noqa: S603 - our own words
        [node, str(_HERE / "compose.mjs")],
        input=json.dumps(subgraphs),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        message = f"the composer does not run: {ran.stderr.strip() or 'no output'}"
        raise ComposeError(message)
    answer = json.loads(ran.stdout)
    if "errors" in answer:
        message = "the schemas do not compose:\n  " + "\n  ".join(answer["errors"])
        raise ComposeError(message)
    return str(answer["supergraph"])


def _installed_composer() -> str:
    """Return the path of Node, with the composer installed as the lock file has it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        message = "composing needs Node 20 or newer (node and npm on the PATH)"
        raise ComposeError(message)
    stamp = _HERE / "node_modules" / ".goldenthread"
    lock = hashlib.sha256((_HERE / "package-lock.json").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != lock:
        ran = subprocess.run(  # noqa: S603 - our own words
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=_HERE,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode != 0:
            message = f"cannot install the composer: {ran.stderr.strip()[-500:]}"
            raise ComposeError(message)
        stamp.write_text(lock, encoding="utf-8")
    return node


def _check_labels(supergraph: Path, subgraphs: list[Path]) -> None:
    if importlib.util.find_spec("gateway.__main__") is None:
        message = "this build has no gateway to check the labels with"
        raise ComposeError(message)
    ran = subprocess.run(  # noqa: S603 - our own words
        [
            sys.executable,
            "-P",
            "-m",
            "gateway",
            "check-labels",
            "--supergraph",
            str(supergraph),
            *(str(file) for file in subgraphs),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        message = f"the labels are not complete:\n{(ran.stderr or ran.stdout).strip()}"
        raise ComposeError(message)
