"""All statements about referrals, narrowed by REFERRAL (the form) and ELIGIBILITY (the outcome).

Authorship opens a referrer's own form, never another one about the same person; so the two
grounds that belong to a form rather than to a person are checked against the row as well.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select

from infra.authority import expression
from infra.authority.predicate import account_of, agency_of, visible
from infra.authority.tables import AgencyWindow
from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import AnySession, ReadSession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages, PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Basis, Category, Role
from svc_participants.people.repository import under
from svc_participants.referrals import rules
from svc_participants.referrals.choosing import QueueChoice, QueueOrder
from svc_participants.referrals.tables import ReferralEventRow, ReferralRow, SiteProgramRow

BY_SUBMISSION = Order((ReferralRow.submitted_at, ReferralRow.id), is_descending=True)
OLDEST_FIRST = Order((ReferralRow.submitted_at, ReferralRow.id))
BY_PRIORITY = Order((ReferralRow.priority_rank, ReferralRow.queued_since, ReferralRow.id))
"""Most points first, then whoever has waited longest: the protocol's rule, and nothing else."""

QUEUE_ORDERS = {
    QueueOrder.LONGEST_WAITING_FIRST: OLDEST_FIRST,
    QueueOrder.NEWEST_FIRST: BY_SUBMISSION,
    QueueOrder.BY_PRIORITY: BY_PRIORITY,
}

_AWAITING = sorted(each.value for each in rules.AWAITING_DECISION)


@dataclass(frozen=True, slots=True)
class SeenReferral:
    """A referral, and which of its two parts the caller may see."""

    row: ReferralRow
    may_see_form: bool
    may_see_outcome: bool


def _narrowed(caller: Caller, category: Category) -> ColumnElement[bool]:
    subject, dated = ReferralRow.participant_id, ReferralRow.submitted_on
    conditions: list[ColumnElement[bool]] = []
    for part in expression.parse(caller.access.get(category, "")):
        letters = "".join(sorted(each.value for each in part))
        ground = visible(under(caller, category, letters), category, subject, dated)
        if Basis.AUTHOR in part:
            ground = and_(ground, ReferralRow.author_subject == account_of(caller))
        elif Basis.SCREENING in part and caller.role is Role.LEL:
            ground = and_(ground, _of_own_agency(caller), ReferralRow.status.in_(_AWAITING))
        conditions.append(ground)
    return or_(false(), *conditions)


def _of_own_agency(caller: Caller) -> ColumnElement[bool]:
    return ReferralRow.author_agency_id == agency_of(caller)


def form_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may read this form"."""
    return _narrowed(caller, Category.REFERRAL)


def outcome_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may read what became of this referral"."""
    return _narrowed(caller, Category.ELIGIBILITY)


class ReferralLoader(BatchLoader[SeenReferral]):
    """Referrals by id: those of which the caller may see at least one part."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those referrals, and which of the two parts are permitted."""
        form, outcome = form_visible(caller), outcome_visible(caller)
        return select(ReferralRow, form.label("form"), outcome.label("outcome")).where(
            ReferralRow.id == IDS, or_(form, outcome)
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, SeenReferral]:
        """By id."""
        return {each[0].id: SeenReferral(*each) for each in rows}


class ReferralsOfParticipant(OwnerPages[ReferralRow]):
    """Referral forms of participants, newest first."""

    row = ReferralRow
    owner = ReferralRow.participant_id
    order = BY_SUBMISSION

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Forms that the caller may read."""
        return form_visible(caller)


async def own_page(session: ReadSession, caller: Caller, request: PageRequest) -> Page[ReferralRow]:
    """Return a page of the referrals that the caller has written."""
    rows = select(ReferralRow).where(
        ReferralRow.author_subject == caller.subject, form_visible(caller)
    )
    return await page(session, rows, BY_SUBMISSION, request)


def as_screener(caller: Caller) -> Caller:
    """Return the caller on the ground of screening alone, on none if their role has it not."""
    grounds = expression.parse(caller.access.get(Category.ELIGIBILITY, ""))
    is_screener = frozenset({Basis.SCREENING}) in grounds
    return under(caller, Category.ELIGIBILITY, Basis.SCREENING.value if is_screener else "")


async def queue_page(
    session: ReadSession, caller: Caller, request: PageRequest, choice: QueueChoice
) -> Page[ReferralRow]:
    """Return a page of the referrals that the caller screens and that await a decision.

    On that ground alone: a release opens a referral, and makes nobody a queue of people. What is
    chosen by the form is chosen among the forms that the caller may read.
    """
    screening = as_screener(caller)
    # The condition of each row looks at its own participant; the list begins with whom one screens.
    screened = visible(screening, Category.ELIGIBILITY, ReferralRow.participant_id, is_list=True)
    rows = select(ReferralRow).where(
        screened,
        ReferralRow.status.in_(_AWAITING),
        outcome_visible(screening),
        *_chosen(caller, choice),
    )
    return await page(session, rows, QUEUE_ORDERS[choice.order], request)


def _chosen(caller: Caller, choice: QueueChoice) -> Iterator[ColumnElement[bool]]:
    if choice.status is not None:
        yield ReferralRow.status == choice.status.value
    if choice.looks_at_form:
        yield form_visible(caller)
    if choice.door is not None:
        yield ReferralRow.door == choice.door.value
    if choice.urgency is not None:
        yield ReferralRow.urgency == choice.urgency.value
    if choice.received_since is not None:
        yield ReferralRow.submitted_on >= choice.received_since


async def for_decision(
    session: WriteSession, caller: Caller, referral_id: UUID
) -> ReferralRow | None:
    """Return a referral, locked, that the caller may decide: on the ground of screening it.

    For the liaison that ground ends with the decision, also where another form about the same
    person still awaits one: what became of the first is not told by a refusal either.
    """
    screening = under(caller, Category.ELIGIBILITY, Basis.SCREENING.value)
    may_read = caller.access.get(Category.ELIGIBILITY)
    if not may_read:
        return None
    statement = select(ReferralRow).where(
        ReferralRow.id == referral_id,
        visible(screening, Category.ELIGIBILITY, ReferralRow.participant_id),
    )
    if caller.role is Role.LEL:
        statement = statement.where(_of_own_agency(caller), ReferralRow.status.in_(_AWAITING))
    row: ReferralRow | None = await session.scalar(statement.with_for_update(of=ReferralRow))
    return row


def _waiting(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this referral stands on the waiting list that the caller screens"."""
    is_waiting = ReferralRow.status == rules.ReferralStatus.WAITLISTED.value
    return and_(is_waiting, outcome_visible(as_screener(caller)))


async def is_before_others(session: WriteSession, caller: Caller, row: ReferralRow) -> bool:
    """Return whether another referral, which the caller screens, waits and has its turn first.

    Whether this one waits as well or comes straight from screening: both are taken up before it.
    What the caller does not screen has no part in it: a refusal must not tell of it.
    """
    sooner = replace(BY_PRIORITY, is_descending=True).after(
        (row.priority_rank, row.queued_since, row.id)
    )
    found = await session.scalar(
        select(ReferralRow.id)
        .where(_waiting(caller), ReferralRow.site_id == row.site_id, sooner)
        .limit(1)
    )
    return found is not None


class PlaceLoader(BatchLoader[int]):
    """Places on the waiting list that the caller screens, by referral; the first is 1."""

    def statement(self, caller: Caller) -> AnySelect:
        """Counted over what the caller screens, site by site, and nothing else."""
        place = func.row_number().over(
            partition_by=ReferralRow.site_id, order_by=BY_PRIORITY.clauses()
        )
        places = select(ReferralRow.id, place.label("place")).where(_waiting(caller)).subquery()
        return select(places.c.id, places.c.place).where(places.c.id == IDS)

    def collect(self, rows: Iterable[Any]) -> dict[UUID, int]:
        """By referral."""
        return {each: place for each, place in rows}  # noqa: C416 - a row is no pair to the checker


async def for_outreach(
    session: WriteSession, caller: Caller, referral_id: UUID, condition: ColumnElement[bool]
) -> ReferralRow | None:
    """Return a referral, locked, on which the caller's provider works.

    Args:
        session: the transaction.
        caller: case manager or supervisor.
        referral_id: which one.
        condition: the caller may write about the participant (``people.repository.may_write``).
    """
    agency = parse_id(caller.agency_id)
    row: ReferralRow | None = await session.scalar(
        select(ReferralRow)
        .where(ReferralRow.id == referral_id, ReferralRow.provider_agency_id == agency, condition)
        .with_for_update(of=ReferralRow)
    )
    return row


async def of_participant(session: AnySession, participant_id: UUID, site_id: UUID) -> list[UUID]:
    """Return the ids of all referrals of a participant at a site, to end facts about them.

    Not narrowed: the result decides which authority facts end; nothing of it is shown.
    """
    found = await session.scalars(
        select(ReferralRow.id).where(
            ReferralRow.participant_id == participant_id, ReferralRow.site_id == site_id
        )
    )
    return list(found)


async def by_id(session: WriteSession, referral_id: UUID) -> ReferralRow:
    """Return the referral of an enrollment, locked; the right to the enrollment was checked."""
    row: ReferralRow = await session.get_one(ReferralRow, referral_id, with_for_update=True)
    return row


async def site_program(session: AnySession, site_id: UUID) -> SiteProgramRow | None:
    """Return a site's settings."""
    row: SiteProgramRow | None = await session.scalar(
        select(SiteProgramRow).where(SiteProgramRow.site_id == site_id)
    )
    return row


async def public_sites(session: AnySession) -> Sequence[SiteProgramRow]:
    """Return the sites that take the community form, by the name that they have given it."""
    found = await session.scalars(
        select(SiteProgramRow)
        .where(
            SiteProgramRow.public_name.is_not(None),
            SiteProgramRow.project_agency_id.is_not(None),
        )
        .order_by(SiteProgramRow.public_name, SiteProgramRow.site_id)
        .limit(100)
    )
    return found.all()


async def began(
    session: AnySession, referral_id: UUID, status: rules.ReferralStatus
) -> datetime | None:
    """Return when a referral last came to a status; the right to it was checked before."""
    at: datetime | None = await session.scalar(
        select(func.max(ReferralEventRow.happened_at)).where(
            ReferralEventRow.referral_id == referral_id,
            ReferralEventRow.to_status == status.value,
        )
    )
    return at


async def last_step_at(session: AnySession, referral_id: UUID) -> datetime | None:
    """Return when a referral came to where it stands; the right to it was checked before."""
    at: datetime | None = await session.scalar(
        select(func.max(ReferralEventRow.happened_at)).where(
            ReferralEventRow.referral_id == referral_id,
            ReferralEventRow.from_status != ReferralEventRow.to_status,  # else its place was moved
        )
    )
    return at


async def is_live_at_site(session: AnySession, agency_id: UUID, site_id: UUID) -> bool:
    """Return whether an agency is a live member of a site now, as the replica has it."""
    now = func.statement_timestamp()
    window = exists().where(
        AgencyWindow.agency_id == str(agency_id),
        AgencyWindow.site_id == str(site_id),
        AgencyWindow.starts_at <= now,
        or_(AgencyWindow.ends_at.is_(None), AgencyWindow.ends_at > now),
    )
    return bool(await session.scalar(select(window)))
