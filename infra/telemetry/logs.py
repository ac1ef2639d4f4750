"""Structured JSON logs on standard error. Only keys on the allow-list are ever written.

A key that is not listed is dropped and named in ``dropped``, so that a mistake is seen without
its value. Exception texts are never logged: they may quote data; their types are.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog
from opentelemetry import trace

ALLOWED_KEYS = frozenset(
    {
        "event", "level", "logger", "timestamp", "program", "instance", "trace_id", "span_id",
        "correlation_id", "error_type", "error_code", "error_chain", "status", "duration_ms",
        "operation_name", "operation_hash", "subgraph", "revision", "attempt", "address", "signal",
        "count", "lane", "role", "purpose", "coordinate", "kid", "issuer", "file", "line",
        "code", "node", "reason", "subgraph_code", "setting", "path_template", "method", "pid",
        "where", "bytes", "table",
    }
)  # fmt: skip


def correlation_id() -> str:
    """Return the id under which this request's log lines can be found, empty outside of one."""
    return str(structlog.contextvars.get_contextvars().get("correlation_id", ""))


def error_chain(error: BaseException) -> str:
    """Return the types and places of an exception and its causes, without any message."""
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(parts) < 8:
        traceback = current.__traceback__
        while traceback is not None and traceback.tb_next is not None:
            traceback = traceback.tb_next
        place = ""
        if traceback is not None:
            code = traceback.tb_frame.f_code
            place = f" at {code.co_qualname if hasattr(code, 'co_qualname') else code.co_name}"
            place += f":{traceback.tb_lineno}"
        parts.append(f"{type(current).__name__}{place}")
        current = current.__cause__ or current.__context__
    return " <- ".join(parts)


def _keep_allowed(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    dropped = sorted(key for key in event if key not in ALLOWED_KEYS)
    kept = {key: value for key, value in event.items() if key in ALLOWED_KEYS}
    if dropped:
        kept["dropped"] = dropped
    return kept


def _join_trace(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Name the trace in which a line was written, also when that is not sampled."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = format(context.trace_id, "032x")
        event["span_id"] = format(context.span_id, "016x")
    return event


class _StandardLibraryBridge(logging.Handler):
    """Passes on that a library logged, and where; never what, which may quote data."""

    def emit(self, record: logging.LogRecord) -> None:
        error_type = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger(record.name).log(
            record.levelno, "library_log", where=f"{record.module}:{record.lineno}",
            error_type=error_type,
        )  # fmt: skip


def configure(program: str, instance: str, level: str) -> None:
    """Set up logging for one program; call once, before anything logs.

    Args:
        program: name of the program, in every line.
        instance: replica, in every line.
        level: DEBUG, INFO, WARNING or ERROR.
    """

    def identify(
        _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        event["program"], event["instance"] = program, instance
        return event

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            identify,
            _join_trace,
            _keep_allowed,
            structlog.processors.JSONRenderer(serializer=_dump),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_StandardLibraryBridge()]
    root.setLevel(logging.WARNING)


def _dump(event: Any, **_options: Any) -> str:
    return orjson.dumps(event, default=lambda value: type(value).__name__).decode()
