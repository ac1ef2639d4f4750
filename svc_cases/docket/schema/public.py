"""Public look-ups and the prosecuting office's own changes, in GraphQL.

The look-ups call statements of the ``cases`` slice alone, which know no participant.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import argument
from strawberry.types import Info

from infra.mutation_result import UserError
from infra.pagination import Connection, Page, connection, page_size
from infra.request_context import RequestContext, context_of
from svc_cases.cases import commands as record
from svc_cases.cases import repository
from svc_cases.cases.repository import DocketRow
from svc_cases.cases.rules import DateField, HearingKind
from svc_cases.cases.schema import (
    CATALOGUE,
    PUBLIC,
    STRUCTURE,
    After,
    Court,
    First,
    Statute,
    perform,
    read_id,
)
from svc_cases.coordination.schema.matches import LegalCase
from svc_cases.docket import commands

LegalCaseConnection = Connection[LegalCase]
"""A page of a docket."""

INPUT = argument(name="input", description="What is to be changed.")
KEY_DESCRIPTION = "Key of the request; the same key has the effect once."


@strawberry.input(description="A court date for the docket of the own office.")
class AddHearingInput:
    """Input of ``addHearing``."""

    case_id: strawberry.ID = strawberry.field(description="Id of the case.")
    kind: HearingKind = strawberry.field(description="What it is for.")
    starts_at: datetime = strawberry.field(description="When it starts, with its zone.")
    expected_version: int = strawberry.field(description="Version of the case as you read it.")
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)
    courtroom: str | None = strawberry.field(default=None, description="Where, if known.")


@strawberry.input(description="A corrected date of a case of the own office.")
class CorrectDateInput:
    """Input of ``correctIncidentDate`` and ``correctFilingDate``."""

    case_id: strawberry.ID = strawberry.field(description="Id of the case.")
    corrected_on: date = strawberry.field(description="The right date.")
    reason: str = strawberry.field(description="Why it is corrected; kept with the old date.")
    expected_version: int = strawberry.field(description="Version of the case as you read it.")
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.type(directives=STRUCTURE, description="Result of a change of a docket entry.")
class DocketEntryPayload:
    """The case as it stands now, or what was wrong."""

    legal_case: LegalCase | None = strawberry.field(
        directives=PUBLIC, description="The case; null when nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="What to put right.")


async def entry(
    context: RequestContext, case_id: UUID, errors: list[UserError]
) -> DocketEntryPayload:
    """Return what a change of a docket entry answers."""
    if errors:
        return DocketEntryPayload(legal_case=None, user_errors=errors)
    async with context.reading() as session:
        case = await commands.reachable_case(session, context.caller, case_id)
    shown = None if case is None else LegalCase(row=case)
    return DocketEntryPayload(legal_case=shown, user_errors=[])


async def _correct(
    info: Info, name: str, field: DateField, given: CorrectDateInput
) -> DocketEntryPayload:
    context = context_of(info)
    case_id, errors = await perform(
        context,
        name,
        given,
        lambda session: commands.correct_date(
            session,
            context.caller,
            case_id=read_id(given.case_id),
            field=field,
            corrected_on=given.corrected_on,
            reason=given.reason,
            expected_version=given.expected_version,
        ),
    )
    return await entry(context, case_id, errors)


@strawberry.type(description="Look-ups in the public record.")
class DocketQuery:
    """Public roots."""

    @strawberry.field(directives=CATALOGUE, description="The courts whose dockets are kept here.")
    async def courts(self, info: Info) -> list[Court] | None:
        """Return all courts."""
        async with context_of(info).reading() as session:
            rows = await repository.courts(session)
        return [Court.of(row) for row in rows]

    @strawberry.field(
        directives=CATALOGUE,
        description="The own site's list of statutes, which charges name; all editions, by code.",
    )
    async def statutes(self, info: Info) -> list[Statute] | None:
        """Return the site's statutes."""
        context = context_of(info)
        async with context.reading() as session:
            rows = await repository.statutes_of(session, read_id(context.caller.site_id))
        return [Statute.of(row) for row in rows]

    @strawberry.field(
        directives=PUBLIC, description="The public case of exactly this number; else null."
    )
    async def case_by_number(
        self, info: Info, number: Annotated[str, argument(description="The exact number.")]
    ) -> LegalCase | None:
        """Return a public case by its number."""
        context = context_of(info)
        async with context.reading() as session:
            row = await repository.public_case_by_number(session, context.caller, number)
        return None if row is None else LegalCase(row=row)

    @strawberry.field(directives=PUBLIC, description="The public case of this id; else null.")
    async def legal_case(
        self,
        info: Info,
        case: Annotated[strawberry.ID, argument(name="id", description="Id of the case.")],
    ) -> LegalCase | None:
        """Return a public case by its id."""
        context, case_id = context_of(info), read_id(case)
        async with context.reading() as session:
            found = await repository.public_cases_by_ids(session, context.caller, [case_id])
        return LegalCase(row=found[case_id]) if case_id in found else None

    @strawberry.field(
        directives=PUBLIC,
        description="The whole docket of the own office at a court on a day, by time and number.",
    )
    async def docket(
        self,
        info: Info,
        court: Annotated[str, argument(description="Code of the court; see `courts`.")],
        on: Annotated[date, argument(description="The day, at the court.")],
        first: First = 25,
        after: After = None,
    ) -> LegalCaseConnection | None:
        """Return a page of a docket."""
        context, name = context_of(info), f"Query.docket:{court}:{on.isoformat()}"
        size, key = page_size(first), None
        if after is not None:
            first_at, number = context.seal.open(context.caller, name, after)
            key = datetime.fromisoformat(first_at), str(number)
        async with context.reading() as session:
            place = await repository.court_by_code(session, court)
            page: Page[DocketRow] = Page([], has_next=False, total=0)
            if place is not None:
                page = await repository.docket_page(session, context.caller, place, on, size, key)
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=name,
            after=after,
            key=lambda row: (row.first_hearing_at.isoformat(), row.case.number),
            node=lambda row: LegalCase(row=row.case),
        )


@strawberry.type(description="Changes of the docket by the prosecuting office.")
class DocketMutation:
    """Roots of changes."""

    @strawberry.mutation(description="Put a court date on the docket of the own office.")
    async def add_hearing(
        self, info: Info, given: Annotated[AddHearingInput, INPUT]
    ) -> DocketEntryPayload:
        """Add a hearing."""
        context = context_of(info)
        case_id, errors = await perform(
            context,
            "addHearing",
            given,
            lambda session: record.add_hearing(
                session,
                context.caller,
                case_id=read_id(given.case_id),
                kind=given.kind,
                starts_at=given.starts_at,
                courtroom=given.courtroom,
                expected_version=given.expected_version,
            ),
        )
        return await entry(context, case_id, errors)

    @strawberry.mutation(
        description="Correct the day of the incident; what stood there before is kept."
    )
    async def correct_incident_date(
        self, info: Info, given: Annotated[CorrectDateInput, INPUT]
    ) -> DocketEntryPayload:
        """Correct the incident date."""
        return await _correct(info, "correctIncidentDate", DateField.INCIDENT, given)

    @strawberry.mutation(description="Correct the day of filing; what stood there before is kept.")
    async def correct_filing_date(
        self, info: Info, given: Annotated[CorrectDateInput, INPUT]
    ) -> DocketEntryPayload:
        """Correct the filing date."""
        return await _correct(info, "correctFilingDate", DateField.FILING, given)
