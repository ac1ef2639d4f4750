"""`retention`: each service takes out what it keeps no longer, the ledger whom it may forget."""

import os
import subprocess
import sys

from infra.cli.data_folder import DataFolder
from infra.cli.errors import CommandError

COMMANDS = (
    ("svc_participants", ("retention",)),
    ("svc_cases", ("retention",)),
    ("svc_training", ("retention",)),
    ("svc_consent", ("retention",)),
    ("svc_consent", ("audit", "retention")),
)
"""The record first: the ledger keeps whoever has a ground in force, which a record may have."""


def retain_everything(folder: DataFolder, by: str, *, is_dry: bool) -> str:
    """Run every service's command and return what they say.

    Args:
        folder: of a platform that is running.
        by: who answers for it; stands in the proofs.
        is_dry: only say how many people are due.

    Raises:
        CommandError: nothing runs, or one of them failed; those before it have done their part.
    """
    folder.running()
    said = []
    for program, words in COMMANDS:
        asked = [*words, "--by", by, *(["--dry-run"] if is_dry else [])]
        ran = subprocess.run(  # noqa: S603 - our own programs
            [sys.executable, "-P", "-m", program, *asked],
            env={**folder.environment(program), **os.environ},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if ran.returncode != 0:
            raise CommandError(f"{program} {' '.join(words)} failed; see above")
        label = "ledger: " if words[0] == "audit" else ""
        said.append(f"{label}{ran.stdout.strip()}")
    return "\n".join(said)
