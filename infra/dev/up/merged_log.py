"""One readable log of all programs on standard error: time, program, level, event, details.

Programs write JSON lines. What is not JSON (a traceback, a library's word) is shown as it is.
"""

import json
import sys
import zlib
from datetime import datetime
from typing import Any, TextIO

from infra import clock

_COLOURS = (36, 32, 35, 34, 33, 96, 92, 95)
_LEVEL_COLOURS = {"warning": 33, "error": 31, "critical": 31}
_NAME_WIDTH = 16
# Shown in front of the details, or of no use to a person at a terminal.
_TAKEN = frozenset(
    {"event", "level", "timestamp", "time", "message", "logger", "service", "instance"}
)


class MergedLog:
    """Writes lines of several programs to one stream."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._coloured = self._stream.isatty()

    def line(self, name: str, text: str) -> None:
        """Write one line that the program `name` wrote."""
        try:
            fields = json.loads(text)
        except ValueError:
            fields = None
        if isinstance(fields, dict):
            self._write(name, _shown_time(fields), *_parts(fields))
        elif text.strip():
            self._write(name, clock.now(), "", text.rstrip())

    def say(self, text: str, level: str = "") -> None:
        """Write one line of the supervisor's own."""
        self._write("up", clock.now(), level, text)

    def _write(self, name: str, at: datetime, level: str, text: str) -> None:
        shown = f"{name:<{_NAME_WIDTH}}"
        if self._coloured:
            colour = _COLOURS[zlib.crc32(name.encode()) % len(_COLOURS)]
            shown = f"\033[{colour}m{shown}\033[0m"
            if level in _LEVEL_COLOURS:
                text = f"\033[{_LEVEL_COLOURS[level]}m{text}\033[0m"
        mark = f"{level.upper()} " if level in _LEVEL_COLOURS else ""
        self._stream.write(f"{at.astimezone():%H:%M:%S} {shown} {mark}{text}\n")
        self._stream.flush()


def _shown_time(fields: dict[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(str(fields.get("timestamp") or fields.get("time")))
    except ValueError:
        return clock.now()


def _parts(fields: dict[str, Any]) -> tuple[str, str]:
    event = str(fields.get("event") or fields.get("message") or "")
    details = [
        f"{key}={value if isinstance(value, int | float | str) else json.dumps(value)}"
        for key, value in fields.items()
        if key not in _TAKEN and value is not None
    ]
    return str(fields.get("level", "")).lower(), " ".join([event, *details])
