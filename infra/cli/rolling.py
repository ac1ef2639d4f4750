"""`roll`: asks the running `up` to replace each program by a fresh process of itself."""

import os
import signal
import time
from typing import Any

from infra.cli.data_folder import DataFolder
from infra.cli.errors import CommandError

_POLL_SECONDS = 0.1


def roll_everything(folder: DataFolder) -> str:
    """Roll, and return the summary when it is over.

    Raises CommandError when nothing runs, or a successor did not get ready: the programs after it
    were left as they were, and everything serves.
    """
    before = folder.running()
    os.kill(before["pids"]["up"], signal.SIGUSR1)
    rolls: dict[str, Any] = before["rolls"]
    while rolls["ended"] == before["rolls"]["ended"]:
        time.sleep(_POLL_SECONDS)
        rolls = folder.running()["rolls"]
    if rolls["last"] is None:
        message = "a successor did not get ready, and its predecessor goes on; see the log of up"
        raise CommandError(message)
    return f"rolled: {rolls['last']}"
