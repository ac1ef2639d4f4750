"""People and groups that were provisioned, and what memberships came to."""

from collections import defaultdict
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.batch_loader import BatchLoader
from infra.database import ReadSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.request_context import RequestContext, context_of
from infra.schema_enums import described_enum
from infra.vocabulary import Role
from svc_consent.agencies.schema.directory import ROLES, STRUCTURE
from svc_consent.provisioning import repository, rules, tables
from svc_consent.provisioning.rules import SubjectAttribute

_KEY = "The same key with the same input has its effect once (1 to 200 characters)."

described_enum(
    rules.Outcome,
    "What a membership of a group came to.",
    {
        rules.Outcome.UNMAPPED: "The group proposes no role.",
        rules.Outcome.GRANTED: "The role was given.",
        rules.Outcome.HELD: "The person held it already; leaving the group takes nothing away.",
        rules.Outcome.REQUESTED: "A second person decides.",
        rules.Outcome.REFUSED: "A rule stands against it; the code says which.",
    },
    name="ProvisioningOutcome",
)
described_enum(
    SubjectAttribute,
    "Which of a provider's attributes is the subject of its access tokens.",
    {
        SubjectAttribute.EXTERNAL_ID: "externalId.",
        SubjectAttribute.USER_NAME: "userName.",
    },
    name="ProvisioningSubject",
)


Groups = list[tuple[tables.ProvisionedMember, tables.ProvisionedGroup]]
Members = list[tuple[tables.ProvisionedMember, tables.ProvisionedUser]]


class GroupsOfUsers(BatchLoader[Groups]):
    """The groups of people whom the caller was found to see."""

    async def fetch(
        self,
        session: ReadSession,
        caller: Caller,  # noqa: ARG002 - the ids are of rows that were narrowed for them
        ids: list[UUID],
    ) -> dict[UUID, Groups]:
        """Read the memberships of all people in one statement."""
        found: dict[UUID, Groups] = defaultdict(list)
        for member, group in await repository.memberships_of(session, ids):
            found[member.user_id].append((member, group))
        return found


class MembersOfGroups(BatchLoader[Members]):
    """The members of groups that the caller was found to see."""

    async def fetch(
        self,
        session: ReadSession,
        caller: Caller,  # noqa: ARG002 - the ids are of rows that were narrowed for them
        ids: list[UUID],
    ) -> dict[UUID, Members]:
        """Read the members of all groups in one statement."""
        found: dict[UUID, Members] = defaultdict(list)
        for member, user in await repository.members_of(session, ids):
            found[member.group_id].append((member, user))
        return found


@strawberry.type(directives=ROLES, description="A person in a group, and what that came to.")
class ProvisionedMembership:
    """One membership."""

    group_id: strawberry.ID | None = strawberry.field(description="Which group.")
    group_name: str | None = strawberry.field(description="Its name.")
    user_id: strawberry.ID | None = strawberry.field(description="Which person.")
    user_name: str | None = strawberry.field(description="Their user name.")
    outcome: rules.Outcome | None = strawberry.field(description="What it came to.")
    code: str | None = strawberry.field(description="What stood against it, if anything.")

    @classmethod
    def of(
        cls,
        member: tables.ProvisionedMember,
        group: tables.ProvisionedGroup,
        user: tables.ProvisionedUser,
    ) -> Self:
        """Return the GraphQL object of three rows."""
        return cls(
            group_id=strawberry.ID(str(group.id)),
            group_name=group.display_name,
            user_id=strawberry.ID(str(user.id)),
            user_name=user.user_name,
            outcome=rules.Outcome(member.outcome),
            code=member.code,
        )


@strawberry.type(directives=ROLES, description="A person whom an identity provider provisions.")
class ProvisionedUser:
    """One person."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Global id.")
    account_id: strawberry.ID | None = strawberry.field(description="The account they sign in as.")
    user_name: str | None = strawberry.field(description="Name to sign in with, at the provider.")
    external_id: str | None = strawberry.field(description="The provider's id.")
    display_name: str | None = strawberry.field(description="Name.")
    active: bool | None = strawberry.field(description="Whether the account is let in.")
    created_at: datetime | None = strawberry.field(description="When it came.")
    updated_at: datetime | None = strawberry.field(description="When it changed last.")
    version: int | None = strawberry.field(description="Counts changes.")
    row: strawberry.Private[tables.ProvisionedUser]

    @strawberry.field(description="The groups that the person is in.")
    async def memberships(self, info: Info) -> list[ProvisionedMembership] | None:
        """Return the memberships."""
        found = await context_of(info).loader(GroupsOfUsers).load(self.row.id)
        return [ProvisionedMembership.of(each, group, self.row) for each, group in found or ()]

    @classmethod
    def from_row(cls, row: tables.ProvisionedUser) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            account_id=strawberry.ID(str(row.account_id)),
            user_name=row.user_name,
            external_id=row.external_id,
            display_name=row.display_name,
            active=row.is_active,
            created_at=row.created_at,
            updated_at=row.updated_at,
            version=row.version,
            row=row,
        )


@strawberry.type(directives=ROLES, description="A group of an identity provider.")
class ProvisionedGroup:
    """One group."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Global id.")
    display_name: str | None = strawberry.field(description="Name.")
    external_id: str | None = strawberry.field(description="The provider's id.")
    created_at: datetime | None = strawberry.field(description="When it came.")
    updated_at: datetime | None = strawberry.field(description="When it changed last.")
    version: int | None = strawberry.field(description="Counts changes.")
    row: strawberry.Private[tables.ProvisionedGroup]

    @strawberry.field(description="Who is in it, by user name, and what that came to.")
    async def members(self, info: Info) -> list[ProvisionedMembership] | None:
        """Return the members."""
        found = await context_of(info).loader(MembersOfGroups).load(self.row.id)
        return [ProvisionedMembership.of(each, self.row, user) for each, user in found or ()]

    @classmethod
    def from_row(cls, row: tables.ProvisionedGroup) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            display_name=row.display_name,
            external_id=row.external_id,
            created_at=row.created_at,
            updated_at=row.updated_at,
            version=row.version,
            row=row,
        )


@strawberry.type(directives=ROLES, description="Which role a group of a name proposes.")
class ProvisionedGroupRole:
    """One mapping."""

    display_name: str | None = strawberry.field(description="Name of the group.")
    role: Role | None = strawberry.field(description="The role.")
    liaison: bool | None = strawberry.field(description="Whether as the office's liaison.")
    mapped_at: datetime | None = strawberry.field(description="Since when.")
    version: int | None = strawberry.field(description="Counts changes; an update names it.")


@strawberry.type(directives=ROLES, description="Some of the people, and how many there are.")
class ProvisionedUsers:
    """A page of people."""

    total: int | None = strawberry.field(description="How many there are in all.")
    items: list[ProvisionedUser] | None = strawberry.field(description="Those asked for.")


@strawberry.type(directives=ROLES, description="Some of the groups, and how many there are.")
class ProvisionedGroups:
    """A page of groups."""

    total: int | None = strawberry.field(description="How many there are in all.")
    items: list[ProvisionedGroup] | None = strawberry.field(description="Those asked for.")


Start = Annotated[int, strawberry.argument(description="Place of the first, from 1.")]
Count = Annotated[int, strawberry.argument(description="How many, up to 200.")]
Text = Annotated[str | None, strawberry.argument(description="Only the one with this value.")]
Which = Annotated[strawberry.ID, strawberry.argument(description="Which one.")]


def _wanted(start: int, count: int, **attributes: str | None) -> repository.Wanted:
    named = [(name, value) for name, value in attributes.items() if value is not None]
    attribute, value = named[0] if named else (None, "")
    return repository.Wanted(
        attribute, value, max(1, min(start, 1_000_000)), max(0, min(count, rules.MAX_PAGE))
    )


@strawberry.type(directives=STRUCTURE)
class ProvisioningQuery:
    """Root fields of provisioning."""

    @strawberry.field(description="People provisioned for your agency.", directives=ROLES)
    async def provisioned_users(
        self,
        info: Info,
        user_name: Text = None,
        external_id: Text = None,
        display_name: Text = None,
        start: Start = 1,
        count: Count = 100,
    ) -> ProvisionedUsers | None:
        """Return some of the people."""
        context = context_of(info)
        wanted = _wanted(
            start, count, userName=user_name, externalId=external_id, displayName=display_name
        )
        async with context.reading() as session:
            found = await repository.list_users(session, context.caller, wanted)
        items = [ProvisionedUser.from_row(row) for row in found.rows]
        return ProvisionedUsers(total=found.total, items=items)

    @strawberry.field(description="A person provisioned for your agency.", directives=ROLES)
    async def provisioned_user(
        self,
        info: Info,
        id: Which,  # noqa: A002 - the name of the GraphQL argument
    ) -> ProvisionedUser | None:
        """Return a person, or None."""
        return await user_of(context_of(info), str(id))

    @strawberry.field(description="Groups provisioned for your agency.", directives=ROLES)
    async def provisioned_groups(
        self,
        info: Info,
        display_name: Text = None,
        external_id: Text = None,
        start: Start = 1,
        count: Count = 100,
    ) -> ProvisionedGroups | None:
        """Return some of the groups."""
        context = context_of(info)
        wanted = _wanted(start, count, displayName=display_name, externalId=external_id)
        async with context.reading() as session:
            found = await repository.list_groups(session, context.caller, wanted)
        items = [ProvisionedGroup.from_row(row) for row in found.rows]
        return ProvisionedGroups(total=found.total, items=items)

    @strawberry.field(description="A group provisioned for your agency.", directives=ROLES)
    async def provisioned_group(
        self,
        info: Info,
        id: Which,  # noqa: A002 - the name of the GraphQL argument
    ) -> ProvisionedGroup | None:
        """Return a group, or None."""
        return await group_of(context_of(info), str(id))

    @strawberry.field(
        description="Which roles the groups of your agency's provider propose.", directives=ROLES
    )
    async def provisioned_group_roles(self, info: Info) -> list[ProvisionedGroupRole] | None:
        """Return the mappings by name."""
        return await roles_of(context_of(info))


async def user_of(context: RequestContext, text: str | None) -> ProvisionedUser | None:
    """Return a person whom the caller may see."""
    row_id = parse_id(text)
    if row_id is None:
        return None
    async with context.reading() as session:
        row = await repository.user(session, context.caller, row_id)
    return None if row is None else ProvisionedUser.from_row(row)


async def group_of(context: RequestContext, text: str | None) -> ProvisionedGroup | None:
    """Return a group that the caller may see."""
    row_id = parse_id(text)
    if row_id is None:
        return None
    async with context.reading() as session:
        row = await repository.group(session, context.caller, row_id)
    return None if row is None else ProvisionedGroup.from_row(row)


async def roles_of(context: RequestContext) -> list[ProvisionedGroupRole]:
    """Return which roles groups propose."""
    async with context.reading() as session:
        rows = await repository.group_roles(session, context.caller)
    return [
        ProvisionedGroupRole(
            display_name=row.display_name,
            role=Role(row.role),
            liaison=row.is_liaison,
            mapped_at=row.mapped_at,
            version=row.version,
        )
        for row in rows
    ]
