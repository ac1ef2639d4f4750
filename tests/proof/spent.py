"""Processor time of the programs of a run, to see what a long one is made of (Linux)."""

import os
from collections.abc import Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_OWN, _WITH_CHILDREN = slice(11, 13), slice(11, 15)


def _fields(pid: int) -> list[str]:
    """Return the fields of `/proc/PID/stat` after the name; empty for what has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _seconds(fields: list[str], which: slice) -> float:
    return sum(int(each) for each in fields[which]) / _TICKS


def _children_of(parent: int) -> list[int]:
    everything = (int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit())
    return [pid for pid in everything if (_fields(pid) or ["", ""])[1] == str(parent)]


class Spent:
    """Adds up what programs spend, sample by sample; some of them end and begin anew."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last: dict[int, float] = {}

    def sample(self, programs: Mapping[str, list[int]], database: int | None = None) -> None:
        """Add what has been spent since the last sample; a first one counts from here.

        Args:
            programs: process ids by the name under which they are counted.
            database: process id of the server whose children are the database's sessions.
        """
        now = {
            pid: (name, _seconds(_fields(pid), _OWN))
            for name, pids in programs.items()
            for pid in pids
        }
        if database is not None:
            at_all = _seconds(_fields(database), _WITH_CHILDREN)
            at_all += sum(_seconds(_fields(pid), _OWN) for pid in _children_of(database))
            now[database] = "database", at_all
        for pid, (name, seconds) in now.items():
            since = self._last.get(pid, seconds)
            self.seconds[name] = self.seconds.get(name, 0.0) + max(0.0, seconds - since)
            self._last[pid] = seconds


def spent_line(seconds: Mapping[str, float]) -> str:
    """Say it in one line, most first."""
    ordered = sorted(seconds.items(), key=lambda each: -each[1])
    return ", ".join(f"{name} {each:.0f} s" for name, each in ordered)
