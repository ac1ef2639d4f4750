"""A process that has imported what all programs share, and forks each of them from there.

Six programs that each import SQLAlchemy, Strawberry and the chassis for themselves take most of
the time of a start. The nursery imports it once. What it forks is a process of its own, with its
own environment, process group and output, running `python -m MODULE` to the letter; it dies with
the nursery, and the nursery with the supervisor.

It knows no program: they are imported only in their own process. Used for development alone.

Protocol, one JSON message per packet on the socket named on the command line::

    request   {"id": 1, "module": "svc_cases", "words": ["migrate"], "environment": {...}}
              with one file descriptor: standard output and error of the program; and with another
              one where a port is open for it already (handed on as systemd does)
    answers   {"id": 1, "pid": 4711}, and when it has ended {"id": 1, "status": 0}
              (negative: the signal)
"""

import atexit
import ctypes
import gc
import importlib
import json
import os
import random
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
from dataclasses import dataclass
from typing import Any

MAX_MESSAGE_BYTES = 1 << 17
SHARED_VARIABLE = "GT_UP_PRELOAD"
_SHARED = "infra.service_program infra.dev.issuer.app infra.http_client uvloop"
"""What to import before forking; the variable replaces it, for tests with very small programs."""
_FIRST_HANDED_DESCRIPTOR = 3  # sd_listen_fds(3)
# linux/prctl.h
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15


@dataclass(frozen=True, slots=True)
class _Work:
    """What a forked process is to become."""

    module: str
    words: list[str]
    environment: dict[str, str]
    output: int
    listener: int | None


class _Nursery:
    """The loop of the parent; `serve` returns work in a child, and None when all is over."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._children: dict[int, int] = {}
        self._wake, self._awake = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._awake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._awake)

    def serve(self) -> _Work | None:
        """Fork on request, tell of deaths, until the supervisor closes the socket."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._requests, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._requests:
                        message, files, _, _ = socket.recv_fds(self._requests, MAX_MESSAGE_BYTES, 2)
                        if not message:
                            return None
                        work = self._fork(json.loads(message), files)
                        if work is not None:
                            return work
                    else:
                        os.read(self._wake, 4096)
                        self._reap()

    def _fork(self, request: dict[str, Any], files: list[int]) -> _Work | None:
        nursery = os.getpid()
        pid = os.fork()
        if pid:
            for each in files:
                os.close(each)
            self._children[pid] = request["id"]
            self._tell({"id": request["id"], "pid": pid})
            return None
        os.setpgid(0, 0)
        _die_with(nursery)
        self._forget()
        output, *more = files
        listener = more[0] if more else None
        return _Work(request["module"], request["words"], request["environment"], output, listener)

    def _forget(self) -> None:
        """Leave behind what belongs to the nursery alone."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._requests.close()
        os.close(self._wake)
        os.close(self._awake)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            number = self._children.pop(pid, None)
            if number is not None:
                self._tell({"id": number, "status": os.waitstatus_to_exitcode(status)})

    def _tell(self, message: dict[str, int]) -> None:
        self._requests.send(json.dumps(message).encode())


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends (Linux)."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


def _become(work: _Work) -> None:
    """Run the program as `python -m` would; the interpreter ends with it."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (work.output, 1), (work.output, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(work.output)
    os.environ.clear()
    os.environ.update(work.environment)
    if work.listener is not None:
        if work.listener != _FIRST_HANDED_DESCRIPTOR:
            os.dup2(work.listener, _FIRST_HANDED_DESCRIPTOR)
            os.close(work.listener)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NAME, work.module.encode()[:15])
    random.seed()  # each process its own numbers
    sys.argv = [work.module, *work.words]
    _end(_run(work.module))


def _run(module: str) -> int:
    """Run the module as a program and return the exit status that the interpreter would give."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as wanted:
        if wanted.code is None or isinstance(wanted.code, int):
            return wanted.code or 0
        sys.stderr.write(f"{wanted.code}\n")
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end(status: int) -> None:
    """End the process as the interpreter does, without taking every imported module apart first.

    That would touch, and so copy, all the memory that is shared with the nursery.
    """
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _import_shared() -> None:
    for name in os.environ.get(SHARED_VARIABLE, _SHARED).split():
        try:
            importlib.import_module(name)
        except Exception:  # noqa: S112 - whoever needs it will say what is wrong
            continue


def main() -> None:
    """Serve the socket whose descriptor is on the command line."""
    requests = socket.socket(fileno=int(sys.argv[1]))
    _import_shared()
    gc.collect()
    gc.freeze()  # keeps the shared pages shared
    work = _Nursery(requests).serve()
    if work is not None:
        _become(work)


if __name__ == "__main__":
    main()
