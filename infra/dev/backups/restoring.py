"""Restores a backup into a data folder, so that nothing which was taken back comes back.

The restored consent database is marked: its service replays the journal of authority changes and
begins a new timeline before it serves anything (``svc_consent.authority.recovery``). The journal
of the folder that was backed up is copied beside the new databases, since both of them would
otherwise go on writing into the same chain.
"""

import asyncio
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from infra import clock
from infra.dev.backups.copying import load
from infra.dev.backups.manifest import BackupError, Manifest, read_manifest
from infra.dev.backups.moments import bring_base, recovering
from infra.dev.backups.taking import BASE, FILES, KEPT
from infra.dev.postgres import EmbeddedPostgres
from infra.dev.postgres_binaries import find_binaries, major_version
from infra.dev.service_databases import Server

STATE = "state.json"
_MARK = "update authority_journal set is_restored = true"
_FORGET = (
    "update authority_journal set is_restored = true, last_line = null,"
    " database_id = gen_random_uuid()"
)


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """What is to be restored where.

    Attributes:
        backup: folder of the backup.
        data_dir: the data folder; it must be held by this process.
        socket_dir: for the database server's socket.
        is_forced: replace databases that the folder has; they are set aside, not deleted.
        journal: folder of the journal to replay; None: the one that the manifest names.
        without_journal: the journal is lost, and its changes with it.
        moment: of a copy of the whole cluster: where to go to; None: as far as the archive goes.
        archive: folder of the archived log, which leads there.
    """

    backup: Path
    data_dir: Path
    socket_dir: Path
    is_forced: bool = False
    journal: Path | None = None
    without_journal: bool = False
    moment: datetime | None = None
    archive: Path | None = None


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: the manifest, and the folder of what was there before."""

    manifest: Manifest
    set_aside: Path | None


async def restore(request: RestoreRequest, target_journal: Path) -> Restored:
    """Restore a backup; its services start with `up` as after any other stop.

    Args:
        request: what and where.
        target_journal: where the consent service of this folder will look for its journal.

    Raises:
        BackupError: the backup is not whole, the folder is in use, or the journal is not there.
        PostgresError: the server does not start.
    """
    manifest = _checked(request)
    lines = _journal_of(request, manifest)
    set_aside = _set_aside(request)
    try:
        _bring_files(request, [name for name in KEPT if name != STATE])
        if lines is not None:
            _bring_journal(lines, target_journal)
        async with await _cluster(request, manifest) as postgres:
            for service, copy in manifest.databases.items():
                if not manifest.is_base:
                    await fill(postgres.server, service, request.backup / copy.file, copy.revision)
            async with postgres.server.superuser("gt_consent") as connection:
                await connection.execute(_FORGET if request.without_journal else _MARK)
    except BaseException:
        _put_back(request, set_aside)
        raise
    _bring_files(request, [STATE])  # last: with it the folder counts as one that can be started
    return Restored(manifest, set_aside)


async def _cluster(request: RestoreRequest, manifest: Manifest) -> EmbeddedPostgres:
    """Return the server to be started: an empty one, or one that goes to the moment."""
    if not manifest.is_base:
        return EmbeddedPostgres(request.data_dir, request.socket_dir)
    assert request.archive is not None  # noqa: S101 - see _checked
    postgres = recovering(request.data_dir, request.socket_dir, request.archive, request.moment)
    await asyncio.to_thread(bring_base, request.backup / BASE, request.data_dir)
    return postgres


async def fill(server: Server, service: str, source: Path, revision: int) -> None:
    """Make a service's database from its copy. Raises BackupError when it is not what it says."""
    made = await server.ensure(service)
    await server.drop(made.name)
    async with server.superuser() as connection:
        owner = f"gt_{service}_owner"
        await connection.execute(
            f'create database "{made.name}" owner "{owner}" template template0'
        )
        await connection.execute(f'revoke all on database "{made.name}" from public')
        await connection.execute(f'grant connect on database "{made.name}" to "gt_{service}"')
    await load(server, made.name, source)
    async with server.superuser(made.name) as connection:
        found = await connection.fetchval("select revision from authority_applied")
    if found != revision:
        message = f"{source} has revision {found} and its manifest says {revision}"
        raise BackupError(message)


def _checked(request: RestoreRequest) -> Manifest:
    manifest = read_manifest(request.backup)
    here = major_version(find_binaries(os.environ))
    if here < manifest.postgres:
        message = f"the backup is of PostgreSQL {manifest.postgres}, and this is {here}"
        raise BackupError(message)
    if manifest.is_base and here != manifest.postgres:
        message = f"the cluster is of PostgreSQL {manifest.postgres}, and this is {here}"
        raise BackupError(message)
    if manifest.is_base and (request.archive is None or not request.archive.is_dir()):
        message = "a copy of a cluster needs the archive of its log: name it with --archive"
        raise BackupError(message)
    if request.moment is not None and not manifest.is_base:
        message = f"{request.backup} is one moment; a copy for others is made by backup --base"
        raise BackupError(message)
    if request.moment is not None and request.moment <= datetime.fromisoformat(manifest.taken_at):
        message = f"the copy was begun at {manifest.taken_at}: no earlier moment can be reached"
        raise BackupError(message)
    return manifest


def _journal_of(request: RestoreRequest, manifest: Manifest) -> Path | None:
    """Return the folder of the database's lines; None where none was ever kept."""
    if request.without_journal:
        return None
    journal = request.journal or (Path(manifest.journal) if manifest.journal else None)
    if journal is None:
        return None
    lines = journal / manifest.journal_of
    if not lines.is_dir():
        message = (
            f"the journal {journal} has nothing of this database: name the right one with "
            "--journal; without it, what was revoked after the backup would be in force again "
            "(--without-journal if it is lost for good)"
        )
        raise BackupError(message)
    return lines


def _set_aside(request: RestoreRequest) -> Path | None:
    cluster = request.data_dir / "postgres"
    if not cluster.exists():
        return None
    if not request.is_forced:
        message = f"{request.data_dir} has databases already; --force replaces them"
        raise BackupError(message)
    aside = cluster.with_name(f"postgres.before-{clock.now():%Y%m%dT%H%M%S}")
    cluster.rename(aside)
    return aside


def _put_back(request: RestoreRequest, set_aside: Path | None) -> None:
    cluster = request.data_dir / "postgres"
    shutil.rmtree(cluster, ignore_errors=True)
    if set_aside is not None:
        set_aside.rename(cluster)


def _bring_files(request: RestoreRequest, names: Sequence[str]) -> None:
    for name in names:
        source, target = request.backup / FILES / name, request.data_dir / name
        if not source.exists():
            continue
        if target.is_dir():
            shutil.rmtree(target)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)


def _bring_journal(lines: Path, target_journal: Path) -> None:
    own = target_journal / lines.name
    if own.resolve() == lines.resolve():
        return
    shutil.rmtree(own, ignore_errors=True)
    shutil.copytree(lines, own)
