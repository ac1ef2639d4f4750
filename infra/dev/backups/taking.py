"""Takes a backup: one consistent copy of each service's database, and the folder's other files.

The consent service is copied last. Each copy is one snapshot, so the replica of every other
service ends at a revision that consent's copy has: after a restore all of them catch up, and none
is ahead.
"""

import os
import shutil
from pathlib import Path
from typing import Any

from infra import clock
from infra.dev.backups.copying import copy_cluster, dump
from infra.dev.backups.manifest import BackupError, DatabaseCopy, Manifest, digest_of
from infra.dev.postgres_binaries import find_binaries, major_version
from infra.dev.private_files import private_directory
from infra.dev.service_databases import Server

SERVICES = ("participants", "cases", "training", "consent")
"""In the order of copying."""
KEPT = ("keys", "secrets", "state.json", "world.json", "demo.json", "synth.json")
"""What else a data folder needs to go on elsewhere: keys that the ledger is verified with too."""
FILES = "files"
BASE = "base"


async def take(
    server: Server, data_dir: Path, journal: Path | None, target: Path, *, is_base: bool = False
) -> Manifest:
    """Write a backup into a folder that does not exist yet.

    Args:
        server: where the databases are.
        data_dir: whose other files are kept.
        journal: folder of the journal of authority changes, to be named in the manifest.
        target: the backup's folder; appears when it is whole.
        is_base: copy the cluster as a whole, for restores to a moment, instead of each database.

    Raises:
        BackupError: it exists, or a copy failed; nothing is left behind then.
    """
    unfinished = _new_folder(target)
    try:
        manifest = await _filled(server, data_dir, journal, unfinished, is_base=is_base)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    unfinished.rename(target)
    return manifest


def _new_folder(target: Path) -> Path:
    if target.exists():
        message = f"{target} exists already"
        raise BackupError(message)
    unfinished = target.with_name(target.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700, parents=True)
    return unfinished


def _with_files(data_dir: Path, folder: Path) -> list[Path]:
    """Copy the folder's other files beside the copies; return all files of the backup."""
    kept = folder / FILES
    private_directory(kept)
    for name in KEPT:
        source = data_dir / name
        if source.is_dir():
            shutil.copytree(source, kept / name)
        elif source.exists():
            shutil.copy2(source, kept / name)
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def _filled(
    server: Server, data_dir: Path, journal: Path | None, folder: Path, *, is_base: bool
) -> Manifest:
    taken_at = clock.now()
    databases: dict[str, DatabaseCopy] = {}
    journal_of = ""
    for service in SERVICES:
        async with server.superuser(f"gt_{service}") as connection:
            databases[service], journal_of = await _copied(
                server, connection, service, None if is_base else folder
            )
    if is_base:
        await copy_cluster(server, folder / BASE)
    paths = _with_files(data_dir, folder)
    manifest = Manifest(
        taken_at=taken_at.isoformat(),
        postgres=major_version(find_binaries(os.environ)),
        databases=databases,
        journal_of=journal_of,
        journal=None if journal is None else str(journal),
        files={str(path.relative_to(folder)): digest_of(path) for path in paths},
        is_base=is_base,
    )
    for path in paths:
        _sync(path)
    manifest.write(folder)
    _sync(folder)
    return manifest


async def _copied(
    server: Server, connection: Any, service: str, folder: Path | None
) -> tuple[DatabaseCopy, str]:
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        snapshot = await connection.fetchval("select pg_export_snapshot()")
        migration = await connection.fetchval("select version_num from alembic_version")
        revision = await connection.fetchval("select revision from authority_applied")
        journal_of = ""
        if service == "consent":
            journal_of = await connection.fetchval(
                "select database_id::text from authority_journal"
            )
        name = BASE
        if folder is not None:
            name = f"{service}.dump"
            await dump(server, f"gt_{service}", snapshot, folder / name)
    return DatabaseCopy(file=name, migration=migration, revision=revision), journal_of


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
