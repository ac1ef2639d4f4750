"""A case, its match to a participant, and the fields added to ``Participant``.

What a release lets a prosecutor, police liaison or probation officer have is a summary: that there
is a match, how the case relates, where the decision stands. Reasons, requests, corrections and who
did what are labelled raw, and so stay with those who work the case.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.pagination import Connection, Page, connection, page_size
from infra.request_context import RequestContext, context_of
from infra.schema_directives import about, category
from infra.vocabulary import Category
from svc_cases.cases import repository as cases
from svc_cases.cases.schema import PUBLIC, STRUCTURE, After, CaseParts, First, PublicCase, read_id
from svc_cases.coordination import repository, rules
from svc_cases.coordination.repository import Match
from svc_cases.coordination.schema.parts import (
    DateCorrection,
    FilingDecision,
    MatchParts,
    Warrant,
)
from svc_cases.coordination.schema.words import ABOUT_PARTICIPANT, COORDINATION, SUMMARY
from svc_cases.counsel.repository import PageKey, holds_participant
from svc_cases.counsel.rules import CASE_WORK_GROUNDS
from svc_cases.counsel.schema import CounselConnection, CounselOfRecord
from svc_cases.counsel.tables import Counsel
from svc_cases.letters.repository import LettersOfParticipant
from svc_cases.letters.schema import (
    WORDING,
    CourtLetter,
    CourtLetterMaterial,
    ProgressSummary,
    material_of,
)
from svc_cases.requests.repository import RequestsOfMatch
from svc_cases.requests.schema import CoordinationRequest


@strawberry.federation.type(
    keys=["id"],
    directives=PUBLIC,
    description="A case on a docket, as the public record has it. It tells nothing of LEAD.",
)
class LegalCase(PublicCase):
    """A case."""

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> Sequence["LegalCase | None"]:
        """Return the public cases among some references."""
        ids = [read_id(each.get("id")) for each in representations]
        context = context_of(info)
        async with context.reading() as session:
            found = await cases.public_cases_by_ids(session, context.caller, ids)
        return [cls(row=found[each]) if each in found else None for each in ids]

    @strawberry.field(
        directives=SUMMARY,
        description="The match to a participant, for those who may know of it; else null.",
    )
    async def lead_link(self, info: Info) -> "LeadLink | None":
        """Return the match."""
        match = await context_of(info).loader(MatchParts).of_cases.load(self.row.id)
        return None if match is None else LeadLink(match=match)


@strawberry.federation.type(
    keys=["id"],
    directives=[*SUMMARY, ABOUT_PARTICIPANT],
    description="That a case is a participant's, and what LEAD's partners do about it.",
)
class LeadLink:
    """A match. ``enrolled_on`` comes from another service, in the reference to this entity."""

    match: strawberry.Private[Match]
    enrolled_on: strawberry.Private[date | None] = None

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> Sequence["LeadLink | None"]:
        """Return the visible matches among some references, with the day of enrollment given."""
        ids = [read_id(each.get("id")) for each in representations]
        context = context_of(info)
        async with context.reading() as session:
            found = await repository.matches_by_ids(session, context.caller, ids)
        return [
            cls(match=found[each], enrolled_on=enrollment_in(reference)) if each in found else None
            for each, reference in zip(ids, representations, strict=True)
        ]

    @property
    def _dates(self) -> rules.CaseDates:
        case = self.match.case
        return rules.CaseDates(case.incident_on, case.filed_on, case.closed_on)

    @strawberry.federation.field(directives=STRUCTURE, description="Id of the match.")
    def id(self) -> strawberry.ID:
        """Return the id."""
        return strawberry.ID(str(self.match.link.id))

    @strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whose case it is."
    )
    def participant_id(self) -> strawberry.ID:
        """Return the participant's id."""
        return strawberry.ID(str(self.match.link.participant_id))

    @strawberry.federation.field(
        description="The case. Who may have a summary only sees it once it is filed.",
    )
    def case(self, info: Info) -> LegalCase | None:
        """Return the case."""
        role = context_of(info).caller.role
        is_filed = self.match.case.filed_on is not None
        if not is_filed and role not in rules.ROLES_WITH_UNFILED_CASES:
            return None
        return LegalCase(row=self.match.case)

    @strawberry.federation.field(description="The participant.")
    def participant(self) -> "Participant | None":
        """Return the participant's reference."""
        return Participant(id=strawberry.ID(str(self.match.link.participant_id)))

    @strawberry.federation.field(
        requires=["participant { enrolledOn }"],
        description="How the case relates to the enrollment, from the dates as they stand now.",
    )
    def relation(self) -> rules.CaseRelation | None:
        """Return the relation."""
        return rules.relation(
            self._dates,
            self.enrolled_on,
            is_diverted_arrest=self.match.link.is_diverted_arrest,
        )

    @strawberry.federation.field(
        requires=["participant { enrolledOn }"],
        description="When the incident was, for a case filed after enrollment; else null.",
    )
    def incident_timing(self) -> rules.IncidentTiming | None:
        """Return the timing."""
        return rules.incident_timing(
            self._dates,
            self.enrolled_on,
            is_diverted_arrest=self.match.link.is_diverted_arrest,
        )

    @strawberry.federation.field(description="Where the prosecutor's decision stands.")
    def coordination_status(self) -> rules.CoordinationStatus | None:
        """Return the status."""
        stored = rules.CoordinationStatus(self.match.link.coordination_status)
        return rules.current_status(stored, is_filed=self.match.case.filed_on is not None)

    @strawberry.federation.field(description="The prosecutor's latest decision, if there is one.")
    async def filing_decision(self, info: Info) -> FilingDecision | None:
        """Return the decision."""
        row = await context_of(info).loader(MatchParts).decisions.load(self.match.link.id)
        return None if row is None else FilingDecision(row=row)

    @strawberry.federation.field(
        directives=[category(Category.WARRANTS)], description="Warrants in this case."
    )
    async def warrants(self, info: Info) -> list[Warrant | None] | None:
        """Return the warrants."""
        rows = await context_of(info).loader(MatchParts).warrants.load(self.match.link.id)
        return [Warrant(row=row) for row in rows]

    @strawberry.federation.field(
        description=(
            "What the prosecuting office was asked, newest first; an office reads what was"
            " written to itself."
        )
    )
    async def requests(self, info: Info) -> list[CoordinationRequest | None] | None:
        """Return the requests."""
        rows = await context_of(info).loader(RequestsOfMatch).load(self.match.link.id)
        return [CoordinationRequest(row=row) for row in rows or ()]

    @strawberry.federation.field(
        directives=COORDINATION, description="Corrected dates of the case, oldest first."
    )
    async def date_corrections(self, info: Info) -> list[DateCorrection] | None:
        """Return the corrections."""
        rows = await context_of(info).loader(CaseParts).corrections.load(self.match.case.id)
        return [DateCorrection.of(row) for row in rows]

    @strawberry.federation.field(
        directives=COORDINATION,
        description="Whether this is the very arrest that was diverted, as the matcher said.",
    )
    def is_diverted_arrest(self) -> bool | None:
        """Return the mark."""
        return self.match.link.is_diverted_arrest

    @strawberry.federation.field(
        directives=COORDINATION, description="Day on which the match was recorded."
    )
    def matched_on(self) -> date | None:
        """Return the day."""
        return self.match.link.matched_on

    @strawberry.federation.field(
        directives=COORDINATION, description="Whether the match has been ended."
    )
    def is_ended(self) -> bool | None:
        """Return whether it is over."""
        return self.match.link.ended_at is not None

    @strawberry.federation.field(description="Counts changes of the match.")
    def version(self) -> int | None:
        """Return the version."""
        return self.match.link.version


def enrollment_in(reference: dict[str, Any]) -> date | None:
    """Return the day of enrollment that a reference to a match carries, if it carries one."""
    participant = reference.get("participant")
    text = participant.get("enrolledOn") if isinstance(participant, dict) else None
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


LeadLinkConnection = Connection[LeadLink]
"""A page of matches."""


def page_of_matches(
    context: RequestContext, page: Page[Match], *, name: str, after: str | None
) -> LeadLinkConnection:
    """Return a page of matches as GraphQL shows it; ``name`` is what its cursors are bound to."""
    return connection(
        page,
        seal=context.seal,
        caller=context.caller,
        name=name,
        after=after,
        key=lambda match: repository.BY_MATCH.key(match.link),
        node=lambda match: LeadLink(match=match),
    )


@strawberry.federation.type(
    keys=["id"],
    directives=[category(Category.IDENTITY), about("id")],
    description="A person whom LEAD serves; here only the legal side.",
)
class Participant:
    """The fields that this service adds to another service's entity."""

    id: strawberry.ID = strawberry.federation.field(
        directives=STRUCTURE, description="Id of the participant."
    )
    enrolled_on: date | None = strawberry.federation.field(
        external=True,
        default=None,
        directives=[category(Category.ENROLLMENT)],
        description="First day of enrollment.",
    )
    progress_summary: ProgressSummary | None = strawberry.federation.field(
        external=True,
        default=None,
        directives=[WORDING],
        description="The favourable-safe summary for partners.",
    )
    summary: strawberry.Private[object] = None

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> Sequence["Participant | None"]:
        """Return stubs: each of their fields narrows by itself, so an absent one has nothing."""
        del info
        return [
            cls(id=strawberry.ID(each["id"]), summary=each.get("progressSummary"))
            if isinstance(each.get("id"), str)
            else None
            for each in representations
        ]

    @strawberry.federation.field(
        directives=COORDINATION,
        requires=["progressSummary { nothingToAdd statement whatWouldHelp }"],
        description="The approved words that a letter to a court can be made of, as of now.",
    )
    async def court_letter_material(self, info: Info) -> CourtLetterMaterial | None:
        """Return the material, for a participant whose legal side the caller works on."""
        context = context_of(info)
        async with context.reading() as session:
            is_held = await holds_participant(
                session, context.caller, read_id(self.id), _work_ground(context)
            )
        return material_of(context, str(self.id), self.summary) if is_held else None

    @strawberry.federation.field(
        directives=[WORDING], description="Letters to a court about the person, newest first."
    )
    async def court_letters(self, info: Info) -> list[CourtLetter | None] | None:
        """Return the letters."""
        rows = await context_of(info).loader(LettersOfParticipant).load(read_id(self.id))
        return [CourtLetter(row=row) for row in rows or ()]

    @strawberry.federation.field(
        directives=SUMMARY, description="The participant's cases, in the order they were matched."
    )
    async def legal_cases(
        self, info: Info, first: First = 25, after: After = None
    ) -> LeadLinkConnection | None:
        """Return a page of matches."""
        context, name = context_of(info), f"Participant.legalCases:{self.id}"
        key = _page_key(context, name, after)
        loader = context.loader(MatchParts).pages
        page = await loader.load((read_id(self.id), page_size(first), key))
        return page_of_matches(context, page, name=name, after=after)

    @strawberry.federation.field(
        directives=COORDINATION, description="The participant's present counsel of record."
    )
    async def counsel(
        self, info: Info, first: First = 25, after: After = None
    ) -> CounselConnection | None:
        """Return a page of counsel of record."""
        context, name = context_of(info), f"Participant.counsel:{self.id}"
        key = _page_key(context, name, after)
        loader = context.loader(MatchParts).counsel
        return connection(
            await loader.load((read_id(self.id), page_size(first), key)),
            seal=context.seal,
            caller=context.caller,
            name=name,
            after=after,
            key=_counsel_key,
            node=lambda row: CounselOfRecord(row=row),
        )


def _work_ground(context: RequestContext) -> str:
    caller = context.caller
    return CASE_WORK_GROUNDS.get(caller.role, caller.access.get(Category.LEGAL_COORD, ""))


def _counsel_key(row: Counsel) -> tuple[str, str]:
    return row.recorded_at.isoformat(), str(row.id)


def _page_key(context: RequestContext, name: str, after: str | None) -> PageKey | None:
    if after is None:
        return None
    recorded_at, row_id = context.seal.open(context.caller, name, after)
    return datetime.fromisoformat(recorded_at), UUID(row_id)
