"""Who is invited to a meeting in GraphQL: records about staff. Nothing about a participant."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet
from strawberry.types import Info

from infra.request_context import context_of
from svc_cases.cases.schema import CATALOGUE, STRUCTURE
from svc_cases.conferences import tables
from svc_cases.conferences.schema.pledges import wordings_at
from svc_cases.conferences.schema.words import STAFF


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("id"), resolvable=False)],
    directives=CATALOGUE,
    description="An agency of the directory.",
)
class Agency:
    """Owned by the directory; here only named."""

    id: strawberry.ID = strawberry.field(
        directives=STRUCTURE, description="Global id of the agency."
    )


@strawberry.type(
    directives=STAFF, description="Somebody who is invited to a meeting of the work group."
)
class OwgAttendee:
    """An attendee."""

    row: strawberry.Private[tables.Attendee]
    site_id: strawberry.Private[UUID]

    @strawberry.field(directives=STRUCTURE, description="Id of the invitation.")
    def id(self) -> strawberry.ID:
        """Return the id."""
        return strawberry.ID(str(self.row.id))

    @strawberry.field(description="Account of who is invited.")
    def account_id(self) -> strawberry.ID | None:
        """Return the account."""
        return strawberry.ID(self.row.account)

    @strawberry.field(description="Agency that they come from.")
    def agency(self) -> Agency | None:
        """Return the agency's reference."""
        return Agency(id=strawberry.ID(self.row.agency_id))

    @strawberry.field(description="Code of the role that they come in, for example `LEL`.")
    def role(self) -> str | None:
        """Return the role."""
        return self.row.role

    @strawberry.field(description="When they pledged confidentiality; before that, no agenda.")
    def pledged_at(self) -> datetime | None:
        """Return the moment."""
        return self.row.pledged_at

    @strawberry.field(description="Version of the wording that they pledged; null before that.")
    def pledge_version(self) -> str | None:
        """Return the version."""
        return self.row.pledge_version

    @strawberry.field(
        description="The wording that they pledged, whatever was published since; null before that."
    )
    async def pledge_text(self, info: Info) -> str | None:
        """Return the wording."""
        if self.row.pledge_version is None:
            return None
        wordings = await wordings_at(context_of(info), self.site_id)
        return next((w.text for w in wordings if w.version == self.row.pledge_version), None)

    @strawberry.field(description="Whether they came; null while that is not recorded.")
    def has_attended(self) -> bool | None:
        """Return whether they came."""
        return self.row.has_attended
