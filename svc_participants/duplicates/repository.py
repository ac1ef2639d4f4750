"""Statements about records of one person. What the caller may not see is not among them."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from infra.authority.predicate import visible
from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Role
from svc_participants.duplicates import rules
from svc_participants.duplicates.tables import PersonLinkRow
from svc_participants.people.name_keys import keys_of
from svc_participants.people.repository import contact_visible, may_write, under
from svc_participants.people.tables import AliasRow, ContactRow, ParticipantRow, PersonKeyRow

MOST_COMPARED = 200
_last_digits = func.right(
    func.regexp_replace(ContactRow.phone, "[^0-9]", "", "g"), rules.PHONE_DIGITS
)


class MergedInto(BatchLoader[list[PersonLinkRow]]):
    """Links in force, by the record that survives; only where the caller may know both."""

    def statement(self, caller: Caller) -> AnySelect:
        """Links between people whose identity the caller may see."""
        return (
            select(PersonLinkRow)
            .where(
                PersonLinkRow.surviving_id == IDS,
                PersonLinkRow.ended_at.is_(None),
                visible(caller, Category.IDENTITY, PersonLinkRow.surviving_id),
                visible(caller, Category.IDENTITY, PersonLinkRow.merged_id),
            )
            .order_by(PersonLinkRow.linked_at, PersonLinkRow.id)
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, list[PersonLinkRow]]:
        """By surviving record."""
        grouped: dict[UUID, list[PersonLinkRow]] = {}
        for (row,) in rows:
            grouped.setdefault(row.surviving_id, []).append(row)
        return grouped


class MergedFrom(BatchLoader[PersonLinkRow]):
    """The link in force, by the record that was merged; only where the caller may know both."""

    def statement(self, caller: Caller) -> AnySelect:
        """Links between people whose identity the caller may see."""
        return select(PersonLinkRow).where(
            PersonLinkRow.merged_id == IDS,
            PersonLinkRow.ended_at.is_(None),
            visible(caller, Category.IDENTITY, PersonLinkRow.surviving_id),
            visible(caller, Category.IDENTITY, PersonLinkRow.merged_id),
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, PersonLinkRow]:
        """By merged record."""
        return {row.merged_id: row for (row,) in rows}


async def records(
    session: AnySession, caller: Caller, people: Sequence[ParticipantRow]
) -> dict[UUID, rules.Record]:
    """Return what may be compared of people whose identity the caller may see."""
    ids = [each.id for each in people]
    aliases: dict[UUID, list[str]] = {}
    for row in await session.scalars(select(AliasRow).where(AliasRow.participant_id.in_(ids))):
        aliases.setdefault(row.participant_id, []).append(row.name)
    contacts = {
        row.participant_id: row
        for row in await session.scalars(
            select(ContactRow).where(
                ContactRow.participant_id.in_(ids),
                contact_visible(caller, ContactRow.participant_id),
            )
        )
    }
    found = {}
    for each in people:
        contact = contacts.get(each.id)
        names = (each.given_name, each.family_name, each.preferred_name)
        found[each.id] = rules.Record(
            names=tuple(name for name in names if name),
            aliases=tuple(sorted(aliases.get(each.id, ()))),
            born_on=each.born_on,
            birth_year=each.estimated_birth_year,
            phone=contact.phone if contact else None,
            places=tuple(contact.usual_places) if contact else (),
        )
    return found


async def similar(
    session: AnySession, caller: Caller, person: ParticipantRow, record: rules.Record
) -> Sequence[ParticipantRow]:
    """Return people of the same site who share a name key, an alias or a number with one.

    Those whose identity the caller may not see are left out before anything is compared.
    """
    keys = sorted(keys_of((*record.names, *record.aliases)))
    by_key = select(PersonKeyRow.participant_id).where(PersonKeyRow.key.in_(keys))
    # Counted for each person whom the caller has; EXISTS would be made into a table of all aliases.
    same_aliases = (
        select(func.count())
        .where(
            AliasRow.participant_id == ParticipantRow.id,
            func.lower(AliasRow.name).in_([each.lower() for each in record.aliases]),
        )
        .scalar_subquery()
    )
    alike = [ParticipantRow.id.in_(by_key), same_aliases > 0]
    if digits := rules.digits(record.phone or ""):
        # As for aliases; a number counts only where the caller may see it.
        same_phone = (
            select(func.count())
            .where(
                ContactRow.participant_id == ParticipantRow.id,
                _last_digits == digits,
                contact_visible(caller, ContactRow.participant_id),
            )
            .scalar_subquery()
        )
        alike.append(same_phone > 0)
    by_birth = and_(ParticipantRow.born_on == person.born_on, ParticipantRow.born_on.is_not(None))
    found = await session.scalars(
        select(ParticipantRow)
        .where(
            ParticipantRow.site_id == person.site_id,
            ParticipantRow.id != person.id,
            or_(by_birth, *alike),
            visible(caller, Category.IDENTITY, ParticipantRow.id, is_list=True),
        )
        .order_by(ParticipantRow.created_at.desc(), ParticipantRow.id)
        .limit(MOST_COMPARED)
    )
    return found.all()


async def mergeable(
    session: WriteSession, caller: Caller, participant_id: UUID
) -> ParticipantRow | None:
    """Return a record, locked, that the caller screens (PM) or supervises (SUP)."""
    if caller.role is Role.PM:
        screening = under(caller, Category.IDENTITY, Basis.SCREENING.value)
        may = visible(screening, Category.IDENTITY, ParticipantRow.id)
        if not caller.access.get(Category.IDENTITY):
            return None
    else:
        may = may_write(caller, Category.IDENTITY, ParticipantRow.id)
    row: ParticipantRow | None = await session.scalar(
        select(ParticipantRow)
        .where(ParticipantRow.id == participant_id, may)
        .with_for_update(of=ParticipantRow, key_share=True)
    )
    return row


async def is_linked(session: AnySession, *ids: UUID) -> bool:
    """Return whether any of these records is part of a link in force."""
    found = await session.scalar(
        select(PersonLinkRow.id)
        .where(
            PersonLinkRow.ended_at.is_(None),
            or_(PersonLinkRow.merged_id.in_(ids), PersonLinkRow.surviving_id == ids[-1]),
        )
        .limit(1)
    )
    return found is not None


async def link_for_update(session: WriteSession, merged_id: UUID) -> PersonLinkRow | None:
    """Return the link in force of a merged record, locked; the right was checked before."""
    row: PersonLinkRow | None = await session.scalar(
        select(PersonLinkRow)
        .where(PersonLinkRow.merged_id == merged_id, PersonLinkRow.ended_at.is_(None))
        .with_for_update()
    )
    return row
