"""`operations`: the committed GraphQL operations, with the variables that fit the demo data.

Each is two files in `gateway/operations/`: `NAME.graphql`, the document, and `NAME.json` with
`persona`, `purpose` and `variables`. A text value `demo:KIND:KEY` in the variables stands for the
id of a demo row (`demo:participant:roi_active`, `demo:agency:cedar-police`, `demo:grant:officer`),
`demo:number:HANDLE` for the number of that participant's first legal case, `demo:new:key` for a
fresh idempotency key and `demo:days:N` for the instant N days from now.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from infra.cli.data_folder import REPOSITORY
from infra.cli.errors import CommandError

FOLDER = REPOSITORY / "gateway" / "operations"
_MARK = "demo:"


def names(folder: Path = FOLDER) -> list[str]:
    """Return the names of the committed operations."""
    return sorted(path.stem for path in folder.glob("*.json"))


def load(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """Return `query`, `variables`, `persona` and `purpose`. Raises CommandError if unknown."""
    known = names(folder)
    if name not in known:
        message = f"unknown operation {name!r}; known are: {', '.join(known) or 'none yet'}"
        raise CommandError(message, status=2)
    details = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return {
        "query": (folder / f"{name}.graphql").read_text(encoding="utf-8"),
        "variables": _resolved(details["variables"]),
        "persona": details["persona"],
        "purpose": details["purpose"],
    }


def _resolved(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(inner) for inner in value]
    if isinstance(value, str) and value.startswith(_MARK):
        kind, _, key = value.removeprefix(_MARK).partition(":")
        return _demo_value(kind, key)
    return value


def _demo_value(kind: str, key: str) -> str:
    from infra.dev.demo.identifiers import demo_id

    if kind == "new":
        return str(uuid4())
    if kind == "days":
        from infra import clock

        return (clock.now() + timedelta(days=int(key))).isoformat(timespec="seconds")
    if kind != "number":
        return str(demo_id(kind, key))
    from infra import clock
    from infra.dev.demo.summary import first_case
    from infra.dev.demo.world import build_world

    return first_case(build_world(clock.now().date()), key).number


def value_of(text: str) -> Any:
    """Return a value given on the command line: a mark of demo data, JSON, or the text itself."""
    if text.startswith(_MARK):
        return _resolved(text)
    try:
        return json.loads(text)
    except ValueError:
        return text
