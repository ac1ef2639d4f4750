"""Draws the page of the architecture from the import graph, so that it can't become untrue.

`GT_WRITE_GOLDEN=1 ./goldenthread test tests/architecture/test_architecture_page.py` writes it.
"""

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

import grimp

from tests.architecture.test_layout import PROGRAMS, ROOT, SOURCE

PAGE = ROOT / "infra" / "docs" / "architecture.md"
_COMPOSITION = {"app", "__main__", "seed", "subgraph", "demo_world"}
"""Know every part, so their arrows would say nothing."""

Arrows = Mapping[str, set[str]]


def arrows_between(package: str, graph: grimp.ImportGraph) -> Arrows:
    """Which direct parts of a package import which others."""
    found: dict[str, set[str]] = {}
    for child in sorted(graph.find_children(package)):
        part = child.rpartition(".")[2]
        if part in _COMPOSITION or part == "migrations":
            continue
        modules = {child} | graph.find_descendants(child)
        imported = {name for m in modules for name in graph.find_modules_directly_imported_by(m)}
        parts = {name.split(".")[1] for name in imported if name.startswith(f"{package}.")}
        found[part] = parts - {part} - _COMPOSITION
    return found


def floors_used(package: str, graph: grimp.ImportGraph) -> set[str]:
    """Which parts of `infra` a program stands on."""
    modules = {package} | graph.find_descendants(package)
    imported = {name for m in modules for name in graph.find_modules_directly_imported_by(m)}
    return {name.split(".")[1] for name in imported if name.startswith("infra.")}


def purpose(package: str, part: str) -> str:
    """The first sentence of a part's own description."""
    folder = ROOT / package / part
    path = folder / "__init__.py" if folder.is_dir() else Path(f"{folder}.py")
    text = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0]
    return " ".join(text.split())


def section(package: str, arrows: Arrows) -> Iterable[str]:
    """A table of the parts of one package, and what each of them imports."""
    yield f"## {package}"
    yield ""
    yield "| part | what it is | imports |"
    yield "|---|---|---|"
    for part, others in sorted(arrows.items()):
        what = purpose(package, part).replace("|", "\\|")
        yield f"| `{part}` | {what} | {', '.join(f'`{each}`' for each in sorted(others))} |"
    yield ""


def page() -> str:
    """Return the page as the code is now."""
    graph = grimp.build_graph(*SOURCE, cache_dir=None)
    lines = [
        "# Architecture",
        "",
        "Drawn from the import graph by `tests/architecture/architecture_page.py`; do not edit.",
        "Who may import whom is decided in `.importlinter`; why, in `infra/decisions/`.",
        "",
        "```mermaid",
        "flowchart TD",
        "  clients([clients]) -->|GraphQL, FHIR, console| gateway",
    ]
    for service in PROGRAMS[1:]:
        lines.append(f"  gateway -->|HTTP, internal token| {service}")
        if service != "svc_consent":
            lines.append(f"  {service} -.->|facts, change feed| svc_consent")
        lines.append(f"  {service} --- {service}_db[({service.removeprefix('svc_')})]")
    lines += ["```", "", "Programs never import each other; what they stand on:", ""]
    lines += ["| program | parts of `infra` |", "|---|---|"]
    for program in PROGRAMS:
        used = ", ".join(f"`{each}`" for each in sorted(floors_used(program, graph)))
        lines.append(f"| `{program}` | {used} |")
    lines.append("")
    for package in SOURCE:
        lines += section(package, arrows_between(package, graph))
    return "\n".join(lines)


def crossings(graph: grimp.ImportGraph) -> set[tuple[str, str]]:
    """Imports from one program to another, of which there are none."""
    return {
        (one, other)
        for one in PROGRAMS
        for other in PROGRAMS
        if one != other
        and graph.direct_import_exists(importer=one, imported=other, as_packages=True)
    }
