"""``python -m svc_consent audit verify``: walks the ledger and says whether it is whole."""

import argparse
import asyncio
import sys
from pathlib import Path

import asyncpg

from infra.settings import Environment
from svc_consent.disclosures.heads import PINNED_KEYS, pinned_keys
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
    arguments = parser.parse_args(words)
    environment = Environment()
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
