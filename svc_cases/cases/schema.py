"""The public record in GraphQL: what a case is made of, and how its parts are read in batches.

``PublicCase`` has the fields of the public record; the upper slice publishes it as ``LegalCase``,
with the one field that is not public. Everything here is labelled as public record.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.mutation_result import UserError
from infra.request_context import RequestContext, context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category, Form
from svc_cases.cases import repository, rules, tables

PUBLIC = [category(Category.LEGAL_PUBLIC, Form.PUBLIC_RECORD)]
CATALOGUE = [category(Category.CATALOGUE)]
STRUCTURE = [category(Category.STRUCTURE)]

_Row = TypeVar("_Row")

First = Annotated[int, strawberry.argument(description="Rows of the page: 1 to 100.")]
After = Annotated[
    str | None, strawberry.argument(description="Cursor of the row that the page follows.")
]

described_enum(
    rules.CaseStatus,
    "How a case stands on the public docket.",
    {
        rules.CaseStatus.NOT_FILED: "Nothing is filed with the court.",
        rules.CaseStatus.PENDING: "Filed and open.",
        rules.CaseStatus.CONTINUED: "Filed, open, and put off to a later date.",
        rules.CaseStatus.DEFERRED: "The court has deferred it on terms.",
        rules.CaseStatus.DISMISSED: "Dismissed.",
        rules.CaseStatus.RESOLVED_PLEA: "Resolved by plea.",
        rules.CaseStatus.RESOLVED_TRIAL: "Resolved at trial.",
        rules.CaseStatus.TRANSFERRED: "Transferred to another court.",
        rules.CaseStatus.INTERNAL_UNKNOWN: "The court's wording could not be mapped here.",
        rules.CaseStatus.EXTERNAL_UNKNOWN: "The court itself gives it as unknown.",
    },
)
described_enum(
    rules.ChargeStatus,
    "How one charge stands.",
    {
        rules.ChargeStatus.NOT_FILED: "Not filed with the court.",
        rules.ChargeStatus.PENDING: "Filed and open.",
        rules.ChargeStatus.DISMISSED: "Dropped by the prosecutor or dismissed by the court.",
        rules.ChargeStatus.CONVICTED: "Ended in a conviction.",
        rules.ChargeStatus.ACQUITTED: "Ended in an acquittal.",
        rules.ChargeStatus.ADJUDICATED: "Adjudicated in another way.",
        rules.ChargeStatus.TRANSFERRED_AWAY: "Transferred to another court.",
        rules.ChargeStatus.INTERNAL_UNKNOWN: "The court's wording could not be mapped here.",
        rules.ChargeStatus.EXTERNAL_UNKNOWN: "The court itself gives it as unknown.",
    },
)
described_enum(
    rules.ChargeClass,
    "Class of an offence under Washington law (RCW 9A.20).",
    {
        rules.ChargeClass.FELONY_A: "Class A felony.",
        rules.ChargeClass.FELONY_B: "Class B felony.",
        rules.ChargeClass.FELONY_C: "Class C felony.",
        rules.ChargeClass.GROSS_MISDEMEANOR: "Gross misdemeanor.",
        rules.ChargeClass.MISDEMEANOR: "Misdemeanor.",
        rules.ChargeClass.INFRACTION: "Infraction.",
        rules.ChargeClass.CIVIL: "Civil matter.",
    },
)
described_enum(
    rules.HearingKind,
    "What a court date is for.",
    {
        rules.HearingKind.ARRAIGNMENT: "The charge is read and a plea is entered.",
        rules.HearingKind.PRETRIAL: "Pretrial hearing.",
        rules.HearingKind.MOTION: "A motion is heard.",
        rules.HearingKind.TRIAL: "Trial.",
        rules.HearingKind.SENTENCING: "Sentencing.",
        rules.HearingKind.REVIEW: "Review hearing.",
    },
)


@strawberry.type(directives=CATALOGUE, description="A court whose dockets are kept here.")
class Court:
    """A court."""

    code: str = strawberry.field(description="Stable code; name the court with it.")
    name: str = strawberry.field(description="Name.")
    time_zone: str = strawberry.field(description="IANA time zone that its days are reckoned in.")

    @classmethod
    def of(cls, row: tables.Court) -> "Court":
        """Return a row as GraphQL shows it."""
        return cls(code=row.code, name=row.name, time_zone=row.time_zone)


@strawberry.type(directives=PUBLIC, description="One charge of a case, as the docket has it.")
class Charge:
    """A charge."""

    id: strawberry.ID = strawberry.field(
        directives=STRUCTURE, description="Id of the charge within its case."
    )
    statute: str | None = strawberry.field(description="Statute, for example `RCW 9A.56.050`.")
    description: str | None = strawberry.field(description="The statute's title.")
    nibrs: str | None = strawberry.field(description="NIBRS offence code; for statistics only.")
    charge_class: rules.ChargeClass | None = strawberry.field(description="Class of the offence.")
    status: rules.ChargeStatus | None = strawberry.field(description="How the charge stands.")

    @classmethod
    def of(cls, row: tables.Charge) -> "Charge":
        """Return a row as GraphQL shows it."""
        return cls(
            id=strawberry.ID(str(row.id)),
            statute=row.statute,
            description=row.description,
            nibrs=row.nibrs,
            charge_class=rules.ChargeClass(row.charge_class),
            status=rules.ChargeStatus(row.status),
        )


@strawberry.type(directives=PUBLIC, description="A court date of a case.")
class Hearing:
    """A hearing."""

    id: strawberry.ID = strawberry.field(
        directives=STRUCTURE, description="Id of the court date within its case."
    )
    at: datetime | None = strawberry.field(description="When it starts (UTC).")
    kind: rules.HearingKind | None = strawberry.field(description="What it is for.")
    courtroom: str | None = strawberry.field(description="Where, as the court names its rooms.")
    is_cancelled: bool | None = strawberry.field(description="Whether it has been cancelled.")

    @classmethod
    def of(cls, row: tables.Hearing) -> "Hearing":
        """Return a row as GraphQL shows it."""
        return cls(
            id=strawberry.ID(str(row.id)),
            at=row.starts_at,
            kind=rules.HearingKind(row.kind),
            courtroom=row.courtroom,
            is_cancelled=row.is_cancelled,
        )


@strawberry.type(
    directives=CATALOGUE, description="An offence in a site's list: what a charge may name."
)
class Statute:
    """One edition of a statute."""

    code: str = strawberry.field(description="As a charge names it, for example `RCW 9A.56.050`.")
    title: str = strawberry.field(description="Title.")
    nibrs: str = strawberry.field(description="NIBRS offence code; for statistics only.")
    charge_class: rules.ChargeClass = strawberry.field(description="Class of the offence.")
    from_on: date = strawberry.field(description="First day of this edition.")
    to_on: date | None = strawberry.field(description="Last day of this edition, if it ended.")

    @classmethod
    def of(cls, row: tables.Statute) -> "Statute":
        """Return a row as GraphQL shows it."""
        return cls(
            code=row.code,
            title=row.title,
            nibrs=row.nibrs,
            charge_class=rules.ChargeClass(row.charge_class),
            from_on=row.from_on,
            to_on=row.to_on,
        )


def grouped(
    rows: Iterable[_Row], key: Callable[[_Row], UUID], ids: Sequence[UUID]
) -> list[list[_Row]]:
    """Return the rows of each id, in the order of the ids."""
    found: dict[UUID, list[_Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return [found.get(each, []) for each in ids]


class CaseParts:
    """Reads the parts of all cases of one answer together: one statement for each kind of part."""

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self.courts: DataLoader[UUID, tables.Court | None] = DataLoader(self._courts)
        self.charges: DataLoader[UUID, list[tables.Charge]] = DataLoader(self._charges)
        self.hearings: DataLoader[UUID, list[tables.Hearing]] = DataLoader(self._hearings)
        self.corrections: DataLoader[UUID, list[tables.DateCorrection]] = DataLoader(
            self._corrections
        )

    async def _courts(self, ids: list[UUID]) -> list[tables.Court | None]:
        async with self._context.reading() as session:
            found = await repository.courts_by_ids(session, ids)
        return [found.get(each) for each in ids]

    async def _charges(self, ids: list[UUID]) -> list[list[tables.Charge]]:
        async with self._context.reading() as session:
            rows = await repository.charges_of(session, ids)
        return grouped(rows, lambda row: row.case_id, ids)

    async def _hearings(self, ids: list[UUID]) -> list[list[tables.Hearing]]:
        async with self._context.reading() as session:
            rows = await repository.hearings_of(session, ids)
        return grouped(rows, lambda row: row.case_id, ids)

    async def _corrections(self, ids: list[UUID]) -> list[list[tables.DateCorrection]]:
        async with self._context.reading() as session:
            rows = await repository.corrections_of(session, ids)
        return grouped(rows, lambda row: row.case_id, ids)


@strawberry.type(directives=PUBLIC, description="What the public record tells of a case.")
class PublicCase:
    """The public fields of a case. Its ``row`` was reached by a statement that narrows."""

    row: strawberry.Private[tables.LegalCase]

    @strawberry.field(directives=STRUCTURE, description="Id of the case.")
    def id(self) -> strawberry.ID:
        """Return the id."""
        return strawberry.ID(str(self.row.id))

    @strawberry.field(description="Case number, as the court writes it.")
    def case_number(self) -> str | None:
        """Return the number."""
        return self.row.number

    @strawberry.field(description="The court.")
    async def court(self, info: Info) -> Court | None:
        """Return the court."""
        row = await context_of(info).loader(CaseParts).courts.load(self.row.court_id)
        return None if row is None else Court.of(row)

    @strawberry.field(description="Day of filing; null while nothing is filed.")
    def filed_on(self) -> date | None:
        """Return the day of filing."""
        return self.row.filed_on

    @strawberry.field(description="Day of the offence, as the charging document has it.")
    def incident_on(self) -> date | None:
        """Return the day of the incident."""
        return self.row.incident_on

    @strawberry.field(description="Day on which the case was closed; null while it is open.")
    def closed_on(self) -> date | None:
        """Return the day of closing."""
        return self.row.closed_on

    @strawberry.field(description="How the case stands on the docket.")
    def status(self) -> rules.CaseStatus | None:
        """Return the public status."""
        return rules.CaseStatus(self.row.status)

    @strawberry.field(description="The defendant, as on the docket: family name first.")
    def defendant_name(self) -> str | None:
        """Return the name on the docket."""
        return rules.docket_name(self.row.defendant_given_name, self.row.defendant_family_name)

    @strawberry.field(description="The charges, in the order of the charging document.")
    async def charges(self, info: Info) -> list[Charge] | None:
        """Return the charges."""
        rows = await context_of(info).loader(CaseParts).charges.load(self.row.id)
        return [Charge.of(row) for row in rows]

    @strawberry.field(description="The court dates, earliest first.")
    async def hearings(self, info: Info) -> list[Hearing] | None:
        """Return the hearings."""
        rows = await context_of(info).loader(CaseParts).hearings.load(self.row.id)
        return [Hearing.of(row) for row in rows]

    @strawberry.field(description="Counts changes of the docket entry; a change names it.")
    def version(self) -> int | None:
        """Return the version."""
        return self.row.version


NOTHING = UUID(int=0)
"""An id that names nothing."""


def read_id(text: object) -> UUID:
    """Return the id that a text names; a malformed one names nothing, like an absent one."""
    return parse_id(text) or NOTHING


async def perform(
    context: RequestContext,
    name: str,
    given: Any,
    effect: Callable[[WriteSession], Awaitable[UUID]],
) -> tuple[UUID, list[UserError]]:
    """Have a mutation's effect once; return the id of what it changed, or why it did not.

    Args:
        context: the request.
        name: name of the mutation.
        given: its input, with ``idempotency_key``.
        effect: the command; returns the id of what it changed.
    """

    async def run(session: WriteSession) -> dict[str, Any]:
        return {"id": str(await effect(session))}

    outcome = await run_command(context, name, given, key=given.idempotency_key, effect=run)
    return outcome.id("id") or NOTHING, outcome.user_errors
