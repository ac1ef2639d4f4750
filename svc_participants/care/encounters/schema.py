"""GraphQL of contacts."""

from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.mutation_result import UserError
from infra.pagination import Connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.care.encounters import commands, repository, rules
from svc_participants.care.notes.rules import ContactMode
from svc_participants.care.presenting import (
    KEY,
    STRUCTURE,
    KeptFields,
    carried_out,
    filled,
    now_seen,
    paged,
    shown,
)
from svc_participants.people.schema import INPUT

described_enum(rules.EncounterOutcome, "What came of a contact.", rules.OUTCOME_MEANINGS)


@strawberry.type(
    directives=[category(Category.CASE_NOTES), about("participantId")],
    description="A contact with a participant, or about them.",
)
class Encounter(KeptFields):
    """A contact that the caller may see."""

    mode: ContactMode | None = strawberry.field(description="How it took place.")
    outcome: rules.EncounterOutcome | None = strawberry.field(description="What came of it.")
    occurred_on: date | None = strawberry.field(description="On which day.")
    minutes: int | None = strawberry.field(description="How long it took, in minutes.")
    with_whom: str | None = strawberry.field(description="Who else was there.")

    @strawberry.field(description="Where.", directives=[category(Category.CONTACT)])
    async def place(self, info: Info) -> str | None:
        """Return the place, where whereabouts are permitted."""
        return await context_of(info).loader(repository.PlaceLoader).load(self.row.id)


def encounter_of(row: Any) -> Encounter:
    """Return the GraphQL object of a contact."""
    return shown(Encounter, row)


@strawberry.type
class EncounterFields:
    """What contacts add to ``Participant``; put there by ``subgraph``."""

    encounters: Connection[Encounter] | None = paged(
        Encounter,
        name="Participant.encounters",
        pages=repository.EncountersOfParticipant,
        node=encounter_of,
        of=Category.CASE_NOTES,
        description="Contacts by the day on which they took place.",
        only=("outcome", rules.EncounterOutcome, "Only contacts of which this came."),
    )


@strawberry.input(description="A contact.")
class RecordEncounterInput:
    """Input of ``recordEncounter``."""

    participant_id: strawberry.ID = strawberry.field(description="Whom it is about.")
    idempotency_key: str = strawberry.field(description=KEY)
    mode: ContactMode = strawberry.field(description="How it took place.")
    outcome: rules.EncounterOutcome = strawberry.field(description="What came of it.")
    occurred_on: date = strawberry.field(description="On which day.")
    minutes: int | None = strawberry.field(default=None, description="How long, in minutes.")
    with_whom: str | None = strawberry.field(default=None, description="Who else was there.")
    place: str | None = strawberry.field(default=None, description="Where.")


@strawberry.type(directives=STRUCTURE, description="Result of recording a contact.")
class EncounterPayload:
    """Payload with the contact."""

    encounter: Encounter | None = strawberry.field(description="What was recorded.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=STRUCTURE, description="Changes to contacts.")
class EncounterMutation:
    """Mutations about contacts."""

    @strawberry.mutation(description="Record a contact (CM assigned, SUP).")
    async def record_encounter(
        self,
        info: Info,
        input: Annotated[RecordEncounterInput, INPUT],  # noqa: A002
    ) -> EncounterPayload:
        """Record a contact."""
        given = filled(commands.NewEncounter, input)
        outcome = await carried_out(
            info,
            "recordEncounter",
            input,
            lambda session, caller: commands.record_encounter(session, caller, given),
        )
        row = await now_seen(info, outcome, "encounter", repository.EncounterLoader)
        return EncounterPayload(
            encounter=None if row is None else encounter_of(row), user_errors=outcome.user_errors
        )
