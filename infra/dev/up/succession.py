"""A program's second process beside its first: its own address and name until it takes over.

A Unix socket changes hands by renaming the successor's file over the former's, which is one step:
each connection reaches the one or the other. A port is open in the supervisor and handed to both
(``infra.serve``), so that connections wait in it for whoever accepts.
"""

import socket
from dataclasses import dataclass
from pathlib import Path

from infra.dev.up.programs import Program

_BIND_VARIABLES = ("GT_BIND", "GT_METRICS_BIND")
_METRICS = "GT_METRICS_BIND"
_SUCCEEDS = "GT_SUCCEEDS"
_INSTANCE = "GT_SERVICE_INSTANCE"
_BACKLOG = 1024
_OTHER = "-b"
"""Two names take turns: lanes of the ledger belong to one process at a time, and stay few."""


@dataclass(frozen=True, slots=True)
class Incarnation:
    """One process of a program: its settings, where it is asked, and what it takes over.

    Attributes:
        moves: socket files to be renamed when it takes over: from, to.
    """

    program: Program
    environment: dict[str, str]
    health: str
    moves: tuple[tuple[Path, Path], ...] = ()

    def take_over(self) -> None:
        """Let new connections reach this process. Raises OSError when it listens nowhere."""
        for source, target in self.moves:
            source.rename(target)

    def again(self) -> "Incarnation":
        """Return the same at the program's own address: what is started after a crash."""
        own = {
            name: self.program.environment[name]
            for name in _BIND_VARIABLES
            if name in self.program.environment
        }
        return Incarnation(self.program, {**self.environment, **own}, self.program.health)


def is_succeeded(program: Program) -> bool:
    """Say whether a program can be followed by a second process of itself: all but the tools."""
    return _METRICS in program.environment


def open_port(program: Program) -> socket.socket | None:
    """Open the port of a program that is to be handed over; None where it has none."""
    address = program.environment.get("GT_BIND", "")
    if not is_succeeded(program) or not address.startswith("tcp:"):
        return None
    host, _, port = address.removeprefix("tcp:").rpartition(":")
    return socket.create_server((host, int(port)), backlog=_BACKLOG)


def first_of(program: Program) -> Incarnation:
    """Return a program as it is started first."""
    return Incarnation(program, program.environment, program.health)


def next_of(program: Program, former: Incarnation) -> Incarnation:
    """Return the successor of a process."""
    changed: dict[str, str] = {}
    moves: list[tuple[Path, Path]] = []
    health = program.health
    for name in _BIND_VARIABLES:
        address = program.environment.get(name, "")
        if not address.startswith("unix:"):
            continue
        beside = f"{address.removesuffix('.sock')}.next.sock"
        changed[name] = beside
        moves.append((_path(beside), _path(address)))
        if address == program.health:
            health = beside
    if program.health.startswith("tcp:"):  # the port is served by the former, too
        changed[_SUCCEEDS] = "1"
        health = changed[_METRICS]
    if _INSTANCE in program.environment:
        own = program.environment[_INSTANCE]
        is_other = former.environment[_INSTANCE] != own
        changed[_INSTANCE] = own if is_other else own + _OTHER
    return Incarnation(program, {**program.environment, **changed}, health, tuple(moves))


def _path(address: str) -> Path:
    return Path(address.removeprefix("unix:"))
