"""Bindings in GraphQL: who speaks for a participant; issuing codes, ending bindings."""

from datetime import datetime
from typing import Annotated, Any, Self

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_consent.agencies.schema.directory import STRUCTURE
from svc_consent.agencies.tables import AccountBinding
from svc_consent.bindings import commands, repository, rules
from svc_consent.bindings.rules import BindingKind

_AUDIT = [category(Category.AUDIT)]
_KEY = "The same key with the same input has its effect once (1 to 200 characters)."
_ERRORS = "What to put right in the input."

described_enum(
    BindingKind,
    "For whom a login speaks.",
    {
        BindingKind.SELF: "For themselves.",
        BindingKind.REPRESENTATIVE: "For somebody whom they represent.",
    },
)


@strawberry.federation.type(
    directives=[*_AUDIT, about("participantId")],
    description="That a login speaks for a participant.",
)
class Binding:
    """One binding."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Its id.")
    participant_id: strawberry.ID | None = strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="For whom."
    )
    kind: BindingKind | None = strawberry.field(description="As what.")
    authority: str | None = strawberry.field(description="By which right, of a representative.")
    starts_at: datetime | None = strawberry.field(description="Since when.")
    ends_at: datetime | None = strawberry.field(description="Until when.")
    version: int | None = strawberry.field(description="Counts changes; an update names it.")

    @classmethod
    def from_row(cls, row: AccountBinding) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            participant_id=strawberry.ID(str(row.participant_id)),
            kind=BindingKind(row.kind),
            authority=row.authority,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            version=row.version,
        )


@strawberry.input(description="For whom a one-time code is wanted.")
class IssueBindingCodeInput:
    """Input of issueBindingCode."""

    participant_id: strawberry.ID = strawberry.field(description="The participant.")
    idempotency_key: str = strawberry.field(description=_KEY)
    kind: BindingKind = strawberry.field(default=BindingKind.SELF, description="As what.")
    authority: str | None = strawberry.field(
        default=None, description="By which right, for a representative."
    )
    is_parent: bool = strawberry.field(
        default=False, description="Whether it is a minor's parent, who does not see everything."
    )


@strawberry.type(directives=STRUCTURE, description="Result of issueBindingCode.")
class IssueBindingCodePayload:
    """Payload of issueBindingCode."""

    code: str | None = strawberry.field(
        description="The code; shown once. Hand it over in person, never by post or message."
    )
    expires_at: datetime | None = strawberry.field(description="Until when it can be used.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.input(description="Which binding to end, and why.")
class EndBindingInput:
    """Input of endBinding."""

    binding_id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=STRUCTURE, description="Result of endBinding.")
class EndBindingPayload:
    """Payload of endBinding."""

    binding: Binding | None = strawberry.field(description="It as it is now.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type
class ParticipantBindings:
    """What this slice adds to a participant."""

    id: strawberry.ID = strawberry.federation.field(
        directives=STRUCTURE, description="Global id of the participant."
    )

    @strawberry.field(description="Who speaks or spoke for the participant.", directives=_AUDIT)
    async def bindings(self, info: Info) -> list[Binding] | None:
        """Return the bindings, newest first."""
        context, row_id = context_of(info), parse_id(str(self.id))
        if row_id is None:
            return None
        rows = await context.loader(repository.BindingsOfParticipants).load(row_id)
        return [Binding.from_row(row) for row in rows or ()]


@strawberry.type(directives=STRUCTURE)
class BindingsMutation:
    """Mutations of bindings."""

    @strawberry.mutation(description="Make a one-time code that binds a login to a participant.")
    async def issue_binding_code(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            IssueBindingCodeInput, strawberry.argument(description="For whom.")
        ],
    ) -> IssueBindingCodePayload:
        """Issue a code."""
        context = context_of(info)
        wanted = commands.Wanted(
            str(input.participant_id), input.kind, input.authority, input.is_parent
        )
        issued: list[str] = []  # never stored: a repetition of the request does not show it again

        async def effect(session: WriteSession) -> dict[str, Any]:
            issued.append(rules.new_code())
            return await commands.issue_code(session, context.caller, wanted, issued[-1])

        outcome = await run_command(
            context, "issueBindingCode", input, key=input.idempotency_key, effect=effect
        )
        expires_at = outcome.result.get("expiresAt")
        return IssueBindingCodePayload(
            code=issued[-1] if issued and expires_at else None,
            expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
            user_errors=outcome.user_errors,
        )

    @strawberry.mutation(description="End a binding at once.")
    async def end_binding(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            EndBindingInput, strawberry.argument(description="Which, and why.")
        ],
    ) -> EndBindingPayload:
        """End a binding."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.end_binding(
                session, context.caller, str(input.binding_id), input.expected_version, input.reason
            )

        outcome = await run_command(
            context, "endBinding", input, key=input.idempotency_key, effect=effect
        )
        row_id, found = outcome.id("bindingId"), None
        if row_id is not None:
            async with context.reading() as session:
                found = await repository.binding_by_id(session, context.caller, row_id)
        return EndBindingPayload(
            binding=Binding.from_row(found) if found else None, user_errors=outcome.user_errors
        )
