"""Statements on what issuers' claims mean, and on claims that nothing confirmed."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, false, select, text, true
from sqlalchemy.dialects.postgresql import insert

from infra.authority import expression
from infra.database import ReadSession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Basis, Category, Role
from svc_consent.agencies.claims import Claim, Meaning
from svc_consent.agencies.repository.directory import visible_grants
from svc_consent.agencies.tables import ClaimMeaning, ClaimMismatch, RoleGrant
from svc_consent.hot_pool import Connection

ORDER = Order((ClaimMismatch.last_at, ClaimMismatch.id), is_descending=True)
_MEANING_KEY = ("issuer", "claimed_role", "claimed_agency")
_MEANINGS = (
    "select claimed_role, nullif(claimed_agency, ''), role, agency_id::text"
    " from claim_meaning where issuer = $1"
)
_NOTE = """
insert into claim_mismatch (id, account_id, issuer, claimed, first_at, last_at, times)
select id, $2, $3, claimed, clock_timestamp(), clock_timestamp(), 1
from unnest($1::uuid[], $4::text[]) as new(id, claimed)
on conflict (account_id, issuer, claimed) do update
set last_at = excluded.last_at, times = claim_mismatch.times + 1
"""


async def meanings_of(connection: Connection, issuer: str) -> list[Meaning]:
    """Return what an issuer's claims mean here."""
    return [Meaning(*row) for row in await connection.fetch(_MEANINGS, issuer)]


async def note_mismatches(
    connection: Connection, account_id: str, issuer: str, claims: Sequence[Claim]
) -> None:
    """Record that an account's token claimed what nothing confirms."""
    told = sorted({claim.told for claim in claims})
    ids = [uuid4() for _ in told]
    await connection.execute(_NOTE, ids, UUID(account_id), issuer, told)


def _visible(caller: Caller) -> ColumnElement[bool]:
    """Return whose alerts the caller may see: all for the platform, the own site's for its privacy
    officer, those of the own agency's people for its administrator.
    """
    alternatives = expression.parse(caller.access.get(Category.AGENCY_ROLES, ""))
    if any(part == {Basis.ANY} for part in alternatives):
        return true()
    if caller.role is Role.PRV and alternatives:
        whose = RoleGrant.site_id == parse_id(caller.site_id)
    elif caller.role is Role.AGA:
        whose = visible_grants(caller)
    else:
        return false()
    return ClaimMismatch.account_id.in_(select(RoleGrant.account_id).where(whose))


async def page_of_mismatches(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[ClaimMismatch]:
    """Return claims that nothing confirmed, the latest first."""
    return await page(session, select(ClaimMismatch).where(_visible(caller)), ORDER, request)


async def all_meanings(session: ReadSession) -> list[ClaimMeaning]:
    """Return what all issuers' claims mean; they are few."""
    rows = select(ClaimMeaning).order_by(
        ClaimMeaning.issuer, ClaimMeaning.claimed_role, ClaimMeaning.claimed_agency
    )
    return list(await session.scalars(rows))


async def put_meaning(session: WriteSession, row: ClaimMeaning) -> None:
    """Store what a claim means, in place of what it meant."""
    values = {column.name: getattr(row, column.name) for column in ClaimMeaning.__table__.columns}
    changed = {name: value for name, value in values.items() if name not in _MEANING_KEY}
    await session.execute(
        insert(ClaimMeaning)
        .values(**values)
        .on_conflict_do_update(index_elements=_MEANING_KEY, set_=changed)
    )


async def meaning_for_update(
    session: WriteSession, issuer: str, role: str, agency: str
) -> ClaimMeaning | None:
    """Return what a claim means, locked; nobody adds it meanwhile where there is none."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"claim_meaning\n{issuer}\n{role}\n{agency}"},
    )
    return await session.get(ClaimMeaning, (issuer, role, agency))


async def remove_meaning(session: WriteSession, issuer: str, role: str, agency: str) -> None:
    """Take a meaning away."""
    await session.execute(
        delete(ClaimMeaning).where(
            ClaimMeaning.issuer == issuer,
            ClaimMeaning.claimed_role == role,
            ClaimMeaning.claimed_agency == agency,
        )
    )
