"""GraphQL of the resource library. Every field is CATALOGUE: any valid token sees it."""

from datetime import date, datetime
from typing import Annotated, Any, Self

import strawberry
from strawberry.types import Info

from infra.command_edge import Outcome, run_command
from infra.database import ReadSession, WriteSession
from infra.identity_token import Caller
from infra.mutation_result import UserError
from infra.owner_pages import PageRequest
from infra.pagination import Connection, Page
from infra.request_context import context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_training.connections import paged
from svc_training.library import commands, repository, tables
from svc_training.library.rules import LibraryCategory, ResourceContent
from svc_training.personnel.schema import After, First

_CATALOGUE = [category(Category.CATALOGUE)]
_STRUCTURE = [category(Category.STRUCTURE)]
_KEY = "The same key with the same input has its effect once (1 to 200 characters)."

described_enum(
    LibraryCategory,
    "Shelf of the library.",
    {
        LibraryCategory.COMMUNICATIONS: "Telling people about LEAD.",
        LibraryCategory.LEAD_101: "What LEAD is.",
        LibraryCategory.DATA_AND_EVALUATIONS: "Data and evaluations.",
        LibraryCategory.PROJECT_MANAGEMENT: "Managing an initiative.",
        LibraryCategory.GLOSSARY: "Words of the model.",
    },
)


@strawberry.type(directives=_CATALOGUE, description="A resource as it was in one version.")
class LibraryResourceVersion:
    """One version."""

    version: int = strawberry.field(description="Its number, from 1.")
    title: str = strawberry.field(description="Title then.")
    updated_on: str = strawberry.field(description="Day of last update then, YYYY-MM-DD.")
    changed_at: datetime = strawberry.field(description="When it was published.")


@strawberry.type(directives=_CATALOGUE, description="A piece of the resource library.")
class LibraryResource:
    """One resource."""

    id: strawberry.ID = strawberry.field(directives=_STRUCTURE, description="Global id.")
    slug: str = strawberry.field(description="Short name, stable.")
    title: str = strawberry.field(description="Title.")
    summary: str = strawberry.field(description="What it is about.")
    category: LibraryCategory = strawberry.field(description="Shelf.")
    tags: list[str] = strawberry.field(description="Tags.")
    is_printable: bool = strawberry.field(description="Whether it is made to be printed.")
    link: str | None = strawberry.field(description="Where it is, when it is elsewhere.")
    body: str | None = strawberry.field(description="Its text, when it is here.")
    last_updated_on: date = strawberry.field(description="Day of the last update.")
    version: int = strawberry.field(description="Counts versions; an update names it.")
    row: strawberry.Private[tables.LibraryResource]

    @strawberry.field(description="Its versions, newest first.")
    async def versions(self, info: Info) -> list[LibraryResourceVersion]:
        """Return the versions."""
        async with context_of(info).reading() as session:
            rows = await repository.versions_of(session, self.row.id)
        return [
            LibraryResourceVersion(
                version=row.version,
                title=str(row.content["title"]),
                updated_on=str(row.content["updated_on"]),
                changed_at=row.changed_at,
            )
            for row in rows
        ]

    @classmethod
    def from_row(cls, row: tables.LibraryResource) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            slug=row.slug,
            title=row.title,
            summary=row.summary,
            category=LibraryCategory(row.category),
            tags=[str(tag) for tag in row.tags],
            is_printable=row.is_printable,
            link=row.link,
            body=row.body,
            last_updated_on=row.updated_on,
            version=row.version,
            row=row,
        )


OnShelf = Annotated[LibraryCategory | None, strawberry.argument(description="Only this shelf.")]
WithTag = Annotated[str | None, strawberry.argument(description="Only with this tag.")]
Words = Annotated[str | None, strawberry.argument(description="Words of title or summary.")]
Printable = Annotated[bool | None, strawberry.argument(description="Only what is, or is not.")]


@strawberry.type
class LibraryQuery:
    """Root fields about the library."""

    @strawberry.field(description="Resources, last updated first.", directives=_CATALOGUE)
    async def library(
        self,
        info: Info,
        category: OnShelf = None,
        tag: WithTag = None,
        search: Words = None,
        printable: Printable = None,
        first: First = 25,
        after: After = None,
    ) -> Connection[LibraryResource] | None:
        """Return one page of resources."""

        async def read(
            session: ReadSession,
            _caller: Caller,
            wanted: PageRequest,
        ) -> Page[tables.LibraryResource]:
            return await repository.page_of_resources(
                session, wanted, category=category, tag=tag, search=search, printable=printable
            )

        return await paged(
            info,
            name=f"Query.library({category or ''},{tag or ''},{search or ''},{printable})",
            order=repository.ORDER,
            first=first,
            after=after,
            read=read,
            node=LibraryResource.from_row,
        )

    @strawberry.field(description="The resource of a short name.", directives=_CATALOGUE)
    async def library_resource(
        self,
        info: Info,
        slug: Annotated[str, strawberry.argument(description="Its short name.")],
    ) -> LibraryResource | None:
        """Return a resource, or None."""
        return await _resource(info, slug)


@strawberry.input(description="A resource to publish, or a new version of one.")
class PublishResourceInput:
    """Input of publishResource."""

    slug: str = strawberry.field(description="Short name: lower-case letters, digits, hyphens.")
    title: str = strawberry.field(description="Title.")
    category: LibraryCategory = strawberry.field(description="Shelf.")
    last_updated_on: date = strawberry.field(description="Day of the last update.")
    idempotency_key: str = strawberry.field(description=_KEY)
    summary: str = strawberry.field(default="", description="What it is about.")
    tags: list[str] = strawberry.field(default_factory=list, description="Up to 12 tags.")
    is_printable: bool = strawberry.field(
        default=False, description="Whether it is made to be printed."
    )
    link: str | None = strawberry.field(default=None, description="Where it is (https).")
    body: str | None = strawberry.field(default=None, description="Or its text.")
    expected_version: int | None = strawberry.field(
        default=None, description="Its version as the client read it; none for a new one."
    )


@strawberry.input(description="A resource to take off the shelves.")
class WithdrawResourceInput:
    """Input of withdrawResource."""

    slug: str = strawberry.field(description="Which resource.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=_STRUCTURE, description="How a resource stands after a change.")
class LibraryResourcePayload:
    """Payload of the library's mutations."""

    resource: LibraryResource | None = strawberry.field(
        default=None, description="The resource as it is now."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.type
class LibraryMutation:
    """Mutations of the library."""

    @strawberry.mutation(description="Publish a resource, or a new version of one.")
    async def publish_resource(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            PublishResourceInput, strawberry.argument(description="The resource.")
        ],
    ) -> LibraryResourcePayload:
        """Publish a resource."""
        context = context_of(info)
        content = ResourceContent(
            input.slug,
            input.title,
            input.summary,
            input.category,
            tuple(input.tags),
            input.is_printable,
            input.link,
            input.body,
            input.last_updated_on,
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.publish(session, context.caller, content, input.expected_version)

        name = "publishResource"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        return await _payload(info, outcome)

    @strawberry.mutation(description="Take a resource off the shelves.")
    async def withdraw_resource(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            WithdrawResourceInput, strawberry.argument(description="Which resource.")
        ],
    ) -> LibraryResourcePayload:
        """Withdraw a resource."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.withdraw(
                session, context.caller, input.slug, input.expected_version
            )

        name = "withdrawResource"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        return await _payload(info, outcome)


async def _resource(info: Info, slug: str) -> LibraryResource | None:
    async with context_of(info).reading() as session:
        row = await repository.resource(session, slug)
    return LibraryResource.from_row(row) if row is not None and not row.is_withdrawn else None


async def _payload(info: Info, outcome: Outcome) -> LibraryResourcePayload:
    slug = outcome.result.get("slug")
    found = None if slug is None else await _resource(info, slug)
    return LibraryResourcePayload(resource=found, user_errors=outcome.user_errors)
