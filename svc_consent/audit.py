"""``python -m svc_consent audit verify|purge|retention``: is it whole; who goes out of it."""

import argparse
import asyncio
import sys
from pathlib import Path
from uuid import UUID

import asyncpg

from infra.settings import Environment
from svc_consent.disclosures.heads import PINNED_KEYS, pinned_keys
from svc_consent.disclosures.retention import due, purge_due, years_kept
from svc_consent.disclosures.verification import Report, verify_ledger
from svc_consent.hot_pool import FAILURES


def audit(words: list[str]) -> int:
    """Run the command; returns its exit status (1: something is not as it was, 2: not checked)."""
    parser = argparse.ArgumentParser(prog="python -m svc_consent audit")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="walk the ledger's chains and signed heads")
    verify.add_argument(
        "--keys", type=Path, help="folder of the pinned public keys (GT_KEY_DIR/ledger-keys)"
    )
    purge = commands.add_parser("purge", help="take a participant out of the ledger, with proof")
    purge.add_argument("--participant", type=UUID, required=True, help="whose pseudonym goes")
    purge.add_argument("--by", required=True, help="who decided it")
    purge.add_argument("--reason", required=True, help="why")
    retention = commands.add_parser("retention", help="purge everybody whose time has ended")
    retention.add_argument("--by", required=True, help="who decided it")
    retention.add_argument("--most", type=int, default=1_000, help="so many at once")
    retention.add_argument("--dry-run", action="store_true", help="only say how many")
    arguments = parser.parse_args(words)
    environment = Environment()
    if arguments.command == "purge":
        return _purge(environment.secret("GT_DATABASE_DSN").reveal(), arguments)
    if arguments.command == "retention":
        return _retention(environment.secret("GT_DATABASE_DSN").reveal(), arguments)
    folder: Path | None = arguments.keys
    if folder is None and environment.optional("GT_KEY_DIR"):
        folder = environment.path("GT_KEY_DIR") / PINNED_KEYS
    dsn = environment.secret("GT_DATABASE_DSN").reveal()
    try:
        report = asyncio.run(_verify(dsn, folder))
    except FAILURES as error:
        sys.stderr.write(f"consent: the ledger cannot be read ({type(error).__name__})\n")
        return 2
    for flaw in report.flaws:
        sys.stdout.write(f"bad: {flaw}\n")
    sys.stdout.write(report.summary() + "\n")
    return 1 if report.flaws else 0


def _retention(dsn: str, arguments: argparse.Namespace) -> int:
    try:
        due, purged = asyncio.run(_retained(dsn, arguments))
    except FAILURES as error:
        sys.stderr.write(f"consent: the ledger cannot be reached ({type(error).__name__})\n")
        return 2
    sys.stdout.write(f"{due} due after {years_kept()} years, {purged} purged\n")
    return 0


async def _retained(dsn: str, arguments: argparse.Namespace) -> tuple[int, int]:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        now = await connection.fetchval("select clock_timestamp()")
        found = len(await due(connection, now))
        if arguments.dry_run:
            return found, 0
        return found, await purge_due(connection, now, arguments.by, arguments.most)
    finally:
        await connection.close()


def _purge(dsn: str, arguments: argparse.Namespace) -> int:
    """Take the pseudonym away; 1 where a demand holds it or nobody is known by this id."""
    try:
        gone = asyncio.run(_purged(dsn, arguments))
    except asyncpg.CheckViolationError as error:
        sys.stderr.write(f"consent: not purged: {error.message}\n")
        return 1
    except FAILURES as error:
        sys.stderr.write(f"consent: the ledger cannot be reached ({type(error).__name__})\n")
        return 2
    if gone is None:
        sys.stderr.write("consent: the ledger knows nobody by this id\n")
        return 1
    sys.stdout.write(f"purged pseudonym {gone[0]}, named by {gone[1]} entries\n")
    return 0


async def _purged(dsn: str, arguments: argparse.Namespace) -> tuple[UUID, int] | None:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        pseudonym = await connection.fetchval(
            "select purge_participant($1, $2, $3)",
            arguments.participant,
            arguments.by,
            arguments.reason,
        )
        if pseudonym is None:
            return None
        entries = await connection.fetchval(
            "select entries from purge_record where pseudonym = $1", pseudonym
        )
        return pseudonym, int(entries)
    finally:
        await connection.close()


async def _verify(dsn: str, folder: Path | None) -> Report:
    pinned = None
    if folder is not None and await asyncio.to_thread(folder.is_dir):
        pinned = await asyncio.to_thread(pinned_keys, folder)
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await verify_ledger(connection, pinned)
    finally:
        await connection.close()
