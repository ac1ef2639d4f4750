"""What stood at an instant: as it is now from the facts, as it was from the order of changes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import String, Uuid

from infra.authority.predicate import visible
from infra.authority.tables import AgencyWindow, Visibility
from infra.database import AnySession, ReadSession
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_consent.agencies.repository.settings import settings_of_site
from svc_consent.agencies.rules import withheld
from svc_consent.agencies.tables import Account, RoleGrant
from svc_consent.authority.decision import Ground, Window
from svc_consent.authority.rules import agency_key, participant_key
from svc_consent.authority.tables import Clearance
from svc_consent.explanations.rules import Facts, Recipient

_HEAD = text("select clock_timestamp(), revision from authority_applied where id = 1")
_CHANGES = text(
    "select revision, operations from authority_change"
    " where at <= :at and keys && :keys order by revision"
).bindparams(bindparam("keys", type_=ARRAY(String)))


async def may_read(session: AnySession, caller: Caller, participant_id: UUID) -> bool:
    """Return whether the caller may see who was told what about a participant."""
    condition = visible(caller, Category.AUDIT, literal(participant_id, Uuid))
    return await session.scalar(select(literal(1)).where(condition)) is not None


async def is_elsewhere(session: AnySession, participant_id: UUID, site_id: UUID) -> bool:
    """Return whether agencies hold a participant's record at other sites and none at this one.

    A record that no agency holds any more is nobody else's: it can still be reviewed.
    """
    held = select(
        func.count(),
        func.count().filter(Visibility.holder.endswith(f"@{site_id}")),
    ).where(Visibility.participant_id == participant_id, Visibility.holder.like("agency:%@%"))
    anywhere, here = (await session.execute(held)).one()
    return bool(anywhere) and not here


async def facts_at(
    session: ReadSession, participant_id: UUID, agency_id: str, at: datetime | None
) -> Facts:
    """Return what stood about a participant and an agency.

    Args:
        session: one snapshot.
        participant_id: whose grounds.
        agency_id: whose periods of membership.
        at: None for now; an earlier instant is made up from the order of changes, in which
            nothing is ever rewritten; a later one is what is known now, read at that instant.
    """
    now, revision = (await session.execute(_HEAD)).one()
    if at is not None and at < now:
        return await _replayed(session, participant_id, agency_id, at)
    grounds = await session.scalars(
        select(Visibility).where(Visibility.participant_id == participant_id)
    )
    windows = await session.scalars(select(AgencyWindow).where(AgencyWindow.agency_id == agency_id))
    return Facts(
        at=at or now,
        revision=revision,
        grounds=[
            Ground(
                str(row.participant_id), row.holder, row.basis, row.effect == "deny",
                row.category, row.purpose, row.starts_at, row.ends_at,
                str(row.source_id) if row.source_id else None,
            )
            for row in grounds
        ],
        windows=[
            Window(row.agency_id, row.starts_at, row.ends_at, row.site_id) for row in windows
        ],
    )  # fmt: skip


async def _replayed(
    session: ReadSession, participant_id: UUID, agency_id: str, at: datetime
) -> Facts:
    keys = [participant_key(participant_id), agency_key(agency_id)]
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    last = 0
    for revision, operations in await session.execute(_CHANGES, {"at": at, "keys": keys}):
        last = revision
        for operation in operations:
            table = operation.get("table")  # the start of a timeline has none, and changes nothing
            if table is None:
                continue
            if operation["op"] == "delete":
                rows.pop((table, operation["id"]), None)
            else:
                rows[table, operation["row"]["id"]] = operation["row"]
    grounds = [
        Ground(
            row["participant_id"], row["holder"], row["basis"], row["effect"] == "deny",
            row["category"], row["purpose"], datetime.fromisoformat(row["starts_at"]),
            _moment(row["ends_at"]), row["source_id"],
        )
        for (table, _), row in rows.items()
        if table == "visibility" and row["participant_id"] == str(participant_id)
    ]  # fmt: skip
    windows = [
        Window(
            row["agency_id"], datetime.fromisoformat(row["starts_at"]), _moment(row["ends_at"]),
            row["site_id"],
        )
        for (table, _), row in rows.items()
        if table == "agency_window" and row["agency_id"] == agency_id
    ]  # fmt: skip
    return Facts(at, last, grounds, windows)


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


async def holds_grant(session: AnySession, recipient: Recipient, at: datetime) -> bool:
    """Return whether the named person held the role at the agency and site at an instant."""
    account_id, agency_id, site_id = (
        _key(each) for each in (recipient.account_id, recipient.agency_id, recipient.site_id)
    )
    found = await session.scalar(
        select(literal(1))
        .select_from(RoleGrant)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(
            RoleGrant.account_id == account_id,
            RoleGrant.agency_id == agency_id,
            RoleGrant.site_id == site_id,
            RoleGrant.role == recipient.role.value,
            Account.is_blocked.is_(False),
            RoleGrant.starts_at <= at,
            (RoleGrant.counts_until.is_(None)) | (RoleGrant.counts_until > at),
            (RoleGrant.revoked_at.is_(None)) | (RoleGrant.revoked_at > at),
        )
        .limit(1)
    )
    return found is not None


async def training_gate(
    session: AnySession, recipient: Recipient, at: datetime
) -> tuple[frozenset[Category], frozenset[Category]]:
    """Return what a named person lacks the training for, and what needs training at all.

    The setting and the clearances are those of now, each clearance as far as it lasts at the
    instant: what training opened in the past is kept by the training service alone.
    """
    site_id = _key(recipient.site_id)
    if site_id is None:
        return frozenset(), frozenset()
    settings = (await settings_of_site(session, site_id)).values
    needed = frozenset(map(Category, withheld((), settings, recipient.agency_id)))
    if not recipient.account_id:
        return frozenset(), needed
    rows = await session.scalars(
        select(Clearance.kind).where(
            Clearance.subject == recipient.account_id,
            Clearance.agency_id == recipient.agency_id,
            (Clearance.ends_at.is_(None)) | (Clearance.ends_at > at),
        )
    )
    lacking = withheld(set(rows.all()), settings, recipient.agency_id)
    return frozenset(map(Category, lacking)), needed


def _key(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
