"""Prepare operations before anybody waits for them: at the start, and before a supergraph changes.

Named operations (`gateway/operations/`) are prepared for each column that may state their purpose;
before a change, what was asked recently. Warming takes turns with other work and is bounded.
"""

import asyncio
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from time import perf_counter, sleep
from typing import Final

import structlog

from gateway.errors import RequestRefusedError
from gateway.policy.access_table import View
from gateway.prepare import Preparer

MAX_WARMED: Final = 500
REST: Final = 2.0
"""Time to rest for each unit of time spent on warming."""

CLIENT: Final = "warm-up"
"""Whose share of the plan cache named operations are charged to."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Recent:
    """An operation that was asked, and by whom it is charged."""

    source: str
    operation_name: str | None
    view: str
    client: str


def recent(preparer: Preparer) -> list[Recent]:
    """What a preparer holds plans for, the most recently asked first; at most ``MAX_WARMED``."""
    found = []
    for key, prepared, client in preparer.held():
        location = prepared.operation.document.loc
        name = prepared.operation.definition.name
        if location is not None:
            source = location.source.body
            found.append(Recent(source, name.value if name else None, key.shape, client))
    return found[:MAX_WARMED]


def named(preparer: Preparer) -> Iterator[Recent]:
    """The committed operations, once for each view that may run them for their purpose."""
    folder = resources.files("gateway") / "operations"
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if not file.name.endswith(".json"):
            continue
        purpose = json.loads(file.read_text())["purpose"]
        source = (folder / file.name.replace(".json", ".graphql")).read_text()
        for (column, has_purpose), view in preparer.table.views.items():
            purposes = {each.value for each in preparer.table.matrix.purposes_of(column)}
            if has_purpose and purpose in purposes:
                yield Recent(source, None, view.name, CLIENT)


def warm(preparer: Preparer, operations: Iterable[Recent]) -> None:
    """Prepare operations for a preparer that serves nobody yet, in a thread beside those who do."""
    views = _views(preparer)
    for each in operations:
        started = perf_counter()
        _prepare(preparer, each, views)
        sleep((perf_counter() - started) * REST)


async def warm_in_turns(preparer: Preparer, operations: Iterable[Recent]) -> None:
    """Prepare operations for a preparer that serves, one at a time, resting in between."""
    views = _views(preparer)
    prepared = 0
    for each in operations:
        started = perf_counter()
        prepared += _prepare(preparer, each, views)
        await asyncio.sleep((perf_counter() - started) * REST)
        if prepared >= MAX_WARMED:
            break
    _log.info("plans_warmed", operations=prepared)


def _views(preparer: Preparer) -> dict[str, View]:
    views = [*preparer.table.views.values(), preparer.table.outage]
    return {view.name: view for view in views}


def _prepare(preparer: Preparer, asked: Recent, views: dict[str, View]) -> bool:
    view = views.get(asked.view)
    if view is None:
        return False
    try:
        operation = preparer.parse(asked.source, asked.operation_name, asked.client)
        preparer.prepare(operation, view, asked.client).compiled.plain_projection()
    except RequestRefusedError:
        return False  # it does not fit this supergraph; whoever asks is told
    return True
