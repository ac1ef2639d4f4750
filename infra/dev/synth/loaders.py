"""The services' loaders as processes: batches go in, one answer for each comes out."""

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Any

import orjson

_ANSWER_LIMIT = 1024 * 1024
_ERROR_LINES = 20


class LoaderError(Exception):
    """A service's loader ended; the message says what it said last."""


class Loader:
    """``python -m svc_X batches`` with the environment that ``up`` gave the service."""

    def __init__(self, service: str, environment: dict[str, str], root: Path) -> None:
        self._service = service
        self._environment = environment
        self._root = root
        self._process: asyncio.subprocess.Process | None = None
        self._said: list[str] = []
        self._listening: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Start the process."""
        words = ["-P", "-m", f"svc_{self._service}", "batches"]
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdin=pipe, stdout=pipe, stderr=pipe,
            env=self._environment, cwd=self._root, limit=_ANSWER_LIMIT,
        )  # fmt: skip
        self._listening = asyncio.create_task(self._listen(self._process))

    async def load(self, batch: bytes, facts: bytes) -> dict[str, Any]:
        """Send a batch, a line of JSON, with its facts, and wait for its answer.

        One after the other, in the order in which they are asked for.

        Raises:
            LoaderError: the process ended.
        """
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise LoaderError(f"the loader of {self._service} was not started")
        async with self._turn:
            with contextlib.suppress(OSError):  # it has ended; the missing answer says so
                process.stdin.write(batch + b"\n" + facts)
                await process.stdin.drain()
            line = await process.stdout.readline()
        if not line:
            await process.wait()
            if self._listening is not None:
                await self._listening
            said = "\n".join(self._said[-_ERROR_LINES:]) or "nothing"
            raise LoaderError(f"the loader of {self._service} ended; it said:\n{said}")
        answer: dict[str, Any] = orjson.loads(line)
        return answer

    async def stop(self) -> None:
        """Let the process end: after the batch that it is at."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
        if self._listening is not None:
            await self._listening

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        while process.stderr is not None and (line := await process.stderr.readline()):
            self._said.append(line.decode(errors="replace").rstrip())
            del self._said[:-_ERROR_LINES]
