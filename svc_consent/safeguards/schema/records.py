"""Safeguards in GraphQL: what has been reported, demanded, asked for and handed out."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.entity_references import parse_id
from infra.errors import bug
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_consent.agencies.schema.directory import CATALOGUE, STRUCTURE, Agencies, Agency, Sites
from svc_consent.safeguards import rules, tables
from svc_consent.safeguards.repository import (
    MAX_ROWS,
    AmendmentsOfParticipants,
    DemandsOfParticipants,
    HandoutsOfParticipants,
    IncidentsOfParticipants,
)
from svc_consent.safeguards.rules import DemandKind, HandoutKind

_AUDIT = [category(Category.AUDIT)]
_ABOUT = [*_AUDIT, about("participantId")]

described_enum(
    DemandKind,
    "What somebody with authority asks for, or orders.",
    {
        DemandKind.SUBPOENA: "A subpoena; alone it releases nothing.",
        DemandKind.WARRANT: "A search or arrest warrant; alone it releases nothing.",
        DemandKind.ORDER_2_64: "A court order under 42 CFR 2.64.",
        DemandKind.ORDER_2_65: "A court order under 42 CFR 2.65.",
        DemandKind.OTHER: "Something else.",
    },
    name="LegalDemandKind",
)
described_enum(
    HandoutKind,
    "What a person was given, or read to.",
    {
        HandoutKind.PATIENT_NOTICE: "The notice to patients (42 CFR 2.22).",
        HandoutKind.ASSISTED_READING: "Somebody read the record or its accounting to them.",
        HandoutKind.PAPER_COPY: "A copy on paper.",
    },
)


@strawberry.federation.type(
    directives=_ABOUT, description="A report that an agency misused what it knew (GR-9)."
)
class Incident:
    """One incident."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Its id.")
    participant_id: strawberry.ID | None = strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whose information."
    )
    what: str | None = strawberry.field(description="What was reported.")
    reported_at: datetime | None = strawberry.field(description="When.")
    frozen_at: datetime | None = strawberry.field(description="Since when access is frozen.")
    lifted_at: datetime | None = strawberry.field(description="Until when it was frozen.")
    assessed_at: datetime | None = strawberry.field(description="When it was assessed.")
    is_breach: bool | None = strawberry.field(description="Whether it is a breach.")
    outcome: str | None = strawberry.field(description="What came of it.")
    version: int | None = strawberry.field(description="Counts changes; an update names it.")
    agency_id: strawberry.Private[UUID]
    row: strawberry.Private[tables.Incident]

    @strawberry.field(description="The agency that is suspected.")
    async def agency(self, info: Info) -> Agency | None:
        """Return the agency."""
        row = await context_of(info).loader(Agencies).load(self.agency_id)
        return None if row is None else Agency.from_row(row)

    @strawberry.field(description="Who must be told of the breach, and by when.")
    async def notices(self, info: Info) -> list["BreachNotice"] | None:
        """Return who must be told; days run from that of the report, at the site."""
        if not self.row.is_breach:
            return []
        site = await context_of(info).loader(Sites).load(self.row.site_id)
        if site is None:
            bug("an incident has a site")
        discovered_on = rules.discovered_on(self.row.reported_at, site.time_zone)
        notices = rules.who_must_be_told(self.row.affected or 1, discovered_on)
        return [BreachNotice(who=n.who, due_on=n.due_on, citation=n.citation) for n in notices]

    @classmethod
    def from_row(cls, row: tables.Incident) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            participant_id=strawberry.ID(str(row.participant_id)),
            what=row.what,
            reported_at=row.reported_at,
            frozen_at=row.frozen_at,
            lifted_at=row.lifted_at,
            assessed_at=row.assessed_at,
            is_breach=row.is_breach,
            outcome=row.outcome,
            version=row.version,
            agency_id=row.agency_id,
            row=row,
        )


@strawberry.type(directives=_AUDIT, description="Somebody who must be told of a breach.")
class BreachNotice:
    """One notice."""

    who: str | None = strawberry.field(description="Who.")
    due_on: date | None = strawberry.field(description="By when, a day at the site.")
    citation: str | None = strawberry.field(description="Where that is written.")


@strawberry.federation.type(
    directives=_ABOUT, description="A subpoena, warrant or order; it holds deletion."
)
class LegalDemand:
    """One demand."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Its id.")
    participant_id: strawberry.ID | None = strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whom it is about."
    )
    kind: DemandKind | None = strawberry.field(description="What it is.")
    issued_by: str | None = strawberry.field(description="Who issued it.")
    order_number: str | None = strawberry.field(description="Number of the order.")
    scope: str | None = strawberry.field(description="What it asks for, as it says.")
    return_on: date | None = strawberry.field(description="By when an answer is asked for.")
    recorded_at: datetime | None = strawberry.field(description="When it was taken in.")
    hold_ended_at: datetime | None = strawberry.field(description="When the hold ended.")
    outcome: str | None = strawberry.field(description="What counsel decided.")
    version: int | None = strawberry.field(description="Counts changes; an update names it.")

    @classmethod
    def from_row(cls, row: tables.LegalDemand) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            participant_id=strawberry.ID(str(row.participant_id)),
            kind=DemandKind(row.kind),
            issued_by=row.issued_by,
            order_number=row.order_number,
            scope=row.scope,
            return_on=row.return_on,
            recorded_at=row.recorded_at,
            hold_ended_at=row.hold_ended_at,
            outcome=row.outcome,
            version=row.version,
        )


@strawberry.federation.type(
    directives=_ABOUT, description="A request to amend the record, kept beside it."
)
class AmendmentRequest:
    """One request (45 CFR 164.526)."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Its id.")
    participant_id: strawberry.ID | None = strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whose record."
    )
    category: Category | None = strawberry.field(description="Which part of the record.")
    what: str | None = strawberry.field(description="What should be different.")
    requested_at: datetime | None = strawberry.field(description="When it was asked for.")
    is_accepted: bool | None = strawberry.field(description="Whether it was accepted.")
    answer: str | None = strawberry.field(description="The answer.")
    answered_at: datetime | None = strawberry.field(description="When it was answered.")

    @classmethod
    def from_row(cls, row: tables.AmendmentRequest) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            participant_id=strawberry.ID(str(row.participant_id)),
            category=Category(row.category),
            what=row.what,
            requested_at=row.requested_at,
            is_accepted=row.is_accepted,
            answer=row.answer,
            answered_at=row.answered_at,
        )


@strawberry.federation.type(
    directives=_ABOUT, description="That a person was given something, or was read to."
)
class Handout:
    """One handout."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Its id.")
    participant_id: strawberry.ID | None = strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Who got it."
    )
    kind: HandoutKind | None = strawberry.field(description="What it was.")
    what: str | None = strawberry.field(description="In more words, or its version.")
    language: str | None = strawberry.field(description="In which language.")
    given_at: datetime | None = strawberry.field(description="When.")

    @classmethod
    def from_row(cls, row: tables.Handout) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            participant_id=strawberry.ID(str(row.participant_id)),
            kind=HandoutKind(row.kind),
            what=row.what,
            language=row.language,
            given_at=row.given_at,
        )


@strawberry.type(directives=CATALOGUE, description="The notice to patients (42 CFR 2.22).")
class PatientNotice:
    """The notice in one language."""

    language: str = strawberry.field(description="Its language.")
    version: str = strawberry.field(description="Its version.")
    text: str = strawberry.field(description="Its words.")


@strawberry.type(directives=STRUCTURE)
class SafeguardsQuery:
    """Root fields about safeguards."""

    @strawberry.field(description="The notice to patients, by language.", directives=CATALOGUE)
    async def patient_notices(self) -> list[PatientNotice] | None:
        """Return the notice in every language."""
        return [PatientNotice(language=a, version=b, text=c) for a, b, c in rules.patient_notices()]


@strawberry.type
class ParticipantSafeguards:
    """What this slice adds to a participant."""

    id: strawberry.ID = strawberry.federation.field(
        directives=STRUCTURE, description="Global id of the participant."
    )

    @strawberry.field(description="Reports of misuse, the newest 100.", directives=_AUDIT)
    async def incidents(self, info: Info) -> list[Incident] | None:
        """Return the incidents about the participant."""
        context, row_id = context_of(info), parse_id(str(self.id))
        if row_id is None:
            return None
        rows = await context.loader(IncidentsOfParticipants).first(row_id, MAX_ROWS)
        return [Incident.from_row(row) for row in rows]

    @strawberry.field(
        description="Subpoenas, warrants and orders, the newest 100; for staff.", directives=_AUDIT
    )
    async def legal_demands(self, info: Info) -> list[LegalDemand] | None:
        """Return the demands about the participant."""
        context, row_id = context_of(info), parse_id(str(self.id))
        if row_id is None:
            return None
        rows = await context.loader(DemandsOfParticipants).first(row_id, MAX_ROWS)
        return [LegalDemand.from_row(row) for row in rows]

    @strawberry.field(
        description="Requests to amend the record, the newest 100.", directives=_AUDIT
    )
    async def amendment_requests(self, info: Info) -> list[AmendmentRequest] | None:
        """Return the requests to amend."""
        context, row_id = context_of(info), parse_id(str(self.id))
        if row_id is None:
            return None
        rows = await context.loader(AmendmentsOfParticipants).first(row_id, MAX_ROWS)
        return [AmendmentRequest.from_row(row) for row in rows]

    @strawberry.field(description="What the person was given, the newest 100.", directives=_AUDIT)
    async def handouts(self, info: Info) -> list[Handout] | None:
        """Return the handouts."""
        context, row_id = context_of(info), parse_id(str(self.id))
        if row_id is None:
            return None
        rows = await context.loader(HandoutsOfParticipants).first(row_id, MAX_ROWS)
        return [Handout.from_row(row) for row in rows]
