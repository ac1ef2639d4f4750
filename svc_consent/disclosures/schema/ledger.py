"""Verification of the ledger in GraphQL, for who answers for it: no word about a participant."""

from datetime import datetime
from typing import Any, Final

import strawberry
from strawberry.types import Info

from infra import clock
from infra.database import ReadSession
from infra.request_context import context_of
from svc_consent.agencies.schema.directory import ROLES, STRUCTURE
from svc_consent.disclosures.repository.chains import latest_heads
from svc_consent.disclosures.verification import may_verify, verify_ledger

_MOST: Final = 2_000
"""Entries and heads that one request looks at; the command line has no such bound."""
_MOST_HEADS: Final = 50


@strawberry.type(directives=ROLES, description="The first thing in a lane that is not as it was.")
class LedgerFlaw:
    """One flaw."""

    lane: str | None = strawberry.field(description="Which chain of entries.")
    sequence: int | None = strawberry.field(description="Number of the entry in it.")
    reason: str | None = strawberry.field(description="What is wrong with it.")


@strawberry.type(directives=ROLES, description="Up to where a chain was signed last.")
class LedgerHead:
    """One signed head."""

    lane: str | None = strawberry.field(description="Which chain of entries.")
    sequence: int | None = strawberry.field(description="Number of the last entry that it covers.")
    hash: str | None = strawberry.field(description="The chain's hash there, in hexadecimal.")
    signed_at: datetime | None = strawberry.field(description="When it was signed.")
    key_id: str | None = strawberry.field(description="With which key.")


@strawberry.type(directives=ROLES, description="What a walk along the ledger has found, just now.")
class LedgerVerification:
    """One walk."""

    checked_at: datetime | None = strawberry.field(description="When.")
    lanes: int | None = strawberry.field(description="How many chains there are.")
    entries: int | None = strawberry.field(description="How many entries were looked at.")
    heads: int | None = strawberry.field(description="How many signed heads were looked at.")
    is_whole: bool | None = strawberry.field(
        description="False for a ledger that is longer than one request looks at."
    )
    flaws: list[LedgerFlaw] | None = strawberry.field(
        description="The first flaw of each chain that has one; empty when all is as it was."
    )
    latest_heads: list[LedgerHead] | None = strawberry.field(
        description="The last signed head of each chain, the latest first, up to 50."
    )


@strawberry.type(directives=STRUCTURE)
class LedgerQuery:
    """Root fields about the ledger as a whole."""

    @strawberry.field(
        description="Walks the ledger and its signed heads, as the privacy officer or the "
        "platform's administrator; nobody else is told anything.",
        directives=ROLES,
    )
    async def ledger_verification(self, info: Info) -> LedgerVerification | None:
        """Return what the walk finds."""
        context = context_of(info)
        if not may_verify(context.caller):
            return None
        async with context.reading() as session:
            driver = await _driver(session)
            found = await verify_ledger(driver, None, _MOST)
            heads = await latest_heads(driver, _MOST_HEADS)
        return LedgerVerification(
            checked_at=clock.now(),
            lanes=found.lanes,
            entries=found.entries,
            heads=found.heads,
            is_whole=found.is_whole,
            flaws=[
                LedgerFlaw(lane=f.lane, sequence=f.sequence, reason=f.reason) for f in found.flaws
            ],
            latest_heads=[
                LedgerHead(
                    lane=head.lane,
                    sequence=head.sequence,
                    hash=head.hash.hex(),
                    signed_at=head.signed_at,
                    key_id=head.kid,
                )
                for head in heads
            ],
        )


async def _driver(session: ReadSession) -> Any:
    """Return the driver's connection below the request's snapshot."""
    connection = await (await session.connection()).get_raw_connection()
    return connection.driver_connection
