"""Prepare operations before anybody waits for them: at the start, and before a supergraph changes.

Named operations (`gateway/operations/`) are prepared for each column that may state their purpose,
those of applications' manifests for each column that nothing of them is refused to, and, before a
change, what was asked recently. Warming takes turns with other work; it is bounded in plans, in
each client's share of them, and in time. It never delays readiness: a gateway answers while it
warms, and a plan that is not there yet is made when it is asked for.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from time import perf_counter, sleep
from typing import Final

import structlog

from gateway.errors import RequestRefusedError
from gateway.planner import OperationError, normalize
from gateway.policy.access_table import View
from gateway.policy.roles import prune
from gateway.prepare import MAX_PREPARED, MAX_SHARE, Preparer

MAX_WARMED: Final = 500
MAX_OF_CLIENT: Final = int(MAX_PREPARED * MAX_SHARE) // 2
"""Plans of one application's manifest; the other half of its share stays for what it asks."""

MAX_SECONDS: Final = 10.0
"""Of warming before a supergraph changes: the change comes then, and the rest after it."""

LOOK_EVERY_SECONDS: Final = 5.0
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


def persisted(preparer: Preparer, texts: Iterable[tuple[str, str]]) -> Iterator[Recent | None]:
    """Applications' own operations, once for each view that may run the whole of them.

    A view that part of an operation is refused to is hardly the one it was written for; what it
    does ask is planned then, and here stands None. Of each application at most ``MAX_OF_CLIENT``.

    Args:
        texts: application and document of each operation (``PersistedDocuments.texts``).
    """
    views = list(preparer.table.views.values())
    left: dict[str, int] = {}
    for client, text in texts:
        if left.setdefault(client, MAX_OF_CLIENT) <= 0:
            continue
        try:
            # One document of a manifest is one operation, as the tools write them.
            operation = preparer.parse(text, None, client)
            normalized = normalize(operation, max_selections=preparer.budget.concrete_selections)
        except (RequestRefusedError, OperationError):
            continue  # it does not fit this supergraph; `operations check` says so beforehand
        for view in views:
            if left[client] <= 0:
                break
            if prune(normalized, view, preparer.table.labels).refusals:
                yield None
                continue
            left[client] -= 1
            yield Recent(text, None, view.name, client)


def warm(
    preparer: Preparer,
    operations: Iterable[Recent | None],
    *,
    now: Callable[[], float] = perf_counter,
    rest: Callable[[float], None] = sleep,
) -> int:
    """Prepare operations for a preparer that serves nobody yet, in a thread beside those who do.

    Returns how many; at most ``MAX_WARMED``, and for ``MAX_SECONDS`` of ``now``.
    """
    views = _views(preparer)
    prepared = 0
    started = now()
    end = started + MAX_SECONDS
    for each in operations:
        prepared += _prepare(preparer, each, views)
        rest((now() - started) * REST)
        started = now()
        if prepared >= MAX_WARMED or started >= end:
            break
    return prepared


async def warm_in_turns(preparer: Preparer, operations: Iterable[Recent | None]) -> int:
    """Prepare operations for a preparer that serves, one at a time, resting in between."""
    views = _views(preparer)
    prepared = 0
    started = perf_counter()
    for each in operations:
        prepared += _prepare(preparer, each, views)
        await asyncio.sleep((perf_counter() - started) * REST)
        started = perf_counter()
        if prepared >= MAX_WARMED:
            break
    _log.info("plans_warmed", operations=prepared)
    return prepared


async def keep_warm(
    current: Callable[[], Preparer], texts: Callable[[], Iterable[tuple[str, str]]]
) -> None:
    """Warm what serves, and again whenever another supergraph or other manifests do.

    Args:
        current: the preparer that serves.
        texts: application and document of each persisted operation.
    """
    warmed: tuple[Preparer, frozenset[tuple[str, str]]] | None = None
    while True:
        preparer, known = current(), frozenset(texts())
        if warmed is None or warmed[0] is not preparer or warmed[1] != known:
            await warm_in_turns(preparer, named(preparer))
            await warm_in_turns(preparer, persisted(preparer, sorted(known)))
            warmed = preparer, known
        await asyncio.sleep(LOOK_EVERY_SECONDS)


def _views(preparer: Preparer) -> dict[str, View]:
    views = [*preparer.table.views.values(), preparer.table.outage]
    return {view.name: view for view in views}


def _prepare(preparer: Preparer, asked: Recent | None, views: dict[str, View]) -> bool:
    view = None if asked is None else views.get(asked.view)
    if asked is None or view is None:
        return False
    try:
        operation = preparer.parse(asked.source, asked.operation_name, asked.client)
        preparer.prepare(operation, view, asked.client).compiled.plain_projection()
    except RequestRefusedError:
        return False  # it does not fit this supergraph; whoever asks is told
    return True
