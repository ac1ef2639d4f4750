"""The event of releases."""

from typing import Annotated

import strawberry
from strawberry import argument
from strawberry.types import Info

from infra.entity_references import parse_id
from infra.events import event_id
from infra.request_context import context_of
from svc_consent.agencies.schema.directory import STRUCTURE
from svc_consent.releases import repository
from svc_consent.releases.schema.versions import Release


@strawberry.type(directives=STRUCTURE, description="What there is to hear of releases.")
class ReleaseSubscription:
    """Root fields of streams about releases."""

    @strawberry.field(
        description=(
            "A version of a participant's release was recorded, replaced, taken back or ended"
            " (PAR, REP for the own record; CM)."
        ),
        directives=STRUCTURE,
    )
    async def release_changed(
        self,
        info: Info,
        participant_id: Annotated[strawberry.ID, argument(description="Whose releases.")],
    ) -> Release | None:
        """Return the version that the event is about, as it stands now."""
        context, key = context_of(info), event_id(context_of(info).caller, "releaseChanged")
        if key is None:
            return None
        async with context.reading() as session:
            found = await repository.releases_by_id(session, context.caller, [key])
        row = found.get(key)
        if row is None or row.participant_id != parse_id(participant_id):
            return None
        return Release.from_row(row)
