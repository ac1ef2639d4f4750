"""GraphQL of programmes beside the core."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.entity_references import parse_id
from infra.mutation_result import UserError
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.people.schema import (
    INPUT,
    After,
    First,
    Participant,
    ParticipantPayload,
    load_participant,
)
from svc_participants.programmes import commands, repository, rules
from svc_participants.programmes.tables import ProgrammePlaceRow, ProgrammeRow
from svc_participants.referrals.rules import Door

_STRUCTURE = [category(Category.STRUCTURE)]
_CATALOGUE = [category(Category.CATALOGUE)]
_ENROLLMENT = [category(Category.ENROLLMENT)]
_PLACES = "Participant.programmePlaces"

described_enum(rules.ProgrammeKind, "What sort of programme it is.", rules.KIND_MEANINGS)
described_enum(
    rules.FundingSource, "Who pays for the places of a programme.", rules.FUNDING_MEANINGS
)


@strawberry.type(directives=_CATALOGUE, description="A programme of a site beside the core.")
class Programme:
    """A programme."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    kind: rules.ProgrammeKind = strawberry.field(description="What sort it is.")
    name: str = strawberry.field(description="What it is called.")
    entry_doors: list[Door] = strawberry.field(description="Doors it takes; none: all.")
    capacity: int = strawberry.field(description="Places.")
    lodging_units: int = strawberry.field(description="Places with lodging.")
    is_open: bool = strawberry.field(description="Whether it takes people now.")
    funding_source: rules.FundingSource = strawberry.field(description="Who pays for it.")
    version: int = strawberry.field(
        description="Give it as `expectedVersion` for a change.", directives=_STRUCTURE
    )


def programme_of(row: ProgrammeRow) -> Programme:
    """Return the GraphQL object of a programme."""
    return Programme(
        id=strawberry.ID(str(row.id)),
        kind=rules.ProgrammeKind(row.kind),
        name=row.name,
        entry_doors=[Door(each) for each in row.entry_doors],
        capacity=row.capacity,
        lodging_units=row.lodging_units,
        is_open=row.is_open,
        funding_source=rules.FundingSource(row.funding_source),
        version=row.version,
    )


@strawberry.type(
    directives=[category(Category.ENROLLMENT), about("participantId")],
    description="A participant's place in a programme.",
)
class ProgrammePlace:
    """A place."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    participant_id: strawberry.ID = strawberry.federation.field(
        description="Whom it is about.", directives=_STRUCTURE, inaccessible=True
    )
    entered_on: date | None = strawberry.field(description="First day.")
    left_on: date | None = strawberry.field(description="Last day.")
    is_lodged: bool | None = strawberry.field(
        description="Whether with lodging.", directives=[category(Category.HOUSING)]
    )
    version: int = strawberry.field(
        description="Give it as `expectedVersion` for a change.", directives=_STRUCTURE
    )
    row: strawberry.Private[ProgrammePlaceRow]

    @strawberry.field(description="Which programme.")
    async def programme(self, info: Info) -> Programme | None:
        """Return the programme."""
        loader = context_of(info).loader(repository.ProgrammeLoader)
        row = await loader.load(self.row.programme_id)
        return None if row is None else programme_of(row)


def place_of(row: ProgrammePlaceRow) -> ProgrammePlace:
    """Return the GraphQL object of a place."""
    return ProgrammePlace(
        id=strawberry.ID(str(row.id)),
        participant_id=strawberry.ID(str(row.participant_id)),
        entered_on=row.entered_on,
        left_on=row.left_on,
        is_lodged=row.is_lodged,
        version=row.version,
        row=row,
    )


async def _places(
    root: strawberry.Parent[Participant], info: Info, first: First = 25, after: After = None
) -> Connection[ProgrammePlace] | None:
    context, order = context_of(info), repository.NEWEST_FIRST
    request = page_request(context, info, name=_PLACES, order=order, first=first, after=after)
    return connection(
        await context.loader(repository.PlacesOfParticipant).load(root.seen.row.id, request),
        seal=context.seal,
        caller=context.caller,
        name=_PLACES,
        after=after,
        key=order.key,
        node=place_of,
    )


@strawberry.type
class ProgrammeFields:
    """What programmes add to ``Participant``."""

    programme_places: Connection[ProgrammePlace] | None = strawberry.field(
        resolver=_places,
        description="Places in programmes beside the core, newest first.",
        directives=_ENROLLMENT,
    )


async def _programmes(info: Info) -> list[Programme]:
    context = context_of(info)
    async with context.reading() as session:
        return [programme_of(row) for row in await repository.of_site(session, context.caller)]


@strawberry.type(directives=_STRUCTURE, description="Reading programmes.")
class ProgrammeQuery:
    """Root fields of programmes."""

    @strawberry.field(description="The programmes of your site by name.", directives=_CATALOGUE)
    async def programmes(self, info: Info) -> list[Programme] | None:
        """Return the programmes."""
        return await _programmes(info)


@strawberry.input(description="What a programme is; without an id a new one.")
class KeepProgrammeInput:
    """Input of ``keepProgramme``."""

    idempotency_key: str = strawberry.field(description="Unique per intended change.")
    kind: rules.ProgrammeKind = strawberry.field(description="What sort it is.")
    name: str = strawberry.field(description="What it is called.")
    capacity: int = strawberry.field(description="Places.")
    programme_id: strawberry.ID | None = strawberry.field(
        default=None, description="The programme to change."
    )
    expected_version: int = strawberry.field(
        default=0, description="Version you saw; 0 for a new one."
    )
    entry_doors: list[Door] | None = strawberry.field(
        default=None, description="Doors it takes, none of them: all; null leaves them."
    )
    lodging_units: int | None = strawberry.field(
        default=None, description="Places with lodging; null leaves them."
    )
    is_open: bool | None = strawberry.field(
        default=None, description="Whether it takes people now, as a new one does; null leaves it."
    )
    funding_source: rules.FundingSource | None = strawberry.field(
        default=None, description="Who pays for its places; null leaves it."
    )


@strawberry.input(description="Give somebody a place in a programme.")
class PlaceInProgrammeInput:
    """Input of ``placeInProgramme``."""

    participant_id: strawberry.ID = strawberry.field(description="Whom.")
    programme_id: strawberry.ID = strawberry.field(description="In which programme.")
    idempotency_key: str = strawberry.field(description="Unique per intended place.")
    entered_on: date = strawberry.field(description="First day.")
    is_lodged: bool = strawberry.field(default=False, description="With lodging.")


@strawberry.input(description="End somebody's place in a programme.")
class LeaveProgrammeInput:
    """Input of ``leaveProgramme``."""

    place_id: strawberry.ID = strawberry.field(description="Which place.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended change.")
    left_on: date = strawberry.field(description="Last day.")


@strawberry.type(directives=_STRUCTURE, description="Result of a change to a programme.")
class ProgrammePayload:
    """Payload with the site's programmes as they are now."""

    programmes: list[Programme] | None = strawberry.field(
        description="The programmes of your site.", directives=_CATALOGUE
    )
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=_STRUCTURE, description="Changes to programmes.")
class ProgrammeMutation:
    """Mutations about programmes."""

    @strawberry.mutation(description="Add or change a programme of the site (PM).")
    async def keep_programme(
        self,
        info: Info,
        input: Annotated[KeepProgrammeInput, INPUT],  # noqa: A002
    ) -> ProgrammePayload:
        """Add or change a programme."""
        context = context_of(info)
        given = commands.Programme(
            input.kind,
            input.name,
            None if input.entry_doors is None else tuple(each.value for each in input.entry_doors),
            input.capacity,
            input.lodging_units,
            input.is_open,
            input.funding_source,
        )
        outcome = await run_command(
            context,
            "keepProgramme",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.keep(
                session, context.caller, input.programme_id, input.expected_version, given
            ),
        )
        found = None if outcome.user_errors else await _programmes(info)
        return ProgrammePayload(programmes=found, user_errors=outcome.user_errors)

    @strawberry.mutation(description="Give somebody a place (CM assigned, SUP).")
    async def place_in_programme(
        self,
        info: Info,
        input: Annotated[PlaceInProgrammeInput, INPUT],  # noqa: A002
    ) -> ParticipantPayload:
        """Give a place."""
        context = context_of(info)
        outcome = await run_command(
            context,
            "placeInProgramme",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.place(
                session,
                context.caller,
                input.participant_id,
                input.programme_id,
                input.entered_on,
                is_lodged=input.is_lodged,
            ),
        )
        return ParticipantPayload(
            participant=await load_participant(info, outcome.id("participant")),
            user_errors=outcome.user_errors,
        )

    @strawberry.mutation(description="End somebody's place (CM assigned, SUP).")
    async def leave_programme(
        self,
        info: Info,
        input: Annotated[LeaveProgrammeInput, INPUT],  # noqa: A002
    ) -> ParticipantPayload:
        """End a place."""
        context, key = context_of(info), parse_id(input.place_id)
        outcome = await run_command(
            context,
            "leaveProgramme",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.leave(
                session, context.caller, key, input.expected_version, input.left_on
            ),
        )
        return ParticipantPayload(
            participant=await load_participant(info, outcome.id("participant")),
            user_errors=outcome.user_errors,
        )
