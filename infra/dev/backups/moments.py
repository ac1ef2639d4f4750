"""Any moment after a copy of the cluster: the log is archived, and replayed up to there.

All four databases are one cluster here, so that they come to one moment together. What was
revoked after it is not in them: the journal of authority changes has it, and the consent service
replays that before anything is served, as after every restore.

PostgreSQL's own means: `archive_command`, `pg_basebackup`, `recovery_target_time` (its manual,
"Continuous Archiving and Point-in-Time Recovery").
"""

import shlex
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from infra.dev.postgres import EmbeddedPostgres
from infra.dev.private_files import private_directory

ARCHIVE_VARIABLE = "GT_WAL_ARCHIVE"
_AT_MOST_SECONDS = "60"
"""How much of the log may be lost with the disk: a segment is archived no later than this."""
_RECOVERY_SECONDS = 3_600.0


def archiving(archive: Path) -> Mapping[str, str]:
    """Return the settings of a server that archives its log into a folder, which is made.

    A segment appears there whole and synced, or not at all, and is never replaced.
    """
    private_directory(archive)
    target = f"{_quoted(archive)}/%f"
    part = f"{target}.part"
    return {
        "archive_mode": "on",
        "archive_command": (
            f"test ! -f {target} && cp %p {part} && sync {part} && mv {part} {target}"
        ),
        "archive_timeout": _AT_MOST_SECONDS,
    }


def recovering(
    data_dir: Path, socket_dir: Path, archive: Path, moment: datetime | None
) -> EmbeddedPostgres:
    """Return a server that replays the archived log up to a moment, or all of it, when started.

    It does not start when the archive ends before the moment.
    """
    target = {} if moment is None else {"recovery_target_time": moment.isoformat(sep=" ")}
    settings = {
        "restore_command": f"cp {_quoted(archive)}/%f %p",
        "recovery_target_action": "promote",
        "hot_standby": "off",  # it answers when it is there, and not on the way
        **target,
    }
    return EmbeddedPostgres(
        data_dir, socket_dir, settings=settings, start_seconds=_RECOVERY_SECONDS
    )


def bring_base(source: Path, data_dir: Path) -> None:
    """Copy a cluster into a data folder, so that it recovers at its next start."""
    cluster = data_dir / "postgres"
    shutil.copytree(source, cluster, symlinks=True)
    cluster.chmod(0o700)
    (cluster / "recovery.signal").touch(mode=0o600)


def _quoted(folder: Path) -> str:
    return shlex.quote(str(folder)).replace("%", "%%")
