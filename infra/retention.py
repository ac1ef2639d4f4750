"""``python -m svc_X retention``: takes out whose time has ended, and keys that nobody asks about.

A service that keeps a record of people has rules, ``retention.toml`` in its package. Somebody is
due when nothing about them is open or as young as the rules keep it; that, and the deletion, is the
database's business (``infra.retention_tables``). Whether a legal demand holds it, or something is
still in force, ``svc_consent`` says: it is asked last, inside the transaction, and without its word
nothing goes. Keys of requests and facts that were handed over go by age in every service.
"""

import argparse
import asyncio
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import orjson
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import TextClause

from infra import clock
from infra.authority.follower import CONSENT_AUDIENCE
from infra.authority.tables import OutboxEntry
from infra.database import Database
from infra.errors import GoldenThreadError
from infra.http_client import HttpClient, HttpClientError
from infra.idempotency import KEPT as KEYS_KEPT
from infra.idempotency import IdempotentRequest
from infra.identity_token import TokenMinter
from infra.settings import ServiceSettings
from infra.subgraph_app import Chassis, build_chassis

RULES = "retention.toml"
LEAST_YEARS = 6
"""45 CFR 164.316(b)(2)(i); the database's function refuses less as well."""
HOLDS_PATH = "/internal/retention/kept"
MOST_AT_ONCE = 500
_TIMEOUT_SECONDS = 10.0

_DUE: TextClause = text("select purge_due(:years, :most)")
_PURGE: TextClause = text("select purge_participants(:whom, :by, :why, :years)")


class RetentionError(GoldenThreadError):
    """The rules are not acceptable, or nobody says what is held; nothing goes then."""

    code = "RETENTION"


@dataclass(frozen=True, slots=True)
class Purge:
    """What a run is told.

    Attributes:
        years: for how long a record is kept after the last that happened.
        by: who answers for it; stands in the proofs.
        most: people at once.
    """

    years: int
    by: str
    most: int = MOST_AT_ONCE

    @property
    def why(self) -> str:
        """Return the reason that stands in the proofs."""
        return f"Kept for {self.years} years"


@dataclass(frozen=True, slots=True)
class Purged:
    """What came of a run: people due, purged, and kept because of what ``svc_consent`` knows."""

    due: int
    gone: int
    held: int


def years_kept(package_dir: Path) -> int | None:
    """Return for how long a service keeps the record of a person; None where it has none.

    Raises:
        RetentionError: less than the law asks for, or no number.
    """
    file = package_dir / RULES
    if not file.exists():
        return None
    years = tomllib.loads(file.read_text(encoding="utf-8"))["record"]["years"]
    if not isinstance(years, int) or years < LEAST_YEARS:
        raise RetentionError(f"record.years must be {LEAST_YEARS} or more")
    return years


class Holds:
    """Asks ``svc_consent`` who must stay: a demand holds, or something is in force."""

    def __init__(self, client: HttpClient, minter: TokenMinter) -> None:
        self._client = client
        self._minter = minter

    async def among(self, people: list[UUID]) -> set[UUID]:
        """Return those who must stay.

        Raises:
            RetentionError: it gave no answer.
        """
        headers = {
            "authorization": f"Bearer {self._minter.for_service(CONSENT_AUDIENCE)}",
            "content-type": "application/json",
        }
        body = orjson.dumps({"participants": [str(each) for each in people]})
        try:
            response = await self._client.request(
                "POST", HOLDS_PATH, headers, body, timeout_seconds=_TIMEOUT_SECONDS
            )
        except HttpClientError as error:
            raise RetentionError("svc_consent does not say what is held") from error
        if response.status != 200:
            raise RetentionError(f"svc_consent answered {response.status}")
        return {UUID(each) for each in orjson.loads(response.body)["kept"]}


async def due(database: Database, purge: Purge) -> list[UUID]:
    """Return whose time has ended, as far as this service knows."""
    async with database.read() as session:
        found = await session.scalars(_DUE, {"years": purge.years, "most": purge.most})
        return list(found)


async def purge_due(database: Database, holds: Holds, purge: Purge) -> Purged:
    """Take out whoever is due and held by nothing, each in a transaction of its own.

    Raises:
        RetentionError: ``svc_consent`` gave no answer; who was purged before stays purged.
    """
    found = await due(database, purge)
    gone = held = 0
    for person in found:
        try:
            async with database.write() as session:
                await session.execute(
                    _PURGE,
                    {"whom": [person], "by": purge.by, "why": purge.why, "years": purge.years},
                )
                await _refuse_held(holds, person)
        except _HeldError:
            held += 1
        except DBAPIError as error:
            if not _is_refusal(error):
                raise
        else:
            gone += 1
    return Purged(len(found), gone, held)


class _HeldError(Exception):
    """Undoes the transaction."""


async def _refuse_held(holds: Holds, person: UUID) -> None:
    if await holds.among([person]):
        raise _HeldError


_REFUSALS = frozenset({"23514", "23503"})
"""Not due any more; or somebody else's record refers to theirs."""


def _is_refusal(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in _REFUSALS


async def forget_keys(database: Database) -> tuple[int, int]:
    """Delete what is kept to recognise repetitions, once nobody repeats any more.

    Returns:
        How many keys of requests, and how many facts that were handed over.
    """
    before = clock.now() - KEYS_KEPT
    async with database.write() as session:
        keys = await session.execute(
            delete(IdempotentRequest).where(IdempotentRequest.created_at < before)
        )
        # Streams go by the newest revision that was handed over, so that one stays.
        newest = select(func.max(OutboxEntry.revision)).scalar_subquery()
        facts = await session.execute(
            delete(OutboxEntry).where(
                OutboxEntry.revision < newest, OutboxEntry.created_at < before
            )
        )
    return int(keys.rowcount), int(facts.rowcount)  # type: ignore[attr-defined]  # a cursor's result


async def retain(chassis: Chassis, purge: Purge | None, *, is_dry: bool) -> str:
    """Do what is due and return it as a line."""
    said = []
    if purge is not None:
        if is_dry:
            said.append(f"{len(await due(chassis.database, purge))} people due")
        else:
            holds = Holds(chassis.consent_client, chassis.minter)
            found = await purge_due(chassis.database, holds, purge)
            said.append(
                f"{found.due} people due after {purge.years} years,"
                f" {found.gone} purged, {found.held} held"
            )
    if not is_dry:
        keys, facts = await forget_keys(chassis.database)
        said.append(f"{keys} keys of requests and {facts} handed-over facts gone")
    return "; ".join(said) or "nothing is due"


def run(settings: ServiceSettings, package_dir: Path, words: list[str]) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog=f"python -m svc_{settings.service} retention")
    parser.add_argument("--by", required=True, help="who decided it")
    parser.add_argument("--most", type=int, default=MOST_AT_ONCE, help="so many people at once")
    parser.add_argument("--dry-run", action="store_true", help="only say how many are due")
    arguments = parser.parse_args(words)
    years = years_kept(package_dir)
    purge = None if years is None else Purge(years, arguments.by, arguments.most)

    async def work() -> str:
        chassis = build_chassis(settings)
        try:
            return await retain(chassis, purge, is_dry=arguments.dry_run)
        finally:
            await chassis.close()

    sys.stdout.write(f"{settings.service}: {asyncio.run(work())}\n")
    return 0
