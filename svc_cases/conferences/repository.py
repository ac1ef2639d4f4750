"""Statements on meetings. What is about a participant is narrowed in every one of them.

An item is on somebody's screen while OWG of the participant is open to them, which for partners
takes a release and the pledge of an invitation (basis ``k``), and for those who only attend while
they are invited to that very meeting. Nothing is remembered: each reading asks anew.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, select, text, tuple_

from infra.authority.predicate import account_of, visible
from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import AnySession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.pagination import Page
from infra.vocabulary import Basis, Category, Role
from svc_cases.conferences.rules import (
    FIRST_WORDING,
    ON_SCREEN,
    PREPARES,
    PURPOSES_OF_ATTENDEE,
    STANDING,
    Wording,
    version_of,
)
from svc_cases.conferences.tables import (
    AgendaItem,
    Attendee,
    ConferenceAction,
    ConferenceNote,
    Meeting,
    PledgeWording,
)

MeetingKey = tuple[datetime, UUID]


def _is_invited(caller: Caller, meeting_id: Any, *, has_pledged: bool) -> ColumnElement[bool]:
    condition = exists().where(
        Attendee.meeting_id == meeting_id,
        Attendee.account == account_of(caller),
        Attendee.removed_at.is_(None),
    )
    return condition.where(Attendee.pledged_at.is_not(None)) if has_pledged else condition


def item_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this item is on this caller's screen now"."""
    row = AgendaItem
    is_open = visible(caller, Category.OWG, row.participant_id, row.proposed_on)
    if caller.role in PREPARES:
        return is_open
    return and_(
        is_open,
        row.status.in_([each.value for each in ON_SCREEN]),
        _is_invited(caller, row.meeting_id, has_pledged=True),
    )


def _meetings(caller: Caller) -> Select[Meeting]:
    statement = select(Meeting).where(Meeting.site_id == parse_id(caller.site_id))
    if caller.role in PREPARES:
        return statement
    return statement.where(_is_invited(caller, Meeting.id, has_pledged=False))


async def meeting_page(
    session: AnySession, caller: Caller, first: int, after: MeetingKey | None
) -> Page[Meeting]:
    """Return a page of the site's meetings that the caller has to do with, latest first."""
    narrowed = _meetings(caller)
    total = await session.scalar(select(func.count()).select_from(narrowed.subquery()))
    key = (Meeting.starts_at, Meeting.id)
    if after is not None:
        narrowed = narrowed.where(tuple_(*key) < after)
    ordered = narrowed.order_by(*(each.desc() for each in key))
    rows = (await session.scalars(ordered.limit(first + 1))).all()
    return Page(rows[:first], has_next=len(rows) > first, total=total)


async def meeting_by_id(session: AnySession, caller: Caller, meeting_id: UUID) -> Meeting | None:
    """Return a meeting that the caller has to do with."""
    return (await session.scalars(_meetings(caller).where(Meeting.id == meeting_id))).one_or_none()


async def lock_meeting(session: WriteSession, caller: Caller, meeting_id: UUID) -> Meeting | None:
    """Return a meeting that the caller has to do with, locked for a change."""
    statement = _meetings(caller).where(Meeting.id == meeting_id).with_for_update()
    return (await session.scalars(statement)).one_or_none()


class AttendeesOfMeeting(BatchLoader[list[Attendee]]):
    """Who is invited to meetings that the caller has reached, in the order of invitation."""

    def statement(self, caller: Caller) -> AnySelect:  # noqa: ARG002 - the meeting was narrowed
        """Those who are still invited."""
        return (
            select(Attendee)
            .where(Attendee.meeting_id == IDS, Attendee.removed_at.is_(None))
            .order_by(Attendee.invited_at, Attendee.id)
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, list[Attendee]]:
        """By meeting."""
        return _grouped((row for (row,) in rows), "meeting_id")


async def attendees_of(session: AnySession, meeting_id: UUID) -> Sequence[Attendee]:
    """Return who is invited to a meeting that the caller has reached."""
    statement = select(Attendee).where(
        Attendee.meeting_id == meeting_id, Attendee.removed_at.is_(None)
    )
    return (await session.scalars(statement)).all()


def _wording(row: PledgeWording) -> Wording:
    return Wording(
        number=row.number,
        version=version_of(row.number),
        text=row.text,
        published_at=row.published_at,
        published_by=row.published_by,
    )


class WordingsOfSite(BatchLoader[list[Wording]]):
    """A site's own wordings of the pledge, newest first, for meetings that were reached."""

    def statement(self, caller: Caller) -> AnySelect:  # noqa: ARG002 - the meeting was narrowed
        """All that it has published."""
        row = PledgeWording
        return select(row).where(row.site_id == IDS).order_by(row.number.desc())

    def collect(self, rows: Iterable[Any]) -> dict[UUID, list[Wording]]:
        """By site."""
        found = _grouped((row for (row,) in rows), "site_id")
        return {site: [_wording(each) for each in published] for site, published in found.items()}


async def wording_of_site(session: AnySession, site_id: UUID) -> Wording:
    """Return the wording that a site's attendees sign now."""
    statement = select(PledgeWording).where(PledgeWording.site_id == site_id)
    newest = statement.order_by(PledgeWording.number.desc()).limit(1)
    row = (await session.scalars(newest)).one_or_none()
    return FIRST_WORDING if row is None else _wording(row)


async def lock_wordings(session: WriteSession, site_id: UUID) -> None:
    """Let one wording be published at a site at a time."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"pledge:{site_id}"))))


def _wordings(caller: Caller) -> Select[PledgeWording]:
    return select(PledgeWording).where(PledgeWording.site_id == parse_id(caller.site_id))


async def wording_by_id(session: AnySession, caller: Caller, wording_id: UUID) -> Wording | None:
    """Return a wording of the caller's own site."""
    statement = _wordings(caller).where(PledgeWording.id == wording_id)
    row = (await session.scalars(statement)).one_or_none()
    return None if row is None else _wording(row)


async def wording_page(
    session: AnySession, caller: Caller, first: int, after: int | None
) -> Page[Wording]:
    """Return a page of the wordings at the caller's site, newest first, to what it began with."""
    narrowed = _wordings(caller)
    total = await session.scalar(select(func.count()).select_from(narrowed.subquery()))
    if after is not None:
        narrowed = narrowed.where(PledgeWording.number < after)
    ordered = narrowed.order_by(PledgeWording.number.desc()).limit(first + 1)
    found = [_wording(row) for row in await session.scalars(ordered)]
    if after != FIRST_WORDING.number:
        found.append(FIRST_WORDING)
    return Page(found[:first], has_next=len(found) > first, total=(total or 0) + 1)


async def items_of_meeting(session: AnySession, meeting_id: UUID) -> Sequence[AgendaItem]:
    """Return all items of a meeting, for the facts that its invitations rest on; for no answer."""
    statement = select(AgendaItem).where(AgendaItem.meeting_id == meeting_id)
    return (await session.scalars(statement)).all()


async def agenda_page(
    session: AnySession, caller: Caller, meeting_id: UUID, first: int, after: int | None
) -> Page[AgendaItem]:
    """Return a page of a meeting's agenda as this caller may see it now."""
    narrowed = (
        select(AgendaItem)
        .join(Meeting, Meeting.id == AgendaItem.meeting_id)
        .where(
            AgendaItem.meeting_id == meeting_id,
            Meeting.site_id == parse_id(caller.site_id),
            item_visible(caller),
        )
    )
    total = await session.scalar(select(func.count()).select_from(narrowed.subquery()))
    if after is not None:
        narrowed = narrowed.where(AgendaItem.position > after)
    rows = (await session.scalars(narrowed.order_by(AgendaItem.position).limit(first + 1))).all()
    return Page(rows[:first], has_next=len(rows) > first, total=total)


async def on_screen(
    session: AnySession, caller: Caller, meeting_id: UUID, item_ids: Sequence[UUID]
) -> Sequence[UUID]:
    """Return which of these items are on a meeting's agenda as the caller may see it now."""
    statement = (
        select(AgendaItem.id)
        .join(Meeting, Meeting.id == AgendaItem.meeting_id)
        .where(
            AgendaItem.id.in_(item_ids),
            AgendaItem.meeting_id == meeting_id,
            Meeting.site_id == parse_id(caller.site_id),
            AgendaItem.status.in_([each.value for each in STANDING]),
            item_visible(caller),
        )
    )
    return (await session.scalars(statement)).all()


async def item_by_id(session: AnySession, caller: Caller, item_id: UUID) -> AgendaItem | None:
    """Return an item that is on the caller's screen."""
    statement = select(AgendaItem).where(AgendaItem.id == item_id, item_visible(caller))
    return (await session.scalars(statement)).one_or_none()


async def lock_item(session: WriteSession, caller: Caller, item_id: UUID) -> AgendaItem | None:
    """Return an item that is on the caller's screen, locked for a change."""
    statement = select(AgendaItem).where(AgendaItem.id == item_id, item_visible(caller))
    return (await session.scalars(statement.with_for_update())).one_or_none()


async def lock_action(
    session: WriteSession, caller: Caller, action_id: UUID
) -> ConferenceAction | None:
    """Return an action of an item that is on the caller's screen, locked for a change."""
    statement = (
        select(ConferenceAction)
        .join(AgendaItem, AgendaItem.id == ConferenceAction.item_id)
        .where(ConferenceAction.id == action_id, item_visible(caller))
    )
    locked = statement.with_for_update(of=ConferenceAction)
    return (await session.scalars(locked)).one_or_none()


class NotesOfItem(BatchLoader[list[ConferenceNote]]):
    """Notes of items that the caller has reached, oldest first."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those that the caller may see."""
        row = ConferenceNote
        return (
            select(row)
            .where(
                row.item_id == IDS,
                visible(caller, Category.OWG, row.participant_id, row.written_on),
            )
            .order_by(row.written_at, row.id)
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, list[ConferenceNote]]:
        """By item."""
        return _grouped((row for (row,) in rows), "item_id")


class ActionsOfItem(BatchLoader[list[ConferenceAction]]):
    """Actions of items that the caller has reached, oldest first."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those that the caller may see."""
        row = ConferenceAction
        return (
            select(row)
            .where(
                row.item_id == IDS, visible(caller, Category.OWG, row.participant_id, row.set_on)
            )
            .order_by(row.set_at, row.id)
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, list[ConferenceAction]]:
        """By item."""
        return _grouped((row for (row,) in rows), "item_id")


def _grouped(rows: Iterable[Any], owner: str) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(getattr(row, owner), []).append(row)
    return found


# Who is invited, and which of the agencies no release opens the item to at this moment. The same
# conditions as `infra.authority.predicate` has for one caller, here for all attendees in one
# statement; a test holds the two together.
_GROUND = (
    "(v.category IS NULL OR v.category = 'OWG')"
    " AND (v.purpose IS NULL OR v.purpose = ANY(string_to_array(p.purposes, ' ')))"
    " AND v.starts_at <= statement_timestamp()"
    " AND (v.ends_at IS NULL OR v.ends_at > statement_timestamp())"
    " AND v.participant_id = i.participant_id"
)
_DATED = (
    "(v.data_from IS NULL OR v.data_from <= i.proposed_on)"
    " AND (v.data_to IS NULL OR v.data_to >= i.proposed_on)"
)
_HOLDER = "('agency:' || a.agency_id, 'agency:' || a.agency_id || '@' || m.site_id::text)"
_PURPOSES = ", ".join(
    f"('{role.value}', '{' '.join(each.value for each in purposes)}')"
    for role, purposes in PURPOSES_OF_ATTENDEE.items()
)
_STEP_OUT = text(
    f"""
    SELECT DISTINCT i.id AS item_id, a.agency_id
    FROM owg_item i
    JOIN owg_meeting m ON m.id = i.meeting_id
    JOIN owg_attendee a ON a.meeting_id = m.id AND a.removed_at IS NULL
    LEFT JOIN (VALUES {_PURPOSES}) AS p (role, purposes) ON p.role = a.role
    WHERE i.id = ANY(:ids) AND NOT (
      EXISTS (SELECT 1 FROM authority_agency_window w WHERE w.agency_id = a.agency_id
        AND w.site_id = m.site_id::text AND w.starts_at <= statement_timestamp()
        AND (w.ends_at IS NULL OR w.ends_at > statement_timestamp()))
      AND (
        EXISTS (SELECT 1 FROM authority_visibility v WHERE v.effect = 'permit'
          AND v.basis = '{Basis.RELEASE.value}' AND v.holder IN {_HOLDER} AND {_GROUND}
          AND {_DATED})
        OR a.role IN ('{Role.CM.value}', '{Role.SUP.value}') AND EXISTS (
          SELECT 1 FROM authority_visibility v WHERE v.effect = 'permit'
          AND v.basis = '{Basis.OWN_AGENCY.value}' AND v.holder IN {_HOLDER} AND {_GROUND})
      )
      AND (a.role <> '{Role.DEF.value}' OR EXISTS (
        SELECT 1 FROM authority_visibility v WHERE v.effect = 'permit'
        AND v.basis = '{Basis.COUNSEL.value}' AND v.holder = 'subject:' || a.account
        AND {_GROUND}))
      AND NOT EXISTS (SELECT 1 FROM authority_visibility v WHERE v.effect = 'deny'
        AND (v.holder IN ('any', 'subject:' || a.account) OR v.holder IN {_HOLDER}) AND {_GROUND})
    )
    ORDER BY 1, 2
    """  # noqa: S608 - closed vocabularies
)


async def must_step_out(session: AnySession, item_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Return, for items that the caller has reached, which invited agencies must step out now."""
    found: dict[UUID, list[str]] = {}
    for item_id, agency_id in await session.execute(_STEP_OUT, {"ids": list(item_ids)}):
        found.setdefault(item_id, []).append(agency_id)
    return found
