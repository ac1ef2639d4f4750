"""Counsel of record in GraphQL."""

from datetime import date

import strawberry

from infra.pagination import Connection
from infra.schema_directives import about, category
from infra.vocabulary import Category
from svc_cases.cases.schema import STRUCTURE
from svc_cases.counsel import tables


@strawberry.federation.type(
    directives=[category(Category.LEGAL_COORD), about("participantId")],
    description="A defender who is counsel of record of a participant.",
)
class CounselOfRecord:
    """A counsel of record."""

    row: strawberry.Private[tables.Counsel]

    @strawberry.federation.field(directives=STRUCTURE, description="Id of the entry.")
    def id(self) -> strawberry.ID:
        """Return the id."""
        return strawberry.ID(str(self.row.id))

    @strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whose counsel it is."
    )
    def participant_id(self) -> strawberry.ID:
        """Return the participant."""
        return strawberry.ID(str(self.row.participant_id))

    @strawberry.federation.field(description="Account of the defender.")
    def defender_account_id(self) -> strawberry.ID | None:
        """Return the account."""
        return strawberry.ID(self.row.defender)

    @strawberry.federation.field(description="Agency of the defender.")
    def agency_id(self) -> strawberry.ID | None:
        """Return the agency."""
        return strawberry.ID(self.row.agency_id)

    @strawberry.federation.field(description="First day.")
    def starts_on(self) -> date | None:
        """Return the first day."""
        return self.row.starts_on

    @strawberry.federation.field(description="Day on which the defender confirmed it.")
    def confirmed_on(self) -> date | None:
        """Return the day of confirmation."""
        return self.row.confirmed_on

    @strawberry.federation.field(description="Whether it has been ended.")
    def is_ended(self) -> bool | None:
        """Return whether it is over."""
        return self.row.ended_at is not None

    @strawberry.federation.field(description="Counts changes; a change names it.")
    def version(self) -> int | None:
        """Return the version."""
        return self.row.version


CounselConnection = Connection[CounselOfRecord]
"""A page of counsel of record."""
