"""Statements about programmes, which are open, and about places in them, narrowed by ENROLLMENT."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from infra.authority.predicate import visible
from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import AnySession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.vocabulary import Category
from svc_participants.people.repository import may_write
from svc_participants.programmes.tables import ProgrammePlaceRow, ProgrammeRow
from svc_participants.referrals.tables import ReferralRow

NEWEST_FIRST = Order((ProgrammePlaceRow.created_at, ProgrammePlaceRow.id), is_descending=True)


def place_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this place"."""
    return visible(
        caller,
        Category.ENROLLMENT,
        ProgrammePlaceRow.participant_id,
        ProgrammePlaceRow.entered_on,
    )


class PlacesOfParticipant(OwnerPages[ProgrammePlaceRow]):
    """Places of participants, newest first."""

    row = ProgrammePlaceRow
    owner = ProgrammePlaceRow.participant_id
    order = NEWEST_FIRST

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Those that the caller may see."""
        return place_visible(caller)


class ProgrammeLoader(BatchLoader[ProgrammeRow]):
    """Programmes by id; what a programme is, is no data about a person."""

    def statement(self, caller: Caller) -> AnySelect:  # noqa: ARG002 - the same for everybody
        """All of them."""
        return select(ProgrammeRow).where(ProgrammeRow.id == IDS)

    def collect(self, rows: Iterable[Any]) -> dict[UUID, ProgrammeRow]:
        """By id."""
        return {row.id: row for (row,) in rows}


async def of_site(session: AnySession, caller: Caller) -> Sequence[ProgrammeRow]:
    """Return the programmes of the caller's site by name; at most 200."""
    found = await session.scalars(
        select(ProgrammeRow)
        .where(ProgrammeRow.site_id == parse_id(caller.site_id))
        .order_by(ProgrammeRow.name, ProgrammeRow.id)
        .limit(200)
    )
    return found.all()


async def for_update(
    session: WriteSession, caller: Caller, programme_id: UUID
) -> ProgrammeRow | None:
    """Return a programme of the caller's site, locked."""
    row: ProgrammeRow | None = await session.scalar(
        select(ProgrammeRow)
        .where(
            ProgrammeRow.id == programme_id,
            ProgrammeRow.site_id == parse_id(caller.site_id),
        )
        .with_for_update()
    )
    return row


async def name_is_taken(session: WriteSession, site_id: UUID, name: str) -> bool:
    """Return whether a site has a programme of this name."""
    found = await session.scalar(
        select(ProgrammeRow.id).where(ProgrammeRow.site_id == site_id, ProgrammeRow.name == name)
    )
    return found is not None


async def taken(session: WriteSession, programme_id: UUID) -> tuple[int, int]:
    """Return how many places and units are taken; the programme's row is locked."""
    open_ = (ProgrammePlaceRow.programme_id == programme_id, ProgrammePlaceRow.left_on.is_(None))
    places = await session.scalar(select(func.count()).where(*open_)) or 0
    lodged = (
        await session.scalar(
            select(func.count()).where(*open_, ProgrammePlaceRow.is_lodged.is_(True))
        )
        or 0
    )
    return places, lodged


async def doors_of(session: WriteSession, participant_id: UUID, site_id: UUID) -> set[str]:
    """Return the doors through which somebody came; the right to write about them was checked."""
    found = await session.scalars(
        select(ReferralRow.door).where(
            ReferralRow.participant_id == participant_id, ReferralRow.site_id == site_id
        )
    )
    return set(found)


async def has_place(session: WriteSession, programme_id: UUID, participant_id: UUID) -> bool:
    """Return whether somebody has a place already; the right was checked before."""
    found = await session.scalar(
        select(ProgrammePlaceRow.id).where(
            ProgrammePlaceRow.programme_id == programme_id,
            ProgrammePlaceRow.participant_id == participant_id,
            ProgrammePlaceRow.left_on.is_(None),
        )
    )
    return found is not None


async def open_places(
    session: WriteSession, participant_id: UUID, agency_id: UUID, site_id: UUID
) -> Sequence[ProgrammePlaceRow]:
    """Return the places that an agency has given somebody at a site, locked, as far as not ended.

    Not narrowed: used only after the caller's right to write about the participant was checked.
    """
    found = await session.scalars(
        select(ProgrammePlaceRow)
        .join(ProgrammeRow, ProgrammeRow.id == ProgrammePlaceRow.programme_id)
        .where(
            ProgrammePlaceRow.participant_id == participant_id,
            ProgrammePlaceRow.agency_id == agency_id,
            ProgrammePlaceRow.left_on.is_(None),
            ProgrammeRow.site_id == site_id,
        )
        .order_by(ProgrammePlaceRow.id)
        .with_for_update(of=ProgrammePlaceRow)
    )
    return found.all()


async def place_for_update(
    session: WriteSession, caller: Caller, place_id: UUID
) -> ProgrammePlaceRow | None:
    """Return a place, locked, of somebody about whom the caller may write."""
    row: ProgrammePlaceRow | None = await session.scalar(
        select(ProgrammePlaceRow)
        .where(
            ProgrammePlaceRow.id == place_id,
            ProgrammePlaceRow.agency_id == parse_id(caller.agency_id),
            may_write(caller, Category.ENROLLMENT, ProgrammePlaceRow.participant_id),
        )
        .with_for_update(of=ProgrammePlaceRow)
    )
    return row
