"""GraphQL types of the rosters. Everything about a person here is TRAINING."""

from datetime import date
from typing import Annotated, Any, Self

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet
from strawberry.types import Info

from infra.command_edge import Outcome, run_command
from infra.database import ReadSession, WriteSession
from infra.entity_references import known, parse_id, reference_ids
from infra.identity_token import Caller
from infra.mutation_result import UserError
from infra.owner_pages import PageRequest
from infra.pagination import Connection, Page
from infra.request_context import context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_training.connections import paged
from svc_training.personnel import commands, repository, tables
from svc_training.personnel.rules import AppointmentType, PersonDetails

_TRAINING = [category(Category.TRAINING)]
_STRUCTURE = [category(Category.STRUCTURE)]
_CONNECTION = "Query.personnel"

First = Annotated[int, strawberry.argument(description="Rows on the page, 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Cursor of the row before the page.")]
Search = Annotated[
    str | None,
    strawberry.argument(description="Words of a name, of the address or of the external id."),
]

described_enum(
    AppointmentType,
    "As what a person serves the agency.",
    {
        AppointmentType.PEACE_OFFICER: "Police officer or deputy.",
        AppointmentType.RESERVE_OFFICER: "Reserve officer.",
        AppointmentType.CORRECTIONS_OFFICER: "Corrections officer.",
        AppointmentType.CIVILIAN: "Everybody else: prosecutor, defender, case manager, clerk.",
    },
)


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("id"), resolvable=False)],
    directives=[category(Category.CATALOGUE)],
    description="An agency of the directory.",
)
class Agency:
    """Owned by the directory; here only named."""

    id: strawberry.ID = strawberry.field(
        directives=_STRUCTURE, description="Global id of the agency."
    )


@strawberry.federation.type(
    keys=["id"],
    directives=_TRAINING,
    description="A person on an agency's training roster: staff, never a client of the programme.",
)
class Personnel:
    """One person on a roster."""

    id: strawberry.ID = strawberry.field(
        directives=_STRUCTURE, description="Global id of the roster entry."
    )
    name: str = strawberry.field(description="Given and family name.")
    given_name: str = strawberry.field(description="Given name.")
    family_name: str = strawberry.field(description="Family name.")
    email: str | None = strawberry.field(description="Work address, when known.")
    agency: Agency | None = strawberry.field(
        description="The agency whose roster it is; null when the directory cannot name it now."
    )
    appointment_type: AppointmentType = strawberry.field(
        description="As what the person serves the agency."
    )
    is_certified: bool = strawberry.field(
        description="Whether the state has certified the person as an officer."
    )
    account_id: strawberry.ID | None = strawberry.field(
        description="The person's account on this platform, when there is one."
    )
    external_id: str | None = strawberry.field(
        description="The training system's id of the person, when it has one."
    )
    is_active: bool = strawberry.field(description="Whether the person is with the agency now.")
    is_training_manager: bool = strawberry.field(
        description="Whether the academy's system has the person as a training manager."
    )
    hired_on: date | None = strawberry.field(description="First day with the agency, if known.")
    academy_on: date | None = strawberry.field(
        description="Day on which basic academy training was finished, if it was."
    )
    version: int = strawberry.field(description="Counts changes of the entry.")

    @classmethod
    def from_row(cls, row: tables.Personnel) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            name=f"{row.given_name} {row.family_name}",
            given_name=row.given_name,
            family_name=row.family_name,
            email=row.email,
            agency=Agency(id=strawberry.ID(row.agency_id)),
            appointment_type=AppointmentType(row.appointment_type),
            is_certified=row.is_certified,
            account_id=None if row.account_id is None else strawberry.ID(row.account_id),
            external_id=row.external_id,
            is_active=row.is_active,
            is_training_manager=row.is_training_manager,
            hired_on=row.hired_on,
            academy_on=row.academy_on,
            version=row.version,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list[Self | None]:
        """Return the people that a batch of representations names, as far as visible."""
        context = context_of(info)
        ids = reference_ids(representations)
        async with context.reading() as session:
            rows = await repository.personnel_by_id(session, context.caller, known(ids))
        return [cls.from_row(rows[each]) if each in rows else None for each in ids]


@strawberry.type
class PersonnelQuery:
    """Root fields about rosters."""

    @strawberry.field(description="The own agency's roster by name.", directives=_TRAINING)
    async def personnel(
        self, info: Info, search: Search = None, first: First = 25, after: After = None
    ) -> Connection[Personnel] | None:
        """Return one page of the roster."""

        async def read(
            session: ReadSession, caller: Caller, wanted: PageRequest
        ) -> Page[tables.Personnel]:
            return await repository.page_of_personnel(session, caller, wanted, search)

        return await paged(
            info,
            name=f"{_CONNECTION}({search or ''})",
            order=repository.ORDER,
            first=first,
            after=after,
            read=read,
            node=Personnel.from_row,
        )


@strawberry.input(description="A person to put on the own agency's roster.")
class AddPersonnelInput:
    """Input of addPersonnel."""

    given_name: str = strawberry.field(description="Given name.")
    family_name: str = strawberry.field(description="Family name.")
    appointment_type: AppointmentType = strawberry.field(
        description="As what the person serves the agency."
    )
    idempotency_key: str = strawberry.field(
        description="The same key with the same input has its effect once (1 to 200 characters)."
    )
    is_certified: bool = strawberry.field(
        default=False, description="Whether the state has certified the person as an officer."
    )
    email: str | None = strawberry.field(default=None, description="Work address.")
    external_id: str | None = strawberry.field(
        default=None, description="The training system's id; never a social security number."
    )
    account_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The person's account on this platform: one that may sign in for your agency.",
    )
    hired_on: date | None = strawberry.field(default=None, description="First day with the agency.")
    academy_on: date | None = strawberry.field(
        default=None, description="Day on which basic academy training was finished."
    )


@strawberry.input(
    description="A person of the own roster as they are now; all but isActive is replaced."
)
class ChangePersonnelInput(AddPersonnelInput):
    """Input of changePersonnel."""

    personnel_id: strawberry.ID = strawberry.field(description="Who.")
    expected_version: int = strawberry.field(
        description="The entry's version as the client read it."
    )
    is_active: bool | None = strawberry.field(
        default=None,
        description="Whether the person is with the agency now; as it stands when absent.",
    )


@strawberry.type(directives=_STRUCTURE, description="Result of addPersonnel and changePersonnel.")
class AddPersonnelPayload:
    """Payload of addPersonnel."""

    personnel: Personnel | None = strawberry.field(
        default=None, description="The person as now on the roster."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.type
class PersonQuery:
    """Root field about one person of a roster."""

    @strawberry.field(description="One person of the own agency's roster.", directives=_TRAINING)
    async def roster_person(
        self,
        info: Info,
        id: Annotated[  # noqa: A002 - the name of the GraphQL argument
            strawberry.ID, strawberry.argument(description="Who.")
        ],
    ) -> Personnel | None:
        """Return a person, or None."""
        context, row_id = context_of(info), parse_id(str(id))
        if row_id is None:
            return None
        async with context.reading() as session:
            found = await repository.personnel_by_id(session, context.caller, [row_id])
        row = found.get(row_id)
        is_own = row is not None and row.agency_id == context.caller.agency_id
        return Personnel.from_row(row) if row is not None and is_own else None


@strawberry.type
class PersonnelMutation:
    """Mutations of rosters."""

    @strawberry.mutation(description="Put a person on the own agency's roster.")
    async def add_personnel(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            AddPersonnelInput, strawberry.argument(description="The person.")
        ],
    ) -> AddPersonnelPayload:
        """Put a person on the roster."""
        context = context_of(info)
        details = _details(input)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.add_personnel(
                session, context.caller, details, context.is_serving
            )

        outcome = await run_command(
            context, "addPersonnel", input, key=input.idempotency_key, effect=effect
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Change a person of the own agency's roster.")
    async def change_personnel(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            ChangePersonnelInput, strawberry.argument(description="The person as they are now.")
        ],
    ) -> AddPersonnelPayload:
        """Change a person of the roster."""
        context = context_of(info)
        change = commands.PersonChange(
            input.personnel_id, input.expected_version, _details(input), input.is_active
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.change_personnel(
                session, context.caller, change, context.is_serving
            )

        outcome = await run_command(
            context, "changePersonnel", input, key=input.idempotency_key, effect=effect
        )
        return await _payload(info, outcome)


def _details(given: AddPersonnelInput) -> PersonDetails:
    return PersonDetails(
        given_name=given.given_name,
        family_name=given.family_name,
        email=given.email,
        appointment_type=given.appointment_type,
        is_certified=given.is_certified,
        external_id=given.external_id,
        account_id=given.account_id,
        hired_on=given.hired_on,
        academy_on=given.academy_on,
    )


async def _payload(info: Info, outcome: Outcome) -> AddPersonnelPayload:
    context, row_id, person = context_of(info), outcome.id("personnel"), None
    if row_id is not None:
        async with context.reading() as session:
            found = await repository.personnel_by_id(session, context.caller, [row_id])
        person = Personnel.from_row(found[row_id]) if row_id in found else None
    return AddPersonnelPayload(personnel=person, user_errors=outcome.user_errors)
