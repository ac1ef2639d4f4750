"""Reading referrals: one, the own ones, those that await a decision, those of a participant."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry.types import Info

from infra.owner_pages import Order, bound_name, page_request
from infra.pagination import Connection, Page, connection
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_participants.people.schema import After, First, GlobalId, Participant
from svc_participants.referrals import repository
from svc_participants.referrals.choosing import QueueChoice, QueueOrder
from svc_participants.referrals.rules import Door, ReferralStatus, Urgency
from svc_participants.referrals.schema.referral import Referral, load_referral, referral_of
from svc_participants.referrals.tables import ReferralRow

_STRUCTURE = [category(Category.STRUCTURE)]
_REFERRAL, _ELIGIBILITY = [category(Category.REFERRAL)], [category(Category.ELIGIBILITY)]
_MINE, _QUEUE = "Query.myReferrals", "Query.referralQueue"
_OF_PARTICIPANT = "Participant.referrals"


async def connected(
    info: Info, page: Page[ReferralRow], name: str, order: Order, after: str | None
) -> Connection[Referral]:
    """Return a page of referrals, each with what the caller may see of it."""
    context = context_of(info)
    loader = context.loader(repository.ReferralLoader)
    seen = await loader.load_many([row.id for row in page.rows])
    nodes = {each.row.id: referral_of(each) for each in seen if each is not None}
    rows = [row for row in page.rows if row.id in nodes]
    return connection(
        Page(rows, page.has_next, page.total),
        seal=context.seal,
        caller=context.caller,
        name=name,
        after=after,
        key=order.key,
        node=lambda row: nodes[row.id],
    )


@strawberry.type(directives=_STRUCTURE, description="Reading about referrals.")
class ReferralQuery:
    """Root fields about referrals."""

    @strawberry.field(description="One referral; null when there is none that you may see.")
    async def referral(self, info: Info, id: GlobalId) -> Referral | None:  # noqa: A002
        """Return one referral."""
        return await load_referral(info, id)

    @strawberry.field(description="The referrals that you have written, newest first.")
    async def my_referrals(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[Referral] | None:
        """Return a page of the caller's own referrals."""
        context, order = context_of(info), repository.BY_SUBMISSION
        request = page_request(context, info, name=_MINE, order=order, first=first, after=after)
        async with context.reading() as session:
            page = await repository.own_page(session, context.caller, request)
        return await connected(info, page, _MINE, order, after)

    @strawberry.field(
        description="Referrals that await a decision of yours, longest waiting first unless "
        "`order` says otherwise.",
        directives=[category(Category.ELIGIBILITY)],
    )
    async def referral_queue(
        self,
        info: Info,
        first: First = 25,
        after: After = None,
        status: Annotated[
            ReferralStatus | None,
            strawberry.argument(
                description="Only what stands here: in screening, or on the waiting list.",
                directives=_ELIGIBILITY,
            ),
        ] = None,
        door: Annotated[
            Door | None,
            strawberry.argument(description="Only through this door.", directives=_REFERRAL),
        ] = None,
        urgency: Annotated[
            Urgency | None,
            strawberry.argument(description="Only as urgent as this.", directives=_REFERRAL),
        ] = None,
        received_since: Annotated[
            date | None,
            strawberry.argument(
                description="Only what was handed in on this day of the site or later.",
                directives=_REFERRAL,
            ),
        ] = None,
        order: Annotated[
            QueueOrder, strawberry.argument(description="Order.", directives=_ELIGIBILITY)
        ] = QueueOrder.LONGEST_WAITING_FIRST,
    ) -> Connection[Referral] | None:
        """Return a page of the queue."""
        choice = QueueChoice(status, door, urgency, received_since, order)
        context, by = context_of(info), repository.QUEUE_ORDERS[order]
        name = bound_name(_QUEUE, choice)
        request = page_request(context, info, name=name, order=by, first=first, after=after)
        async with context.reading() as session:
            page = await repository.queue_page(session, context.caller, request, choice)
        return await connected(info, page, name, by, after)


async def _referrals(
    root: strawberry.Parent[Participant], info: Info, first: First = 25, after: After = None
) -> Connection[Referral] | None:
    context, order = context_of(info), repository.BY_SUBMISSION
    request = page_request(
        context, info, name=_OF_PARTICIPANT, order=order, first=first, after=after
    )
    loader = context.loader(repository.ReferralsOfParticipant)
    page = await loader.load(root.seen.row.id, request)
    return await connected(info, page, _OF_PARTICIPANT, order, after)


@strawberry.type
class ReferralFields:
    """What referrals add to ``Participant``; put there by ``subgraph``."""

    referrals: Connection[Referral] | None = strawberry.field(
        resolver=_referrals,
        description="Referrals of the person, newest first.",
        directives=[category(Category.REFERRAL)],
    )
