"""Changes of a docket entry by the prosecuting office, in GraphQL: status, charges, court dates.

No input here has a place for free words but a room of the court, and the source of a filing, which
goes to the decision on the match and never onto the docket: a charge names a statute of the site's
list, and everything else is a code. What is known through LEAD cannot be typed into it.
"""

from datetime import date, datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from infra.request_context import context_of
from svc_cases.cases import commands as record
from svc_cases.cases.rules import CaseStatus, ChargeStatus
from svc_cases.cases.schema import perform, read_id
from svc_cases.docket.recording import NewCase, record_case
from svc_cases.docket.schema.public import INPUT, KEY_DESCRIPTION, DocketEntryPayload, entry

CASE_DESCRIPTION = "Id of the case."
VERSION_DESCRIPTION = "Version of the case as you read it."


@strawberry.input(description="A case for the docket of the own office.")
class RecordCaseInput:
    """Input of ``recordCase``."""

    number: str = strawberry.field(
        description="As the court writes it; before filing, as the office does."
    )
    court: str = strawberry.field(description="Code of the court; see `courts`.")
    given_name: str = strawberry.field(description="Given name of the defendant.")
    family_name: str = strawberry.field(description="Family name of the defendant.")
    statutes: list[str] = strawberry.field(
        description="Codes of the site's list of statutes, 1 to 50, in the order of the charges."
    )
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)
    incident_on: date | None = strawberry.field(default=None, description="Day of the offence.")
    filed_on: date | None = strawberry.field(
        default=None, description="Day of filing; null while it is not filed: for the liaison only."
    )
    participant_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Whose it is, said by the liaison; a case that is not filed needs it.",
    )
    is_diverted_arrest: bool = strawberry.field(
        default=False, description="Whether it is the very arrest that was diverted."
    )
    independent_source: str | None = strawberry.field(
        default=None,
        description="Report that stands without LEAD; needed for a filed case with its participant,"
        " and given only then. No part of the docket.",
    )


@strawberry.input(description="How a case of the own office stands now.")
class RecordCaseStatusInput:
    """Input of ``recordCaseStatus``."""

    case_id: strawberry.ID = strawberry.field(description=CASE_DESCRIPTION)
    status: CaseStatus = strawberry.field(description="How it stands.")
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)
    closed_on: date | None = strawberry.field(
        default=None, description="Day of closing; with a status that closes the case, and only so."
    )


@strawberry.input(description="A further charge of a filed case of the own office.")
class AddChargeInput:
    """Input of ``addCharge``."""

    case_id: strawberry.ID = strawberry.field(description=CASE_DESCRIPTION)
    statute: str = strawberry.field(description="Code of a statute of the site's list.")
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.input(description="How a charge stands now.")
class RecordChargeStatusInput:
    """Input of ``recordChargeStatus``."""

    case_id: strawberry.ID = strawberry.field(description=CASE_DESCRIPTION)
    charge_id: strawberry.ID = strawberry.field(description="Id of the charge.")
    status: ChargeStatus = strawberry.field(description="How it stands.")
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.input(description="A court date that is moved or cancelled.")
class ChangeHearingInput:
    """Input of ``changeHearing``."""

    case_id: strawberry.ID = strawberry.field(description=CASE_DESCRIPTION)
    hearing_id: strawberry.ID = strawberry.field(description="Id of the court date.")
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)
    starts_at: datetime | None = strawberry.field(
        default=None, description="When it starts now, with its zone; null leaves it."
    )
    courtroom: str | None = strawberry.field(
        default=None, description="Where it is now; null leaves it."
    )
    is_cancelled: bool = strawberry.field(default=False, description="Whether it is cancelled.")


@strawberry.type(description="Changes of an entry on the docket.")
class EntryMutation:
    """Roots of changes."""

    @strawberry.mutation(
        description="Put a case on the own office's docket, filed or, as its liaison, not yet."
    )
    async def record_case(
        self, info: Info, given: Annotated[RecordCaseInput, INPUT]
    ) -> DocketEntryPayload:
        """Record a case."""
        context = context_of(info)
        new = NewCase(
            number=given.number,
            court_code=given.court,
            given_name=given.given_name,
            family_name=given.family_name,
            incident_on=given.incident_on,
            filed_on=given.filed_on,
            statutes=given.statutes,
            participant_id=None if given.participant_id is None else read_id(given.participant_id),
            is_diverted_arrest=given.is_diverted_arrest,
            independent_source=given.independent_source,
        )
        case_id, errors = await perform(
            context,
            "recordCase",
            given,
            lambda session: record_case(session, context.caller, new),
        )
        return await entry(context, case_id, errors)

    @strawberry.mutation(description="Record how a filed case of the own office stands now.")
    async def record_case_status(
        self, info: Info, given: Annotated[RecordCaseStatusInput, INPUT]
    ) -> DocketEntryPayload:
        """Record a case's status."""
        context = context_of(info)
        case_id, errors = await perform(
            context,
            "recordCaseStatus",
            given,
            lambda session: record.record_case_status(
                session,
                context.caller,
                case_id=read_id(given.case_id),
                status=given.status,
                closed_on=given.closed_on,
                expected_version=given.expected_version,
            ),
        )
        return await entry(context, case_id, errors)

    @strawberry.mutation(
        description="Put a further charge on a filed case: a statute of the site's list."
    )
    async def add_charge(
        self, info: Info, given: Annotated[AddChargeInput, INPUT]
    ) -> DocketEntryPayload:
        """Add a charge."""
        context = context_of(info)
        case_id, errors = await perform(
            context,
            "addCharge",
            given,
            lambda session: record.add_charge(
                session,
                context.caller,
                case_id=read_id(given.case_id),
                statute=given.statute,
                expected_version=given.expected_version,
            ),
        )
        return await entry(context, case_id, errors)

    @strawberry.mutation(description="Record how a charge stands now.")
    async def record_charge_status(
        self, info: Info, given: Annotated[RecordChargeStatusInput, INPUT]
    ) -> DocketEntryPayload:
        """Record a charge's status."""
        context = context_of(info)
        case_id, errors = await perform(
            context,
            "recordChargeStatus",
            given,
            lambda session: record.record_charge_status(
                session,
                context.caller,
                case_id=read_id(given.case_id),
                charge_id=read_id(given.charge_id),
                status=given.status,
                expected_version=given.expected_version,
            ),
        )
        return await entry(context, case_id, errors)

    @strawberry.mutation(description="Move a court date of the own office, or cancel it.")
    async def change_hearing(
        self, info: Info, given: Annotated[ChangeHearingInput, INPUT]
    ) -> DocketEntryPayload:
        """Change a hearing."""
        context = context_of(info)
        case_id, errors = await perform(
            context,
            "changeHearing",
            given,
            lambda session: record.change_hearing(
                session,
                context.caller,
                case_id=read_id(given.case_id),
                hearing_id=read_id(given.hearing_id),
                starts_at=given.starts_at,
                courtroom=given.courtroom,
                is_cancelled=given.is_cancelled,
                expected_version=given.expected_version,
            ),
        )
        return await entry(context, case_id, errors)
