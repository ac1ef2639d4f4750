"""The house keeps its shape: where code lies, how large a file grows, which names are none."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("gateway", "svc_participants", "svc_consent", "svc_cases", "svc_training")
SOURCE = (*PROGRAMS, "infra")
FORBIDDEN = {"utils", "helpers", "common", "misc", "shared", "base", "core", "manager", "types"}
MAX_SOURCE_LINES = 400
MAX_TEST_LINES = 600
MAX_INIT_LINES = 20


def python_files(*folders: str) -> list[Path]:
    """Return the Python files below top-level folders."""
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts
    )


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_code_lies_in_the_seven_folders_only() -> None:
    elsewhere = [
        relative(path)
        for path in ROOT.rglob("*.py")
        if path.relative_to(ROOT).parts[0] not in (*SOURCE, "tests")
        and not path.relative_to(ROOT).parts[0].startswith(".")
    ]
    assert elsewhere == []


def test_no_file_or_folder_is_called_after_nothing() -> None:
    named = [
        relative(path)
        for path in python_files(*SOURCE, "tests")
        if path.stem in FORBIDDEN or FORBIDDEN & set(path.relative_to(ROOT).parts[:-1])
    ]
    assert named == []


@pytest.mark.parametrize(
    ("folders", "limit"), [(SOURCE, MAX_SOURCE_LINES), (("tests",), MAX_TEST_LINES)]
)
def test_no_file_outgrows_the_ceiling(folders: tuple[str, ...], limit: int) -> None:
    large = {
        relative(path): lines
        for path in python_files(*folders)
        if (lines := len(path.read_text().splitlines())) > limit
    }
    assert large == {}


def test_package_files_hold_a_docstring_and_little_else() -> None:
    wrong = []
    for path in python_files(*SOURCE):
        if path.name != "__init__.py":
            continue
        text = path.read_text()
        lines = [line for line in text.splitlines() if line.strip()]
        if ast.get_docstring(ast.parse(text)) is None or len(lines) > MAX_INIT_LINES + 10:
            wrong.append(relative(path))
    assert wrong == []


# The release gate sends its last statement and the commit in one round trip.
MAY_COMMIT = {"svc_consent/disclosures/commands.py", "svc_consent/disclosures/repository.py"}


def test_services_never_commit_themselves() -> None:
    """One commit at the edge: ``infra.database`` alone ends a transaction."""
    offenders = [
        f"{relative(path)}:{node.lineno}"
        for path in python_files(*PROGRAMS)
        if relative(path) not in MAY_COMMIT
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("commit", "rollback")
    ]
    assert offenders == []


def test_now_is_asked_of_the_clock_only() -> None:
    offenders = [
        f"{relative(path)}:{node.lineno}"
        for path in python_files(*SOURCE)
        if relative(path) != "infra/clock.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in ("now", "utcnow", "today")
        and isinstance(node.value, ast.Name)
        and node.value.id in ("datetime", "date")
    ]
    assert offenders == []


def test_each_service_is_laid_out_alike() -> None:
    expected = {"README.md", "__main__.py", "app.py", "seed.py", "subgraph.py", "subgraph.graphql"}
    for service in PROGRAMS[1:]:
        present = {path.name for path in (ROOT / service).iterdir()}
        assert expected <= present, service
        assert (ROOT / service / "migrations" / "env.py").exists()
