"""`backup` and `restore`: one data folder's databases, keys and secrets, in a folder that moves."""

import asyncio
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from infra import clock
from infra.cli.data_folder import REPOSITORY, DataFolder
from infra.cli.errors import CommandError
from infra.dev.backups import restoring, taking
from infra.dev.backups.manifest import BackupError, Manifest
from infra.dev.postgres import EmbeddedPostgres
from infra.dev.postgres_binaries import BinariesError
from infra.dev.postgres_errors import PostgresError
from infra.dev.private_files import PrivateFileError, socket_directory
from infra.dev.service_databases import Server
from infra.dev.up.errors import UpError
from infra.dev.up.layout import held
from infra.dev.up.programs import journal_folder
from infra.dev.up.supervisor import EXTERNAL_SERVER_VARIABLE

BACKUPS = "backups"
_FAILURES = (BackupError, PostgresError, BinariesError, PrivateFileError, UpError, OSError)


def take_backup(folder: DataFolder, target: Path | None, *, is_base: bool = False) -> str:
    """Back a data folder up, running or not; return the summary. Raises CommandError."""
    if not (folder.path / "state.json").exists():
        message = f"{folder.path} is no data folder: there is nothing to back up"
        raise CommandError(message)
    chosen = (target or _new_place(folder)).absolute()
    try:
        manifest = asyncio.run(_taken(folder, chosen, is_base=is_base))
    except _FAILURES as error:
        raise CommandError(str(error)) from error
    size = sum(path.stat().st_size for path in chosen.rglob("*") if path.is_file())
    copied = len(manifest.databases)
    return f"backup ok: {copied} databases, {_about(manifest)}, {size / 1e6:.1f} MB in {chosen}"


def restore_backup(
    folder: DataFolder,
    backup: Path | None,
    *,
    is_forced: bool,
    journal: Path | None,
    without_journal: bool,
    moment: datetime | None = None,
    archive: Path | None = None,
) -> str:
    """Restore a backup into a data folder; return the summary. Raises CommandError."""
    chosen = (backup or _newest(folder)).absolute()
    if folder.is_running():
        message = f"{folder.path} is running; stop it first: a restore replaces its databases"
        raise CommandError(message)
    own_journal = journal_folder(folder.path)
    try:
        with held(folder.path):
            request = restoring.RestoreRequest(
                backup=chosen,
                data_dir=folder.path,
                socket_dir=socket_directory(folder.path),
                is_forced=is_forced,
                journal=journal,
                without_journal=without_journal,
                moment=moment,
                archive=archive,
            )
            restored = asyncio.run(restoring.restore(request, own_journal))
            ledger = asyncio.run(_verified(folder, request.socket_dir))
    except _FAILURES as error:
        raise CommandError(str(error)) from error
    if restored.set_aside is not None:
        sys.stdout.write(f"what was there is in {restored.set_aside}\n")
    sys.stdout.write(f"{ledger}\n")
    then = (
        "the journal is lost: what was revoked after the backup is in force again"
        if without_journal
        else "the journal is replayed at the next start, before anything is served"
    )
    where = _about(restored.manifest)
    if restored.manifest.is_base:
        where = f"the moment {moment.isoformat()}" if moment else "the end of the archive"
    return f"restore ok: {where}, ledger verified; {then}"


def _about(manifest: Manifest) -> str:
    return f"revision {manifest.revision} of {manifest.taken_at[:19]}Z"


def _new_place(folder: DataFolder) -> Path:
    return folder.path / BACKUPS / f"{clock.now():%Y%m%dT%H%M%S%f}"


def _newest(folder: DataFolder) -> Path:
    found = sorted((folder.path / BACKUPS).glob("*/manifest.json"))
    if not found:
        message = f"{folder.path} has no backups; name one: restore BACKUP"
        raise CommandError(message)
    return found[-1].parent


async def _taken(folder: DataFolder, target: Path, *, is_base: bool) -> Manifest:
    journal = journal_folder(folder.path)
    kept = journal if journal.is_dir() else None
    external = os.environ.get(EXTERNAL_SERVER_VARIABLE)
    if external:
        server = Server(external, folder.path / "secrets" / "postgres")
        return await taking.take(server, folder.path, kept, target, is_base=is_base)
    socket_dir = socket_directory(folder.path)
    postgres = EmbeddedPostgres(folder.path, socket_dir)
    if folder.is_running():
        return await taking.take(postgres.server, folder.path, kept, target, is_base=is_base)
    with held(folder.path):
        async with postgres:
            return await taking.take(postgres.server, folder.path, kept, target, is_base=is_base)


async def _verified(folder: DataFolder, socket_dir: Path) -> str:
    """Walk the restored ledger; return what the walk says. Raises CommandError on a flaw."""
    async with EmbeddedPostgres(folder.path, socket_dir) as postgres:
        environment = {
            **os.environ,
            "GT_DATABASE_DSN": postgres.server.service_database("consent").runtime_dsn,
            "GT_KEY_DIR": str(folder.path / "keys" / "consent"),
        }
        words = [sys.executable, "-P", "-m", "svc_consent", "audit", "verify"]
        ran = await asyncio.to_thread(
            subprocess.run,
            words,
            env=environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
    if ran.returncode != 0:
        message = f"the restored ledger does not verify: {(ran.stdout + ran.stderr).strip()[-300:]}"
        raise CommandError(message)
    return ran.stdout.strip().splitlines()[-1]
