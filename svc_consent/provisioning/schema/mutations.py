"""What an identity provider's client and those who keep it change."""

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import Effect, Outcome, run_command
from infra.database import WriteSession
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.vocabulary import Role
from svc_consent.agencies.schema.directory import ROLES, STRUCTURE
from svc_consent.provisioning import commands, registering
from svc_consent.provisioning.rules import GroupTerms, SubjectAttribute, UserTerms
from svc_consent.provisioning.schema.reading import (
    ProvisionedGroup,
    ProvisionedGroupRole,
    ProvisionedUser,
    group_of,
    roles_of,
    user_of,
)

_KEY = "The same key with the same input has its effect once (1 to 200 characters)."


@strawberry.input(description="A person as the provider has them.")
class PutProvisionedUserInput:
    """Input of putProvisionedUser."""

    user_name: str = strawberry.field(description="Name to sign in with.")
    active: bool = strawberry.field(description="False shuts the account out at once.")
    idempotency_key: str = strawberry.field(description=_KEY)
    id: strawberry.ID | None = strawberry.field(default=None, description="Absent for a new one.")
    expected_version: int | None = strawberry.field(
        default=None, description="Its version as the client read it, where that matters."
    )
    external_id: str | None = strawberry.field(default=None, description="The provider's id.")
    display_name: str | None = strawberry.field(default=None, description="Name.")


@strawberry.input(description="A group as the provider has it, and who joins and leaves.")
class PutProvisionedGroupInput:
    """Input of putProvisionedGroup."""

    display_name: str = strawberry.field(description="Name.")
    idempotency_key: str = strawberry.field(description=_KEY)
    id: strawberry.ID | None = strawberry.field(default=None, description="Absent for a new one.")
    expected_version: int | None = strawberry.field(
        default=None, description="Its version as the client read it, where that matters."
    )
    external_id: str | None = strawberry.field(default=None, description="The provider's id.")
    add_members: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Who joins."
    )
    remove_members: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Who leaves."
    )
    whole: bool = strawberry.field(
        default=False, description="Whether who joins is everybody; all others leave."
    )


@strawberry.input(description="What to take out of provisioning.")
class RemoveProvisionedInput:
    """Input of removeProvisionedUser and removeProvisionedGroup."""

    id: strawberry.ID = strawberry.field(description="Which one.")
    idempotency_key: str = strawberry.field(description=_KEY)
    expected_version: int | None = strawberry.field(
        default=None, description="Its version as the client read it, where that matters."
    )


@strawberry.input(description="A provider's client, registered for an agency.")
class RegisterProvisionerInput:
    """Input of registerProvisioner."""

    agency_id: strawberry.ID = strawberry.field(description="For which agency.")
    issuer: str = strawberry.field(description="Our name of the issuer of its people's tokens.")
    client_id: str = strawberry.field(description="The client's id at the issuer.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)
    subject: SubjectAttribute = strawberry.field(
        default=SubjectAttribute.EXTERNAL_ID, description="What its people's tokens name them by."
    )
    active: bool = strawberry.field(default=True, description="False ends it.")


@strawberry.input(description="Which role a group proposes, and why.")
class MapProvisionedGroupInput:
    """Input of mapProvisionedGroup."""

    display_name: str = strawberry.field(description="Name of the group.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)
    role: Role | None = strawberry.field(
        default=None, description="Which role; the mapping ends when absent."
    )
    liaison: bool = strawberry.field(default=False, description="Whether as the office's liaison.")
    expected_version: int | None = strawberry.field(
        default=None, description="The mapping's version that you have read; absent for a new one."
    )


@strawberry.type(directives=STRUCTURE, description="Result of a change of a provisioned person.")
class ProvisionedUserPayload:
    """Payload of the mutations about people."""

    user: ProvisionedUser | None = strawberry.field(description="The person as they are now.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type(directives=STRUCTURE, description="Result of a change of a provisioned group.")
class ProvisionedGroupPayload:
    """Payload of the mutations about groups."""

    group: ProvisionedGroup | None = strawberry.field(description="The group as it is now.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type(directives=STRUCTURE, description="Result of registerProvisioner.")
class RegisterProvisionerPayload:
    """Payload of registerProvisioner."""

    account_id: strawberry.ID | None = strawberry.field(
        directives=ROLES, description="The client's account, for which a role is to be asked."
    )
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type(directives=STRUCTURE, description="Result of mapProvisionedGroup.")
class MapProvisionedGroupPayload:
    """Payload of mapProvisionedGroup."""

    group_roles: list[ProvisionedGroupRole] | None = strawberry.field(
        directives=ROLES, description="All mappings as they are now."
    )
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


async def _run(info: Info, name: str, given: Any, effect: Effect) -> Outcome:
    return await run_command(
        context_of(info), name, given, key=given.idempotency_key, effect=effect
    )


def _id(given: strawberry.ID | None) -> str | None:
    return None if given is None else str(given)


UserInput = Annotated[PutProvisionedUserInput, strawberry.argument(description="Who.")]
GroupInput = Annotated[PutProvisionedGroupInput, strawberry.argument(description="Which group.")]
RemoveInput = Annotated[RemoveProvisionedInput, strawberry.argument(description="Which one.")]
ClientInput = Annotated[RegisterProvisionerInput, strawberry.argument(description="Which client.")]
RoleInput = Annotated[MapProvisionedGroupInput, strawberry.argument(description="Which group.")]


@strawberry.type(directives=STRUCTURE)
class ProvisioningMutation:
    """Mutations of provisioning."""

    @strawberry.mutation(description="Add or change a person of the provider.")
    async def put_provisioned_user(
        self,
        info: Info,
        input: UserInput,  # noqa: A002 - the name of the GraphQL argument
    ) -> ProvisionedUserPayload:
        """Store a person."""
        terms = UserTerms(
            _id(input.id), input.expected_version, input.user_name, input.external_id,
            input.display_name, input.active,
        )  # fmt: skip

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.put_user(session, context_of(info).caller, terms)

        outcome = await _run(info, "putProvisionedUser", input, effect)
        user = await user_of(context_of(info), outcome.result.get("user"))
        return ProvisionedUserPayload(user=user, user_errors=outcome.user_errors)

    @strawberry.mutation(description="Take a person out: their account is shut out at once.")
    async def remove_provisioned_user(
        self,
        info: Info,
        input: RemoveInput,  # noqa: A002 - the name of the GraphQL argument
    ) -> ProvisionedUserPayload:
        """Take a person out."""

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.remove_user(
                session, context_of(info).caller, str(input.id), input.expected_version
            )

        outcome = await _run(info, "removeProvisionedUser", input, effect)
        return ProvisionedUserPayload(user=None, user_errors=outcome.user_errors)

    @strawberry.mutation(description="Add or change a group; who joins is proposed for its role.")
    async def put_provisioned_group(
        self,
        info: Info,
        input: GroupInput,  # noqa: A002 - the name of the GraphQL argument
    ) -> ProvisionedGroupPayload:
        """Store a group."""
        terms = GroupTerms(
            _id(input.id), input.expected_version, input.display_name, input.external_id,
            tuple(dict.fromkeys(map(str, input.add_members))),
            tuple(dict.fromkeys(map(str, input.remove_members))), input.whole,
        )  # fmt: skip

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.put_group(session, context_of(info).caller, terms)

        outcome = await _run(info, "putProvisionedGroup", input, effect)
        group = await group_of(context_of(info), outcome.result.get("group"))
        return ProvisionedGroupPayload(group=group, user_errors=outcome.user_errors)

    @strawberry.mutation(description="Take a group away, and the roles that it gave.")
    async def remove_provisioned_group(
        self,
        info: Info,
        input: RemoveInput,  # noqa: A002 - the name of the GraphQL argument
    ) -> ProvisionedGroupPayload:
        """Take a group away."""

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.remove_group(
                session, context_of(info).caller, str(input.id), input.expected_version
            )

        outcome = await _run(info, "removeProvisionedGroup", input, effect)
        return ProvisionedGroupPayload(group=None, user_errors=outcome.user_errors)

    @strawberry.mutation(description="Register an identity provider's client for an agency.")
    async def register_provisioner(
        self,
        info: Info,
        input: ClientInput,  # noqa: A002 - the name of the GraphQL argument
    ) -> RegisterProvisionerPayload:
        """Register a client."""
        terms = registering.ClientTerms(
            str(input.agency_id), input.issuer, input.client_id, input.subject, input.active,
            input.reason,
        )  # fmt: skip

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await registering.register_client(session, context_of(info).caller, terms)

        outcome = await _run(info, "registerProvisioner", input, effect)
        account = outcome.result.get("account")
        return RegisterProvisionerPayload(
            account_id=strawberry.ID(account) if account else None,
            user_errors=outcome.user_errors,
        )

    @strawberry.mutation(description="Keep which role a group of your agency's provider proposes.")
    async def map_provisioned_group(
        self,
        info: Info,
        input: RoleInput,  # noqa: A002 - the name of the GraphQL argument
    ) -> MapProvisionedGroupPayload:
        """Map a group."""
        terms = registering.GroupRoleTerms(
            input.display_name, input.role, input.liaison, input.reason, input.expected_version
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await registering.map_group(session, context_of(info).caller, terms)

        outcome = await _run(info, "mapProvisionedGroup", input, effect)
        roles = await roles_of(context_of(info))
        return MapProvisionedGroupPayload(group_roles=roles, user_errors=outcome.user_errors)
