"""Access reviews, dormant accounts, and which roles an agency's people hold."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra import clock
from infra.command_edge import Effect
from infra.database import ReadSession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import UserError
from infra.owner_pages import PageRequest
from infra.pagination import Connection, Page
from infra.request_context import context_of
from infra.schema_enums import described_enum
from infra.vocabulary import Role
from svc_consent.agencies.repository.directory import grants_by_id
from svc_consent.agencies.schema.directory import ROLES, STRUCTURE, After, Agency, First
from svc_consent.agencies.schema.grants import Account, RoleGrant
from svc_consent.agencies.tables import RoleGrant as GrantRow
from svc_consent.governance import reviewing, tables
from svc_consent.governance.repository import reviews as repository
from svc_consent.governance.rules import DORMANT_DAYS, ReviewDecision
from svc_consent.governance.schema.mutations import KEY, run
from svc_consent.governance.schema.reading import OfAgency, account_of, agency_of, paged

described_enum(
    ReviewDecision,
    "What a review decides about a grant.",
    {
        ReviewDecision.KEEP: "It is still needed.",
        ReviewDecision.REMOVE: "It is taken away at once.",
    },
)


@strawberry.type(directives=ROLES, description="One grant in an access review.")
class ReviewItem:
    """One grant of a review."""

    grant_id: strawberry.ID = strawberry.field(description="Which grant.")
    decision: ReviewDecision | None = strawberry.field(description="What was decided, if it was.")
    reason: str | None = strawberry.field(description="Why.")
    decided_at: datetime | None = strawberry.field(description="When.")
    row: strawberry.Private[tables.ReviewItem]

    @strawberry.field(description="The grant as it is now.")
    async def role_grant(self, info: Info) -> RoleGrant | None:
        """Return the grant."""
        context = context_of(info)
        async with context.reading() as session:
            rows = await grants_by_id(session, context.caller, [self.row.grant_id])
        row = rows.get(self.row.grant_id)
        return None if row is None else RoleGrant.from_row(row, clock.now())

    @classmethod
    def from_row(cls, row: tables.ReviewItem) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            grant_id=strawberry.ID(str(row.grant_id)),
            decision=ReviewDecision(row.decision) if row.decision else None,
            reason=row.reason,
            decided_at=row.decided_at,
            row=row,
        )


@strawberry.type(
    directives=ROLES,
    description="Somebody looks through who holds which role at an agency, by a deadline.",
)
class AccessReview:
    """One review."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Global id.")
    title: str | None = strawberry.field(description="Title.")
    opened_at: datetime | None = strawberry.field(description="When it began.")
    deadline_at: datetime | None = strawberry.field(description="By when it is to be done.")
    closed_at: datetime | None = strawberry.field(description="When it was closed.")
    reviewer: Role | None = strawberry.field(
        description="In which role it is decided: AGA, or PLA about administrators and privacy "
        "officers."
    )
    row: strawberry.Private[tables.ReviewCampaign]

    @strawberry.field(description="Of which agency.")
    async def agency(self, info: Info) -> Agency | None:
        """Return the agency."""
        return await agency_of(info, self.row.agency_id)

    @strawberry.field(description="Grants in it.")
    async def total(self, info: Info) -> int | None:
        """Return how many grants it has."""
        return (await _progress(info, self.row.id))[0]

    @strawberry.field(description="Grants that have been decided.")
    async def decided(self, info: Info) -> int | None:
        """Return how many grants are decided."""
        return (await _progress(info, self.row.id))[1]

    @strawberry.field(description="The grants in it.")
    async def items(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[ReviewItem] | None:
        """Return one page of grants."""

        async def read(
            session: ReadSession, _caller: Caller, wanted: PageRequest
        ) -> Page[tables.ReviewItem]:
            return await repository.page_of_items(session, wanted, self.row.id)

        name = f"AccessReview.items({self.row.id})"
        return await paged(
            info, name, repository.ITEM_ORDER, first, after, read, ReviewItem.from_row
        )

    @classmethod
    def from_row(cls, row: tables.ReviewCampaign) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            title=row.title,
            opened_at=row.opened_at,
            deadline_at=row.deadline_at,
            closed_at=row.closed_at,
            reviewer=Role(row.reviewer),
            row=row,
        )


@strawberry.type(directives=ROLES, description="A grant whose account has not been used lately.")
class DormantGrant:
    """One dormant grant."""

    role_grant: RoleGrant | None = strawberry.field(description="The grant.")
    account_id: strawberry.ID = strawberry.field(description="Whose.")
    row: strawberry.Private[GrantRow]

    @strawberry.field(description="The account, as far as you may know it.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        return await account_of(info, self.row.account_id)

    @strawberry.field(description="Last day on which it was used; none when it never was.")
    async def last_seen_on(self, info: Info) -> date | None:
        """Return the last day."""
        return await context_of(info).loader(repository.LastSeen).load(self.row.account_id)


@strawberry.type(
    directives=ROLES,
    description="How many of an agency's people hold a role now; what the role "
    "sees is the agreement between the agencies, the same for everybody who holds it.",
)
class RoleCount:
    """One role at an agency."""

    role: Role | None = strawberry.field(description="The role.")
    liaison: bool | None = strawberry.field(description="Whether as the office's liaison.")
    service_field: str | None = strawberry.field(description="A provider's field of service.")
    people: int | None = strawberry.field(description="People who hold it now.")


ReviewId = Annotated[strawberry.ID, strawberry.argument(description="Which review.")]
Days = Annotated[int, strawberry.argument(description="Not used for this many days, 1 to 3650.")]


@strawberry.type(directives=STRUCTURE)
class ReviewsQuery:
    """Root fields about access reviews."""

    @strawberry.field(
        description="Access reviews at your site of the agencies that you administer.",
        directives=ROLES,
    )
    async def access_reviews(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[AccessReview] | None:
        """Return one page of reviews."""
        return await paged(
            info, "Query.accessReviews", repository.ORDER, first, after,
            repository.page_of_campaigns, AccessReview.from_row,
        )  # fmt: skip

    @strawberry.field(description="An access review.", directives=ROLES)
    async def access_review(
        self,
        info: Info,
        id: ReviewId,  # noqa: A002 - the name of the GraphQL argument
    ) -> AccessReview | None:
        """Return a review, or None."""
        return await _review(info, parse_id(str(id)))

    @strawberry.field(
        description="Roles that count at an agency although nobody has used the account lately.",
        directives=ROLES,
    )
    async def dormant_grants(
        self,
        info: Info,
        agency_id: OfAgency,
        days: Days = DORMANT_DAYS,
        first: First = 25,
        after: After = None,
    ) -> Connection[DormantGrant] | None:
        """Return one page of dormant grants."""
        row_id, now = parse_id(str(agency_id)), clock.now()
        if row_id is None:
            return None
        since = (now - timedelta(days=max(1, min(days, 3650)))).date()

        async def read(session: ReadSession, caller: Caller, wanted: PageRequest) -> Page[GrantRow]:
            return await repository.page_of_dormant(session, caller, wanted, row_id, now, since)

        def node(row: GrantRow) -> DormantGrant:
            return DormantGrant(
                role_grant=RoleGrant.from_row(row, now),
                account_id=strawberry.ID(str(row.account_id)),
                row=row,
            )

        name = f"Query.dormantGrants({row_id},{days})"
        return await paged(info, name, repository.GRANT_ORDER, first, after, read, node)

    @strawberry.field(
        description="Which roles an agency's people hold now, with how many people each.",
        directives=ROLES,
    )
    async def agency_role_counts(self, info: Info, agency_id: OfAgency) -> list[RoleCount] | None:
        """Return the roles held, empty where you may not see them."""
        context, row_id = context_of(info), parse_id(str(agency_id))
        if row_id is None:
            return []
        async with context.reading() as session:
            rows = await repository.role_counts(session, context.caller, row_id, clock.now())
        return [
            RoleCount(
                role=row.role,
                liaison=row.is_liaison,
                service_field=row.service_field,
                people=row.people,
            )
            for row in rows
        ]


async def _progress(info: Info, campaign_id: UUID) -> tuple[int, int]:
    async with context_of(info).reading() as session:
        found = await repository.progress(session, [campaign_id])
    return found.get(campaign_id, (0, 0))


async def _review(info: Info, row_id: UUID | None) -> AccessReview | None:
    context = context_of(info)
    if row_id is None:
        return None
    async with context.reading() as session:
        row = await repository.campaign(session, context.caller, row_id)
    return None if row is None else AccessReview.from_row(row)


@strawberry.input(description="An access review of an agency.")
class OpenAccessReviewInput:
    """Input of openAccessReview."""

    title: str = strawberry.field(description="Title, for example Spring 2027.")
    deadline_at: datetime = strawberry.field(description="By when, within 90 days.")
    idempotency_key: str = strawberry.field(description=KEY)
    agency_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Whose administrators and privacy officers the platform's reviews; an "
        "agency's own names none.",
    )


@strawberry.input(description="A decision about a grant in a review.")
class DecideReviewItemInput:
    """Input of decideReviewItem."""

    review_id: strawberry.ID = strawberry.field(description="Which review.")
    grant_id: strawberry.ID = strawberry.field(description="Which grant.")
    decision: ReviewDecision = strawberry.field(description="Keep or remove.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="A review to close.")
class CloseAccessReviewInput:
    """Input of closeAccessReview."""

    review_id: strawberry.ID = strawberry.field(description="Which review.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.type(directives=STRUCTURE, description="How a review stands after a change.")
class AccessReviewPayload:
    """Payload of the mutations about reviews."""

    access_review: AccessReview | None = strawberry.field(description="The review as it is now.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type(directives=STRUCTURE)
class ReviewsMutation:
    """Mutations of access reviews."""

    @strawberry.mutation(
        description="Begin an access review of the own agency; as the platform's administrator, of "
        "an agency's administrators and privacy officers."
    )
    async def open_access_review(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            OpenAccessReviewInput, strawberry.argument(description="Title and deadline.")
        ],
    ) -> AccessReviewPayload:
        """Begin a review."""

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await reviewing.open_review(
                session,
                context_of(info).caller,
                input.title,
                input.deadline_at,
                None if input.agency_id is None else str(input.agency_id),
            )

        return await _payload(info, "openAccessReview", input, effect)

    @strawberry.mutation(description="Keep a role, or remove it at once.")
    async def decide_review_item(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            DecideReviewItemInput, strawberry.argument(description="Which grant, what.")
        ],
    ) -> AccessReviewPayload:
        """Decide about a grant."""

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await reviewing.decide(
                session,
                context_of(info).caller,
                str(input.review_id),
                str(input.grant_id),
                input.decision,
                input.reason,
            )

        return await _payload(info, "decideReviewItem", input, effect)

    @strawberry.mutation(
        description="Close a review; past its deadline, what nobody kept is removed."
    )
    async def close_access_review(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            CloseAccessReviewInput, strawberry.argument(description="Which review.")
        ],
    ) -> AccessReviewPayload:
        """Close a review."""

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await reviewing.close_review(
                session, context_of(info).caller, str(input.review_id)
            )

        return await _payload(info, "closeAccessReview", input, effect)


async def _payload(info: Info, name: str, given: Any, effect: Effect) -> AccessReviewPayload:
    outcome = await run(info, name, given, effect)
    review = await _review(info, outcome.id("review"))
    return AccessReviewPayload(access_review=review, user_errors=outcome.user_errors)
