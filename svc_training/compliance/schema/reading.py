"""GraphQL of compliance: what is required, and who is due, overdue, exempt, and why."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra import clock
from infra.database import ReadSession
from infra.identity_token import Caller
from infra.owner_pages import PageRequest
from infra.pagination import Connection, Page
from infra.request_context import context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_training.clearances import repository as clearances
from svc_training.compliance import repository, tables
from svc_training.compliance.rules import (
    FOREVER,
    StandingBasis,
    StandingDays,
    StandingStatus,
    status_on,
)
from svc_training.connections import paged
from svc_training.personnel.commands import reads_own_agency
from svc_training.personnel.schema import After, Agency, First, Personnel
from svc_training.sessions.rules import local_day

_TRAINING = [category(Category.TRAINING)]
_STRUCTURE = [category(Category.STRUCTURE)]
_CATALOGUE = [category(Category.CATALOGUE)]

described_enum(
    StandingStatus,
    "Where a person stands with a requirement today.",
    {
        StandingStatus.MET: "Has the training.",
        StandingStatus.DUE: "Does not have it yet; the day has not come, or none is set.",
        StandingStatus.OVERDUE: "Does not have it, and the day has passed.",
        StandingStatus.EXEMPT: "Need not have it.",
    },
    name="ComplianceStatus",
)
described_enum(
    StandingBasis,
    "Why a person stands there.",
    {
        StandingBasis.COURSE: "A course was completed.",
        StandingBasis.ACADEMY: "Basic academy training covers it.",
        StandingBasis.ACADEMY_UNKNOWN: "When basic academy training ended is not on record.",
        StandingBasis.NOT_HAD: "No course was completed.",
        StandingBasis.LAPSED: "A course was completed and is to be renewed.",
    },
    name="ComplianceBasis",
)


@strawberry.type(directives=_CATALOGUE, description="Training that is required of some people.")
class TrainingRequirement:
    """One requirement."""

    key: str = strawberry.field(description="Stable name of the requirement.")
    title: str = strawberry.field(description="Title.")
    authority: str | None = strawberry.field(description="Law or policy behind it.")
    is_agency_policy: bool = strawberry.field(description="Whether it is the own agency's alone.")
    course_numbers: list[str] = strawberry.field(
        description="Courses of which one must have been completed; none where the academy does it."
    )
    appointment_types: list[str] = strawberry.field(description="Of whom; empty means everybody.")
    academy_since: date | None = strawberry.field(
        description="Met by basic academy training that ended on or after this day."
    )
    in_force_on: date = strawberry.field(description="From when it is required.")
    due_on: date | None = strawberry.field(description="Until when, where one day is set.")
    due_days: int | None = strawberry.field(description="Or within how many days of starting.")
    renew_months: int | None = strawberry.field(description="After how many months again.")
    clearance: str | None = strawberry.field(description="What meeting it opens.")
    is_active: bool = strawberry.field(description="Whether it is in force.")
    version: int = strawberry.field(description="Counts changes.")

    @classmethod
    def from_row(cls, row: tables.Requirement) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            key=row.key,
            title=row.title,
            authority=row.authority,
            is_agency_policy=row.agency_id is not None,
            course_numbers=list(row.course_numbers),
            appointment_types=list(row.applies_to.get("appointment_types", ())),
            academy_since=row.academy_since,
            in_force_on=row.in_force_on,
            due_on=row.due_on,
            due_days=row.due_days,
            renew_months=row.renew_months,
            clearance=row.clearance,
            is_active=row.is_active,
            version=row.version,
        )


@strawberry.type(directives=_TRAINING, description="Where a person stands with a requirement.")
class ComplianceStanding:
    """One person and requirement."""

    personnel: Personnel = strawberry.field(description="Who.")
    requirement: TrainingRequirement = strawberry.field(description="Which requirement.")
    status: StandingStatus = strawberry.field(description="Where the person stands today.")
    basis: StandingBasis = strawberry.field(description="Why, as a code.")
    reason: str = strawberry.field(description="Why, in words.")
    due_on: date | None = strawberry.field(description="Until when it is to be had.")
    held_until: date | None = strawberry.field(
        description="Last day on which it is met; none when it is not, or for good."
    )
    exempt_until: date | None = strawberry.field(
        description="Last day of an exemption; none when there is none, or for good."
    )

    @classmethod
    def from_row(cls, row: tables.Standing, today: date) -> Self:
        """Return the GraphQL object of a row on a day."""
        basis = StandingBasis(row.basis)
        days = StandingDays(row.held_until, row.exempt_until, row.due_on, basis, row.reason)
        return cls(
            personnel=Personnel.from_row(row.personnel),
            requirement=TrainingRequirement.from_row(row.requirement),
            status=status_on(days, today),
            basis=basis,
            reason=row.reason,
            due_on=row.due_on,
            held_until=None if row.held_until == FOREVER else row.held_until,
            exempt_until=None if row.exempt_until == FOREVER else row.exempt_until,
        )


@strawberry.type(
    directives=_CATALOGUE, description="How many people stand where; never who they are."
)
class ComplianceCount:
    """Counts of one requirement."""

    requirement: TrainingRequirement = strawberry.field(description="Which requirement.")
    agency: Agency = strawberry.field(description="Of which agency's people.")
    people: int = strawberry.field(description="People whom it is about.")
    met: int = strawberry.field(description="Have the training.")
    due: int = strawberry.field(description="Do not have it yet.")
    overdue: int = strawberry.field(description="Are late.")
    exempt: int = strawberry.field(description="Need not have it.")


@strawberry.type(directives=_TRAINING, description="What an account may do through training.")
class TrainingClearance:
    """One clearance of the caller."""

    kind: str = strawberry.field(description="What it opens, for example OWG.")
    held_until: date | None = strawberry.field(description="Last day; none when it is for good.")
    changed_at: datetime = strawberry.field(description="Since when it is known like this.")


KeyFilter = Annotated[
    str | None, strawberry.argument(description="Only this requirement, by its key.")
]
StatusFilter = Annotated[
    StandingStatus | None, strawberry.argument(description="Only people who stand like this.")
]


@strawberry.type
class ComplianceQuery:
    """Root fields about compliance."""

    @strawberry.field(
        description="What is required everywhere, and by the own agency's policy.",
        directives=_CATALOGUE,
    )
    async def training_requirements(self, info: Info) -> list[TrainingRequirement] | None:
        """Return the requirements in force."""
        context = context_of(info)
        async with context.reading() as session:
            rows = await repository.requirements(session, context.caller)
        return [TrainingRequirement.from_row(row) for row in rows]

    @strawberry.field(
        description="Where the own agency's people stand, by name.", directives=_TRAINING
    )
    async def compliance(
        self,
        info: Info,
        requirement_key: KeyFilter = None,
        status: StatusFilter = None,
        first: First = 25,
        after: After = None,
    ) -> Connection[ComplianceStanding] | None:
        """Return one page of standings."""
        today = local_day(clock.now())

        async def read(
            session: ReadSession, caller: Caller, wanted: PageRequest
        ) -> Page[tables.Standing]:
            return await repository.page_of_standings(
                session, caller, wanted, today=today, key=requirement_key, status=status
            )

        return await paged(
            info,
            name=f"Query.compliance({requirement_key or ''},{status or ''})",
            order=repository.ORDER,
            first=first,
            after=after,
            read=read,
            node=lambda row: ComplianceStanding.from_row(row, today),
            key=repository.order_key,
        )

    @strawberry.field(description="Where the caller stands.", directives=_TRAINING)
    async def my_compliance(self, info: Info) -> list[ComplianceStanding] | None:
        """Return the caller's own standings."""
        context, today = context_of(info), local_day(clock.now())
        async with context.reading() as session:
            rows = await repository.own_standings(session, context.caller)
        return [ComplianceStanding.from_row(row, today) for row in rows]

    @strawberry.field(description="The caller's own clearances.", directives=_TRAINING)
    async def my_training_clearances(self, info: Info) -> list[TrainingClearance] | None:
        """Return the caller's clearances."""
        context = context_of(info)
        async with context.reading() as session:
            rows = await clearances.of_account(session, context.caller.subject)
        return [
            TrainingClearance(
                kind=row.kind,
                held_until=None if row.held_until == FOREVER else row.held_until,
                changed_at=row.changed_at,
            )
            for row in rows
        ]

    @strawberry.field(description="Counts of the own agency, by requirement.", directives=_TRAINING)
    async def compliance_summary(self, info: Info) -> list[ComplianceCount] | None:
        """Return counts of the own agency; null for who may not read its training."""
        context = context_of(info)
        if not reads_own_agency(context.caller):
            return None
        return await _counts(info, context.caller.agency_id)

    @strawberry.field(
        description="Counts of all agencies of ten people or more, by requirement, for who may "
        "see training in aggregate; null for others.",
        directives=_CATALOGUE,
    )
    async def statewide_compliance(self, info: Info) -> list[ComplianceCount] | None:
        """Return counts of all agencies that are large enough."""
        caller = context_of(info).caller
        if Category.TRAINING not in caller.aggregates and not reads_own_agency(caller):
            return None
        return await _counts(info, None)


async def _counts(info: Info, agency_id: str | None) -> list[ComplianceCount]:
    context = context_of(info)
    async with context.reading() as session:
        rows = await repository.counts(session, local_day(clock.now()), agency_id=agency_id)
        known = await repository.requirements(session, context.caller)
    by_id: dict[UUID, tables.Requirement] = {each.id: each for each in known}
    return [
        ComplianceCount(
            requirement=TrainingRequirement.from_row(by_id[row.requirement_id]),
            agency=Agency(id=strawberry.ID(row.agency_id)),
            people=row.people,
            met=row.by_status[StandingStatus.MET],
            due=row.by_status[StandingStatus.DUE],
            overdue=row.by_status[StandingStatus.OVERDUE],
            exempt=row.by_status[StandingStatus.EXEMPT],
        )
        for row in rows
        if row.requirement_id in by_id
    ]
