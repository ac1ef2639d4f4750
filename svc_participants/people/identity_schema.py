"""GraphQL of ``recordIdentity``."""

from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_participants.people import identity, rules
from svc_participants.people.schema import INPUT, ParticipantPayload, load_participant


@strawberry.input(description="Another name in use.")
class AliasInput:
    """An alias."""

    name: str = strawberry.field(description="The name.")
    kind: rules.AliasKind = strawberry.field(description="What sort of name it is.")


@strawberry.input(
    description="What became known of who a participant is; what is left out stays. A date or a "
    "year of birth that is given takes the place of the other one."
)
class RecordIdentityInput:
    """Input of ``recordIdentity``."""

    participant_id: strawberry.ID = strawberry.field(description="Who it is about.")
    expected_version: int = strawberry.field(description="Version of the name that you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended change.")
    name_quality: rules.NameQuality = strawberry.field(
        description="How far the name can be relied on."
    )
    birth_date_quality: rules.BirthDateQuality = strawberry.field(
        description="How far the date of birth can be relied on."
    )
    given_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="Given name; null takes it away."
    )
    family_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="Family name; null takes it away."
    )
    preferred_name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What the person wants to be called; null takes it away.",
    )
    date_of_birth: date | None = strawberry.field(
        default=strawberry.UNSET, description="Date of birth; null takes it away."
    )
    estimated_birth_year: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="Estimated year of birth, where the date is not known; null takes it away.",
    )
    aliases: list[AliasInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Other names in use, all of them; null takes them away.",
    )

    def said(self) -> dict[str, Any]:
        """Return what was said, by attributes of ``Identity``."""
        given: dict[str, Any] = {
            "given_name": self.given_name,
            "family_name": self.family_name,
            "preferred_name": self.preferred_name,
            "born_on": self.date_of_birth,
            "estimated_birth_year": self.estimated_birth_year,
            "aliases": self.aliases,
        }
        said = {name: value for name, value in given.items() if value is not strawberry.UNSET}
        if "aliases" in said:
            said["aliases"] = tuple((each.name, each.kind) for each in self.aliases or ())
        qualities = {
            "name_quality": self.name_quality,
            "birth_date_quality": self.birth_date_quality,
        }
        return said | qualities


@strawberry.type(
    directives=[category(Category.STRUCTURE)], description="Changes to who a person is."
)
class IdentityMutation:
    """The mutation."""

    @strawberry.mutation(
        description="Record who a participant is, as far as known (CM, SUP); what is left out "
        "stays."
    )
    async def record_identity(
        self,
        info: Info,
        input: Annotated[RecordIdentityInput, INPUT],  # noqa: A002
    ) -> ParticipantPayload:
        """Change a participant's names and birth date."""
        context, said = context_of(info), input.said()
        outcome = await run_command(
            context,
            "recordIdentity",
            input,
            key=input.idempotency_key,
            effect=lambda session: identity.record_identity(
                session, context.caller, input.participant_id, input.expected_version, said
            ),
        )
        return ParticipantPayload(
            participant=await load_participant(info, outcome.id("participant")),
            user_errors=outcome.user_errors,
        )
