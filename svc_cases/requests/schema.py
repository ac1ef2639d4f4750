"""Requests in GraphQL. They are written for the office, and so are a summary by their nature."""

from datetime import datetime

import strawberry

from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category, Form
from svc_cases.cases.schema import STRUCTURE
from svc_cases.requests import rules, tables

described_enum(
    rules.RequestKind,
    "What is asked of the prosecuting office.",
    {
        rules.RequestKind.HOLD: "To hold the matter, so that work with LEAD can go on.",
        rules.RequestKind.DECLINE: "Not to file.",
        rules.RequestKind.QUASH_WARRANT: "To ask the court to quash a warrant.",
        rules.RequestKind.CONTINUANCE: "To agree to a later court date.",
        rules.RequestKind.CONTEXT: "Nothing; something that the office should know.",
    },
)
described_enum(
    rules.RequestStatus,
    "What has become of a request to the prosecuting office.",
    {
        rules.RequestStatus.OPEN: "Not answered.",
        rules.RequestStatus.GRANTED: "The office does what was asked.",
        rules.RequestStatus.NOT_GRANTED: "The office does not, in its own discretion.",
        rules.RequestStatus.NOTED: "The office has read it.",
        rules.RequestStatus.WITHDRAWN: "Whoever asked has taken it back.",
    },
)


@strawberry.federation.type(
    directives=[category(Category.LEGAL_COORD, Form.SUMMARY), about("participantId")],
    description=(
        "What a case manager or counsel asks of the prosecuting office about a matched case, in"
        " words written for the office; no note and nothing made from one."
    ),
)
class CoordinationRequest:
    """A request."""

    row: strawberry.Private[tables.CoordinationRequest]

    @strawberry.federation.field(directives=STRUCTURE, description="Id of the request.")
    def id(self) -> strawberry.ID:
        """Return the id."""
        return strawberry.ID(str(self.row.id))

    @strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whom it is about."
    )
    def participant_id(self) -> strawberry.ID:
        """Return the participant."""
        return strawberry.ID(str(self.row.participant_id))

    @strawberry.federation.field(description="What is asked for.")
    def kind(self) -> rules.RequestKind | None:
        """Return the kind."""
        return rules.RequestKind(self.row.kind)

    @strawberry.federation.field(description="Why, in words for the office.")
    def context(self) -> str | None:
        """Return the context."""
        return self.row.context

    @strawberry.federation.field(description="What has become of it.")
    def status(self) -> rules.RequestStatus | None:
        """Return the status."""
        return rules.RequestStatus(self.row.status)

    @strawberry.federation.field(description="The office's answer, in its words.")
    def answer(self) -> str | None:
        """Return the answer."""
        return self.row.answer

    @strawberry.federation.field(description="Agency of who asked.")
    def agency_id(self) -> strawberry.ID | None:
        """Return the agency."""
        return strawberry.ID(self.row.agency_id)

    @strawberry.federation.field(description="When it was made.")
    def requested_at(self) -> datetime | None:
        """Return the moment."""
        return self.row.requested_at

    @strawberry.federation.field(description="When it was answered or withdrawn.")
    def answered_at(self) -> datetime | None:
        """Return the moment."""
        return self.row.answered_at

    @strawberry.federation.field(description="Counts changes; a change names it.")
    def version(self) -> int | None:
        """Return the version."""
        return self.row.version
