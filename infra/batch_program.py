"""A service's command ``batches``: loads batches of synthetic data that come in on standard input.

Each batch is a line of JSON, followed by as many bytes as its ``visibility_bytes`` says: authority
facts as binary COPY, in which ``REVISION_MARK`` stands for the revision. For each, one line of
JSON goes to standard output when it is committed (or was there already). Refused in production.
"""

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from infra.authority.tables import Visibility
from infra.bulk_copy import REVISION_MARK, VISIBILITY_COLUMNS, copy_content
from infra.database import WriteSession
from infra.settings import read_service_settings
from infra.subgraph_app import Chassis, build_chassis, configure_telemetry

Batch = dict[str, Any]
Load = Callable[[Chassis, Batch, bytes], Awaitable[dict[str, Any]]]
"""Loads one batch in one transaction and returns its answer; a second time it changes nothing."""

_TIDY_EVERY = 50
"""Batches after which what tasks and connections leave behind is looked for."""


async def copy_visibility(session: WriteSession, content: bytes, revision: int) -> None:
    """Write the authority facts of a batch, in the revision that it was given."""
    number = REVISION_MARK[:4] + revision.to_bytes(8, "big")
    finished = content.replace(REVISION_MARK, number)
    await copy_content(session, Visibility.__tablename__, VISIBILITY_COLUMNS, finished, "binary")


def batches(service: str, load: Load) -> Callable[[list[str]], int]:
    """Return the command of a service; ``load`` is what it does with each batch."""

    async def run() -> int:
        settings = read_service_settings(service)
        if settings.is_production:
            sys.stderr.write("synthetic data is not loaded in production\n")
            return 2
        configure_telemetry(settings)
        # Rows have no cycles, and looking for them took a quarter of the time.
        gc.disable()
        chassis, number = build_chassis(settings), 0
        try:
            while line := await asyncio.to_thread(sys.stdin.buffer.readline):
                batch: Batch = orjson.loads(line)
                size = int(batch["visibility_bytes"])
                content = await asyncio.to_thread(sys.stdin.buffer.read, size)
                answer = await load(chassis, batch, content)
                sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
                sys.stdout.buffer.flush()
                if (number := number + 1) % _TIDY_EVERY == 0:
                    gc.collect()
        finally:
            await chassis.close()
        return 0

    def command(words: list[str]) -> int:
        if words:
            sys.stderr.write("batches takes no arguments; it reads standard input\n")
            return 2
        return asyncio.run(run())

    return command
