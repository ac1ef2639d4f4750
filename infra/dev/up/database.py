"""The database of a running platform: started again whenever it ends, as the programs are."""

import asyncio
from collections.abc import Callable

from infra.dev.postgres import EmbeddedPostgres
from infra.dev.postgres_errors import PostgresError
from infra.dev.up.merged_log import MergedLog

_WATCH_SECONDS = 0.2
_LONGEST_DELAY_SECONDS = 10.0


async def keep_running(
    postgres: EmbeddedPostgres, log: MergedLog, changed: Callable[[], None]
) -> None:
    """Start the database again whenever it has ended, until cancelled.

    A start that fails (a full disk, a machine too busy to recover in time) is tried again, with
    a longer wait each time (up to ten seconds), and each failure is said.

    Args:
        postgres: a server that was started before.
        log: where it is said.
        changed: called when it runs again, as another process.
    """
    delay = _WATCH_SECONDS
    while True:
        await asyncio.sleep(delay)
        if postgres.is_running():
            delay = _WATCH_SECONDS
            continue
        log.say("PostgreSQL ended; starting it again", "warning")
        await postgres.stop()
        try:
            await postgres.start()
        except (PostgresError, OSError) as error:
            delay = min(2 * delay, _LONGEST_DELAY_SECONDS)
            log.say(f"{error}; trying again in {delay:g} s", "warning")
            continue
        changed()
