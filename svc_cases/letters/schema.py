"""Letters in GraphQL: what a letter says, and the approved wording that one is made of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.types import Info

from infra.request_context import RequestContext, context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category, Form
from svc_cases.cases.rules import docket_name
from svc_cases.cases.schema import STRUCTURE
from svc_cases.letters import repository, rules, tables
from svc_cases.letters.repository import CasesOfLetters

WORDING = category(Category.GOALS_PLAN, Form.SUMMARY)
ABOUT_CASE = [category(Category.LEGAL_COORD, Form.SUMMARY)]
TAKES_PART = [category(Category.ENROLLMENT, Form.SUMMARY)]
SEALED_FOR = "Mutation.draftCourtLetter"
PARTICIPATION = (
    "The person named above takes part in LEAD of their own free will. LEAD sets no conditions,"
    " and the court is asked to draw no conclusion from what is not said here."
)

described_enum(
    rules.LetterStatus,
    "Where a letter to a court stands.",
    {
        rules.LetterStatus.DRAFT: "Written; nobody has approved it.",
        rules.LetterStatus.APPROVED: "Approved by somebody else than who wrote it.",
        rules.LetterStatus.DELIVERED: "The court has it.",
        rules.LetterStatus.WITHDRAWN: "Taken back before the court had it.",
    },
    name="CourtLetterStatus",
)
described_enum(
    rules.DeliveryMethod,
    "How a court was handed a letter.",
    {
        rules.DeliveryMethod.E_FILING: "Filed electronically.",
        rules.DeliveryMethod.CLERK: "Handed to the clerk.",
        rules.DeliveryMethod.MAIL: "By mail.",
        rules.DeliveryMethod.IN_COURT: "Handed over in court.",
    },
)


@strawberry.federation.type(
    directives=[WORDING], description="The summary that stands; its wording is kept elsewhere."
)
class ProgressSummary:
    """The approved wording of another service, as far as a letter is made of it."""

    nothing_to_add: bool | None = strawberry.federation.field(
        external=True, default=None, description="Whether nothing is said."
    )
    statement: str | None = strawberry.federation.field(
        external=True, default=None, description="How the person is doing."
    )
    what_would_help: str | None = strawberry.federation.field(
        external=True, default=None, description="What partners could do to help."
    )


@strawberry.type(
    directives=[WORDING],
    description=(
        "The approved wording that a letter can be made of, as of now. A letter says this and"
        " nothing else: it is drafted from `sealed`, which is good for its reader and for a day."
    ),
)
class CourtLetterMaterial:
    """Approved words, and their seal."""

    statement: str | None = strawberry.field(description="How the person is doing.")
    what_would_help: str | None = strawberry.field(description="What the court could do to help.")
    sealed: str | None = strawberry.field(description="Give it to `draftCourtLetter`.")


def material_of(
    context: RequestContext, participant_id: str, summary: object
) -> CourtLetterMaterial | None:
    """Return the material of a letter from the summary in a reference; None without one."""
    if not isinstance(summary, Mapping) or not isinstance(summary.get("statement"), str):
        return None
    statement, helps = summary["statement"], summary.get("whatWouldHelp")
    if not isinstance(helps, str):
        helps = None
    sealed = context.seal.seal(context.caller, SEALED_FOR, (participant_id, statement, helps))
    return CourtLetterMaterial(statement=statement, what_would_help=helps, sealed=sealed)


class CourtsNamed:
    """Asks for all letters of one answer together whether a release names their court."""

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self._rows: dict[UUID, tables.CourtLetter] = {}
        self._loader: DataLoader[UUID, bool] = DataLoader(self._named)

    async def load(self, row: tables.CourtLetter) -> bool:
        """Return whether the court of a letter is named."""
        self._rows[row.id] = row
        return await self._loader.load(row.id)

    async def _named(self, ids: list[UUID]) -> list[bool]:
        async with self._context.reading() as session:
            rows = [self._rows[each] for each in ids]
            found = await repository.courts_named(session, self._context.caller, rows)
        return [each in found for each in ids]


@strawberry.federation.type(
    directives=[WORDING, about("participantId")],
    description="A letter to a court on how somebody is doing, in the words approved for it.",
)
class CourtLetter:
    """A letter."""

    row: strawberry.Private[tables.CourtLetter]

    async def _case(self, info: Info) -> Any:
        return await context_of(info).loader(CasesOfLetters).load(self.row.case_id)

    @strawberry.federation.field(directives=STRUCTURE, description="Id of the letter.")
    def id(self) -> strawberry.ID:
        """Return the id."""
        return strawberry.ID(str(self.row.id))

    @strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whom it is about."
    )
    def participant_id(self) -> strawberry.ID:
        """Return the participant."""
        return strawberry.ID(str(self.row.participant_id))

    @strawberry.federation.field(
        directives=TAKES_PART, description="That the person takes part, in the fixed wording."
    )
    def participation(self) -> str | None:
        """Return the fixed wording."""
        return PARTICIPATION

    @strawberry.federation.field(description="How the person is doing, as approved.")
    def statement(self) -> str | None:
        """Return the statement."""
        return self.row.statement

    @strawberry.federation.field(description="What the court could do to help, as approved.")
    def what_would_help(self) -> str | None:
        """Return what would help."""
        return self.row.what_would_help

    @strawberry.federation.field(directives=ABOUT_CASE, description="Number of the case.")
    async def case_number(self, info: Info) -> str | None:
        """Return the number."""
        found = await self._case(info)
        return None if found is None else str(found[0].number)

    @strawberry.federation.field(
        directives=ABOUT_CASE, description="The defendant, as the docket names them."
    )
    async def defendant_name(self, info: Info) -> str | None:
        """Return the name on the docket."""
        found = await self._case(info)
        if found is None:
            return None
        return docket_name(found[0].defendant_given_name, found[0].defendant_family_name)

    @strawberry.federation.field(directives=ABOUT_CASE, description="Name of the court.")
    async def court_name(self, info: Info) -> str | None:
        """Return the court's name."""
        found = await self._case(info)
        return None if found is None else str(found[1].name)

    @strawberry.federation.field(
        directives=ABOUT_CASE, description="Agency id of the court that it is meant for."
    )
    def court_agency_id(self) -> strawberry.ID | None:
        """Return the court's agency."""
        return strawberry.ID(str(self.row.court_id))

    @strawberry.federation.field(
        directives=[category(Category.LEGAL_COORD)],
        description="Whether a release names the court for all that the letter tells, as of now.",
    )
    async def is_court_named(self, info: Info) -> bool | None:
        """Return whether the court may be told."""
        return await context_of(info).loader(CourtsNamed).load(self.row)

    @strawberry.federation.field(description="Where it stands.")
    def status(self) -> rules.LetterStatus | None:
        """Return the status."""
        return rules.LetterStatus(self.row.status)

    @strawberry.federation.field(description="When it was written.")
    def written_at(self) -> datetime | None:
        """Return the moment."""
        return self.row.written_at

    @strawberry.federation.field(description="When it was approved.")
    def approved_at(self) -> datetime | None:
        """Return the moment."""
        return self.row.approved_at

    @strawberry.federation.field(description="When the court was handed it.")
    def delivered_at(self) -> datetime | None:
        """Return the moment."""
        return self.row.delivered_at

    @strawberry.federation.field(description="Who took it at the court.")
    def recipient_name(self) -> str | None:
        """Return the recipient."""
        return self.row.recipient_name

    @strawberry.federation.field(description="How the court was handed it.")
    def delivery_method(self) -> rules.DeliveryMethod | None:
        """Return the method."""
        method = self.row.delivery_method
        return None if method is None else rules.DeliveryMethod(method)

    @strawberry.federation.field(
        description="SHA-256 of the document that was handed over, in hexadecimal digits."
    )
    def document_sha256(self) -> str | None:
        """Return the document's hash."""
        return self.row.document_sha256

    @strawberry.federation.field(description="Counts changes; a change names it.")
    def version(self) -> int | None:
        """Return the version."""
        return self.row.version
