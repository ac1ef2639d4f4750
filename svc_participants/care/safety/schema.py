"""GraphQL of naloxone and overdoses."""

from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.mutation_result import UserError
from infra.pagination import Connection
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
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
from svc_participants.care.safety import commands, repository, rules
from svc_participants.people.rules import YesNo
from svc_participants.people.schema import INPUT

_ABOUT = [category(Category.SUD), about("participantId")]
described_enum(rules.NaloxoneRecipient, "To whom it was given.", rules.RECIPIENT_MEANINGS)
described_enum(rules.OverdoseOutcome, "How an overdose ended.", rules.OUTCOME_MEANINGS)
described_enum(rules.ToldBy, "From whom it is known.", rules.TOLD_MEANINGS)


@strawberry.type(directives=_ABOUT, description="Naloxone that was given.")
class NaloxoneGiven(KeptFields):
    """Naloxone that the caller may know of."""

    given_on: date | None = strawberry.field(description="On which day.")
    kits: int | None = strawberry.field(description="How many kits.")
    given_to: rules.NaloxoneRecipient | None = strawberry.field(description="To whom.")
    was_shown: YesNo | None = strawberry.field(description="Whether its use was shown.")


@strawberry.type(directives=_ABOUT, description="An overdose.")
class OverdoseEvent(KeptFields):
    """An overdose that the caller may know of."""

    occurred_on: date | None = strawberry.field(description="On which day.")
    outcome: rules.OverdoseOutcome | None = strawberry.field(description="How it ended.")
    naloxone_used: YesNo | None = strawberry.field(description="Whether naloxone was used.")
    emergency_called: YesNo | None = strawberry.field(description="Whether 911 was called.")
    hospital: YesNo | None = strawberry.field(description="Whether they went to a hospital.")
    told_by: rules.ToldBy | None = strawberry.field(description="From whom it is known.")


def naloxone_of(row: Any) -> NaloxoneGiven:
    """Return the GraphQL object of a record of naloxone."""
    return shown(NaloxoneGiven, row)


def overdose_of(row: Any) -> OverdoseEvent:
    """Return the GraphQL object of an overdose."""
    return shown(OverdoseEvent, row)


@strawberry.type
class SafetyFields:
    """What naloxone and overdoses add to ``Participant``; put there by ``subgraph``."""

    naloxone: Connection[NaloxoneGiven] | None = paged(
        NaloxoneGiven,
        name="Participant.naloxone",
        pages=repository.NaloxoneOfParticipant,
        node=naloxone_of,
        of=Category.SUD,
        description="Naloxone that was given, by day.",
    )
    overdoses: Connection[OverdoseEvent] | None = paged(
        OverdoseEvent,
        name="Participant.overdoses",
        pages=repository.OverdosesOfParticipant,
        node=overdose_of,
        of=Category.SUD,
        description="Overdoses, by day.",
    )


@strawberry.input(description="Naloxone that was given.")
class RecordNaloxoneInput:
    """Input of ``recordNaloxone``."""

    participant_id: strawberry.ID = strawberry.field(description="Whom it is about.")
    idempotency_key: str = strawberry.field(description=KEY)
    given_on: date = strawberry.field(description="On which day.")
    kits: int = strawberry.field(description="How many kits.")
    given_to: rules.NaloxoneRecipient = strawberry.field(description="To whom.")
    was_shown: YesNo = strawberry.field(
        default=YesNo.NOT_ASKED, description="Whether its use was shown."
    )


@strawberry.input(description="An overdose.")
class RecordOverdoseInput:
    """Input of ``recordOverdose``."""

    participant_id: strawberry.ID = strawberry.field(description="Whom it is about.")
    idempotency_key: str = strawberry.field(description=KEY)
    occurred_on: date = strawberry.field(description="On which day.")
    outcome: rules.OverdoseOutcome = strawberry.field(description="How it ended.")
    told_by: rules.ToldBy = strawberry.field(description="From whom it is known.")
    naloxone_used: YesNo = strawberry.field(
        default=YesNo.NOT_ASKED, description="Whether naloxone was used."
    )
    emergency_called: YesNo = strawberry.field(
        default=YesNo.NOT_ASKED, description="Whether 911 was called."
    )
    hospital: YesNo = strawberry.field(
        default=YesNo.NOT_ASKED, description="Whether they went to a hospital."
    )


@strawberry.type(directives=STRUCTURE, description="Result of recording naloxone.")
class NaloxonePayload:
    """Payload with the record."""

    naloxone: NaloxoneGiven | None = strawberry.field(description="What was recorded.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=STRUCTURE, description="Result of recording an overdose.")
class OverdosePayload:
    """Payload with the record."""

    overdose: OverdoseEvent | None = strawberry.field(description="What was recorded.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=STRUCTURE, description="Changes to naloxone and overdoses.")
class SafetyMutation:
    """Mutations about naloxone and overdoses."""

    @strawberry.mutation(description="Record that naloxone was given (CM assigned, SUP).")
    async def record_naloxone(
        self,
        info: Info,
        input: Annotated[RecordNaloxoneInput, INPUT],  # noqa: A002
    ) -> NaloxonePayload:
        """Record naloxone."""
        given = filled(commands.NewNaloxone, input)
        outcome = await carried_out(
            info,
            "recordNaloxone",
            input,
            lambda session, caller: commands.record_naloxone(session, caller, given),
        )
        row = await now_seen(info, outcome, "naloxone", repository.NaloxoneLoader)
        return NaloxonePayload(
            naloxone=None if row is None else naloxone_of(row), user_errors=outcome.user_errors
        )

    @strawberry.mutation(description="Record an overdose (CM assigned, SUP).")
    async def record_overdose(
        self,
        info: Info,
        input: Annotated[RecordOverdoseInput, INPUT],  # noqa: A002
    ) -> OverdosePayload:
        """Record an overdose."""
        given = filled(commands.NewOverdose, input)
        outcome = await carried_out(
            info,
            "recordOverdose",
            input,
            lambda session, caller: commands.record_overdose(session, caller, given),
        )
        row = await now_seen(info, outcome, "overdose", repository.OverdoseLoader)
        return OverdosePayload(
            overdose=None if row is None else overdose_of(row), user_errors=outcome.user_errors
        )
