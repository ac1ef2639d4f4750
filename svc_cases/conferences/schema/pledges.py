"""Wordings of the pledge in GraphQL: a site's own, published by its project manager."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.mutation_result import UserError
from infra.pagination import Connection, connection, page_size
from infra.request_context import RequestContext, context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_cases.cases.schema import STRUCTURE, After, First, perform
from svc_cases.conferences import repository
from svc_cases.conferences.commands import pledges as commands
from svc_cases.conferences.rules import CHAIRS, FIRST_WORDING, MAX_PLEDGE, Wording
from svc_cases.conferences.schema.words import STAFF
from svc_cases.docket.schema.public import INPUT, KEY_DESCRIPTION

_WORDINGS = "Query.pledgeWordings"


async def wordings_at(context: RequestContext, site_id: UUID) -> list[Wording]:
    """Return the wordings at a site of which the caller has reached a meeting, newest first."""
    own = await context.loader(repository.WordingsOfSite).load(site_id)
    return [*(own or ()), FIRST_WORDING]


@strawberry.type(
    directives=STAFF,
    description="A wording of the pledge of confidentiality; published, it is never edited.",
)
class PledgeWording:
    """A wording."""

    number: int | None = strawberry.field(
        description="Counts the site's own wordings; 0 is what every site begins with."
    )
    version: str | None = strawberry.field(
        description="Its name: `signPledge` gives it, and the invitation keeps it."
    )
    text: str | None = strawberry.field(description="What is pledged.")
    published_at: datetime | None = strawberry.field(
        description="From when on it was signed; null for what every site begins with."
    )
    published_by: strawberry.ID | None = strawberry.field(
        description="Account of who published it; null for what every site begins with."
    )

    @classmethod
    def of(cls, wording: Wording) -> "PledgeWording":
        """Return a wording as GraphQL shows it."""
        by = wording.published_by
        return cls(
            number=wording.number,
            version=wording.version,
            text=wording.text,
            published_at=wording.published_at,
            published_by=None if by is None else strawberry.ID(by),
        )


@strawberry.input(description="A wording of the pledge for the own site.")
class PublishPledgeInput:
    """Input of ``publishPledge``."""

    text: str = strawberry.field(
        description=(
            f"What is pledged, 1 to {MAX_PLEDGE} characters; lines may be ended, nothing else that"
            " is not seen may stand in it."
        )
    )
    expected_version: int = strawberry.field(
        description="`number` of the newest wording as you read it; 0 where the site has none."
    )
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.type(directives=STRUCTURE, description="Result of publishPledge.")
class PublishPledgePayload:
    """The wording, or what was wrong."""

    wording: PledgeWording | None = strawberry.field(
        directives=[category(Category.AGENCY_ROLES)],
        description="The wording; null when nothing was published.",
    )
    user_errors: list[UserError] = strawberry.field(description="What to put right.")


@strawberry.type(description="Wordings of the pledge.")
class PledgeQuery:
    """Root of wordings."""

    @strawberry.field(
        directives=STAFF,
        description=(
            "Wordings of the pledge at the own site, newest first, down to what every site begins"
            " with: for who chairs the work group (PM). The first one is signed now."
        ),
    )
    async def pledge_wordings(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[PledgeWording] | None:
        """Return a page of wordings."""
        context, key = context_of(info), None
        if context.caller.role not in CHAIRS:
            return None
        if after is not None:
            (key,) = context.seal.open(context.caller, _WORDINGS, after)
        size = page_size(first)
        async with context.reading() as session:
            page = await repository.wording_page(session, context.caller, size, key)
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=_WORDINGS,
            after=after,
            key=lambda wording: (wording.number,),
            node=PledgeWording.of,
        )


@strawberry.type(description="Changes of the pledge.")
class PledgeMutation:
    """Root of changes."""

    @strawberry.mutation(
        description=(
            "Publish a wording of the pledge for the own site (PM). It is signed from now on; who"
            " has pledged for a meeting has pledged what was read, and the next one asks for this."
        )
    )
    async def publish_pledge(
        self, info: Info, given: Annotated[PublishPledgeInput, INPUT]
    ) -> PublishPledgePayload:
        """Publish a wording."""
        context = context_of(info)
        wording_id, errors = await perform(
            context,
            "publishPledge",
            given,
            lambda session: commands.publish(
                session,
                context.caller,
                text=given.text,
                expected_version=given.expected_version,
            ),
        )
        if errors:
            return PublishPledgePayload(wording=None, user_errors=errors)
        async with context.reading() as session:
            found = await repository.wording_by_id(session, context.caller, wording_id)
        return PublishPledgePayload(
            wording=None if found is None else PledgeWording.of(found), user_errors=[]
        )
