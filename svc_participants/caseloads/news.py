"""The event of caseloads."""

import strawberry
from strawberry.types import Info

from infra.events import event_id
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_participants.caseloads import repository
from svc_participants.caseloads.schema import Assignment, assignment_of


@strawberry.type(
    directives=[category(Category.STRUCTURE)], description="What there is to hear of caseloads."
)
class CaseloadSubscription:
    """Root fields of streams about caseloads."""

    @strawberry.field(  # type: ignore[untyped-decorator]  # Strawberry's overloads lose this one
        description=(
            "Somebody of your agency was put on a caseload or taken off it: yours (CM), or any of"
            " the agency (SUP)."
        ),
        directives=[category(Category.STRUCTURE)],
    )
    async def assignment_changed(self, info: Info) -> Assignment | None:
        """Return the assignment that the event is about, as it stands now."""
        context, key = context_of(info), event_id(context_of(info).caller, "assignmentChanged")
        row = None
        if key is not None:
            async with context.reading() as session:
                row = await repository.told_of(session, context.caller, key)
        return None if row is None else assignment_of(row)
