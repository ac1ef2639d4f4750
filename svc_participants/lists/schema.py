"""GraphQL of the lists of people. Each argument says by which category it selects."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated

import strawberry
from strawberry.types import Info

from infra.owner_pages import bound_name, page_request
from infra.pagination import Connection, Page, connection
from infra.request_context import context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.enrollments import schema as _published  # noqa: F401 - before types use them
from svc_participants.enrollments.rules import EnrollmentStatus, InactiveReason
from svc_participants.lists import repository
from svc_participants.lists.rules import ORDER_MEANINGS, Choice, ContactOrder
from svc_participants.people.repository import Seen
from svc_participants.people.schema import After, First, Participant, participant_of

_ENROLLMENT = [category(Category.ENROLLMENT)]
_NOTES = [category(Category.CASE_NOTES)]

described_enum(ContactOrder, "By when people were last met.", ORDER_MEANINGS)

Status = Annotated[
    EnrollmentStatus | None,
    strawberry.argument(
        description="Only whose newest enrollment that you may see stands like this.",
        directives=_ENROLLMENT,
    ),
]
WhyInactive = Annotated[
    InactiveReason | None,
    strawberry.argument(
        description="Only who is out of touch for this reason: `CUSTODY`, say.",
        directives=_ENROLLMENT,
    ),
]
ProgrammeId = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description="Only who has a place in this programme now.", directives=_ENROLLMENT
    ),
]
LastContactBefore = Annotated[
    date | None,
    strawberry.argument(
        description="Only whom nobody has met on this day or since, as far as you may know: no "
        "contact with the person (`encounters`) and no attempt that reached them.",
        directives=_NOTES,
    ),
]
ByContact = Annotated[
    ContactOrder | None,
    strawberry.argument(
        description="By the last contact; without it, by when their record began.",
        directives=_NOTES,
    ),
]


@strawberry.type(directives=[category(Category.STRUCTURE)], description="Reading lists of people.")
class ListQuery:
    """Root fields that list people."""

    @strawberry.field(
        description="The people whose identity you may see, by when their record began or as "
        "`order` says. What an argument looks at, you must be permitted for each person found."
    )
    async def participants(
        self,
        info: Info,
        first: First = 25,
        after: After = None,
        status: Status = None,
        inactive_reason: WhyInactive = None,
        programme_id: ProgrammeId = None,
        last_contact_before: LastContactBefore = None,
        case_manager_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="Only with whom this account works now.", directives=_ENROLLMENT
            ),
        ] = None,
        is_assigned: Annotated[
            bool | None,
            strawberry.argument(
                description="Only with whom somebody works now; or nobody, as far as you may know.",
                directives=_ENROLLMENT,
            ),
        ] = None,
        order: ByContact = None,
    ) -> Connection[Participant] | None:
        """Return a page of participants."""
        choice = Choice(
            status,
            inactive_reason,
            programme_id,
            last_contact_before,
            case_manager_id,
            is_assigned,
            order,
        )
        return await _listed(
            info, "Query.participants", repository.identified_page, choice, first, after
        )

    @strawberry.field(
        description="The people whom you work with, by when their record began or as `order` "
        "says. What an argument looks at, you must be permitted for each person found."
    )
    async def caseload(
        self,
        info: Info,
        first: First = 25,
        after: After = None,
        status: Status = None,
        inactive_reason: WhyInactive = None,
        programme_id: ProgrammeId = None,
        last_contact_before: LastContactBefore = None,
        order: ByContact = None,
    ) -> Connection[Participant] | None:
        """Return a page of the caller's caseload."""
        choice = Choice(status, inactive_reason, programme_id, last_contact_before, order=order)
        return await _listed(info, "Query.caseload", repository.caseload_page, choice, first, after)


async def _listed(
    info: Info,
    field: str,
    read: Callable[..., Awaitable[Page[repository.Listed]]],
    choice: Choice,
    first: int,
    after: str | None,
) -> Connection[Participant]:
    context = context_of(info)
    name, order = bound_name(field, choice), repository.order_of(choice)
    request = page_request(context, info, name=name, order=order, first=first, after=after)
    async with context.reading() as session:
        found = await read(session, context.caller, request, choice)
    return connection(
        found,
        seal=context.seal,
        caller=context.caller,
        name=name,
        after=after,
        key=lambda each: each.key,
        node=lambda each: participant_of(Seen(each.row, may_see_identity=True)),
    )
