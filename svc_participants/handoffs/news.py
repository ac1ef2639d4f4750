"""The events of handoffs."""

from typing import Annotated

import strawberry
from strawberry import argument
from strawberry.types import Info

from infra.entity_references import parse_id
from infra.events import event_id
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_participants.handoffs import repository
from svc_participants.handoffs.schema import Handoff, handoff_of

_STRUCTURE = [category(Category.STRUCTURE)]
_REFERRAL = [category(Category.REFERRAL)]


@strawberry.type(directives=_STRUCTURE, description="What there is to hear of handoffs.")
class HandoffSubscription:
    """Root fields of streams about handoffs."""

    @strawberry.field(  # type: ignore[untyped-decorator]  # Strawberry's overloads lose this one
        description="Somebody calls you to where a person is (CM on call), or your agency (SUP).",
        directives=_STRUCTURE,
    )
    async def handoff_requested(self, info: Info) -> Handoff | None:
        """Return the call that the event is about."""
        context, key = context_of(info), event_id(context_of(info).caller, "handoffRequested")
        if key is None:
            return None
        async with context.reading() as session:
            row = await repository.call_by_id(session, context.caller, key)
        return None if row is None else handoff_of(row)

    @strawberry.field(  # type: ignore[untyped-decorator]  # Strawberry's overloads lose this one
        description=(
            "Whoever was called set out, met the person, or did not: for who asked, and the"
            " agency that comes (LEO, LEL for the own referral; CM, SUP)."
        ),
        directives=_STRUCTURE,
    )
    async def handoff_answered(
        self,
        info: Info,
        referral_id: Annotated[
            strawberry.ID, argument(description="Of which referral.", directives=_REFERRAL)
        ],
    ) -> Handoff | None:
        """Return the handoff that the event is about, as it stands now."""
        context, key = context_of(info), event_id(context_of(info).caller, "handoffAnswered")
        if key is None:
            return None
        async with context.reading() as session:
            row = await repository.answer_by_id(session, context.caller, key)
        if row is None or row.referral_id != parse_id(referral_id):
            return None
        return handoff_of(row)
