"""One span for each SQL statement of a sampled request: its verb and its time, never its text.

Statements are ours, their parameters are people's: neither is recorded, only the first word.
"""

from time import perf_counter
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.telemetry import traces

_VERBS: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "BEGIN", "COMMIT"})
_STARTED: Final = "gt_started_at"


def verb_of(statement: str) -> str:
    """Return what kind of statement it is; a closed set."""
    first = statement.lstrip()[:8].split(None, 1)
    word = first[0].upper() if first else ""
    return word if word in _VERBS else "OTHER"


def watch(engine: AsyncEngine, pool: str) -> None:
    """Record the statements of an engine as spans below the request's own.

    Args:
        engine: whose statements.
        pool: name of the pool, a word of ours.
    """

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def begin(connection: Any, *_rest: Any) -> None:
        if traces.is_recorded():
            connection.info[_STARTED] = perf_counter()

    @event.listens_for(engine.sync_engine, "after_cursor_execute")
    def end(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        started = connection.info.pop(_STARTED, None)
        if started is not None:
            record(statement, perf_counter() - started, pool)

    @event.listens_for(engine.sync_engine, "handle_error")
    def fail(context: Any) -> None:
        connection = context.connection
        started = None if connection is None else connection.info.pop(_STARTED, None)
        if started is not None:
            record(context.statement or "", perf_counter() - started, pool, failed=True)


def record(statement: str, seconds: float, pool: str, *, failed: bool = False) -> None:
    """Record one statement that has just ended."""
    verb = {"db.operation.name": verb_of(statement), "gt.pool": pool}
    traces.past_span("database.statement", seconds, verb, failed=failed)
