"""GraphQL of the person. Upper slices add their own fields to ``Participant`` by ``extend``."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.entity_references import parse_id, reference_ids
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.vocabulary import Category
from svc_participants.people import commands, repository, rules
from svc_participants.people import enums as _published  # noqa: F401 - before types use them

_STRUCTURE = [category(Category.STRUCTURE)]
_CONTACT = [category(Category.CONTACT)]
_DEMOGRAPHICS = [category(Category.DEMOGRAPHICS)]

First = Annotated[int, strawberry.argument(description="Rows on the page, 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Cursor of the row before the page.")]
INPUT = strawberry.argument(description="What to do.")
GlobalId = Annotated[strawberry.ID, strawberry.argument(description="Its opaque id.")]


@strawberry.type(
    directives=[category(Category.IDENTITY)], description="What a participant is called."
)
class PersonName:
    """A name with its quality."""

    given: str | None = strawberry.field(description="Given name.")
    family: str | None = strawberry.field(description="Family name.")
    preferred: str | None = strawberry.field(description="What the person wants to be called.")
    quality: rules.NameQuality | None = strawberry.field(
        description="How far the name can be relied on."
    )
    version: int = strawberry.field(
        description="Give it as `expectedVersion` of `recordIdentity`.", directives=_STRUCTURE
    )


@strawberry.type(directives=[category(Category.IDENTITY)], description="Another name in use.")
class PersonAlias:
    """An alias."""

    name: str | None = strawberry.field(description="The name.")
    kind: rules.AliasKind | None = strawberry.field(description="What sort of name it is.")


@strawberry.type(directives=_CONTACT, description="Whom to call when something happens.")
class EmergencyContact:
    """An emergency contact."""

    name: str | None = strawberry.field(description="Who it is.")
    relation: str | None = strawberry.field(description="What they are to the participant.")
    phone: str | None = strawberry.field(description="Their telephone number.")


@strawberry.type(directives=_CONTACT, description="Where a participant can be reached.")
class ContactDetails:
    """Contact; the most dangerous thing to know about somebody without a home."""

    phone: str | None = strawberry.field(description="Telephone number.")
    usual_places: list[str] | None = strawberry.field(
        description="Where the person is usually found, as they want it known."
    )
    emergency_contact: EmergencyContact | None = strawberry.field(
        description="Whom to call when something happens."
    )
    is_confidential: bool | None = strawberry.field(
        description="Only for those who work with the person; no release opens it."
    )
    version: int = strawberry.field(
        description="Give it as `expectedVersion` for a change.", directives=_STRUCTURE
    )


@strawberry.type(
    directives=_DEMOGRAPHICS,
    description="What a participant said about themself; `NOT_ASKED` says nothing about them.",
)
class Demographics:
    """Demographics with their three ways of having no answer."""

    race: list[rules.Race] | None = strawberry.field(description="Race and ethnicity, several.")
    sex: rules.Sex | None = strawberry.field(description="Sex.")
    gender_identity: rules.GenderIdentity | None = strawberry.field(description="Gender identity.")
    preferred_language: str | None = strawberry.field(
        description="Language the person wants to speak (BCP 47 tag), where answered."
    )
    preferred_language_state: rules.AnswerState | None = strawberry.field(
        description="Whether the language is known, and why not."
    )
    veteran: rules.YesNo | None = strawberry.field(description="Served in the armed forces.")
    disability: rules.YesNo | None = strawberry.field(description="Has a disabling condition.")
    version: int = strawberry.field(
        description="Give it as `expectedVersion` for a change.", directives=_STRUCTURE
    )


@strawberry.federation.type(
    keys=["id"],
    directives=[category(Category.IDENTITY), about("id")],
    description="A person whom LEAD works with, or for whom a referral was made.",
)
class Participant:
    """A participant who is present for the caller; every field is narrowed for itself."""

    id: strawberry.ID = strawberry.field(
        description="Opaque id of the participant.", directives=_STRUCTURE
    )
    seen: strawberry.Private[repository.Seen]

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list["Participant | None"]:
        """Resolve entity representations in one statement; absent and hidden ones are None."""
        keys = reference_ids(representations)
        found = await context_of(info).loader(repository.PeopleLoader).load_many(keys)
        return [None if each is None else participant_of(each) for each in found]

    @strawberry.field(description="What the person is called.")
    def name(self) -> PersonName | None:
        """Return the name where identity is permitted."""
        if not self.seen.may_see_identity:
            return None
        row = self.seen.row
        return PersonName(
            given=row.given_name,
            family=row.family_name,
            preferred=row.preferred_name,
            quality=rules.NameQuality(row.name_quality),
            version=row.version,
        )

    @strawberry.field(description="Other names in use.")
    async def aliases(self, info: Info) -> list[PersonAlias] | None:
        """Return the aliases where identity is permitted."""
        if not self.seen.may_see_identity:
            return None
        rows = await context_of(info).loader(repository.AliasLoader).load(self.seen.row.id)
        return [PersonAlias(name=row.name, kind=rules.AliasKind(row.kind)) for row in rows or ()]

    @strawberry.field(description="Date of birth, where it is known.")
    def date_of_birth(self) -> date | None:
        """Return the birth date where identity is permitted."""
        return self.seen.row.born_on if self.seen.may_see_identity else None

    @strawberry.field(description="How far the date of birth can be relied on.")
    def date_of_birth_quality(self) -> rules.BirthDateQuality | None:
        """Return the birth date's quality where identity is permitted."""
        if not self.seen.may_see_identity:
            return None
        return rules.BirthDateQuality(self.seen.row.birth_date_quality)

    @strawberry.field(description="Estimated year of birth, where the date is not known.")
    def estimated_birth_year(self) -> int | None:
        """Return the estimated year of birth where identity is permitted."""
        return self.seen.row.estimated_birth_year if self.seen.may_see_identity else None

    @strawberry.field(description="Where the person can be reached.", directives=_CONTACT)
    async def contact(self, info: Info) -> ContactDetails | None:
        """Return the contact where it is permitted."""
        row = await context_of(info).loader(repository.ContactLoader).load(self.seen.row.id)
        if row is None:
            return None
        emergency = None
        if row.emergency_name or row.emergency_phone:
            emergency = EmergencyContact(
                name=row.emergency_name,
                relation=row.emergency_relation,
                phone=row.emergency_phone,
            )
        return ContactDetails(
            phone=row.phone,
            usual_places=row.usual_places,
            emergency_contact=emergency,
            is_confidential=row.is_confidential,
            version=row.version,
        )

    @strawberry.field(description="What the person said about themself.", directives=_DEMOGRAPHICS)
    async def demographics(self, info: Info) -> Demographics | None:
        """Return the demographics where they are permitted."""
        row = await context_of(info).loader(repository.DemographicsLoader).load(self.seen.row.id)
        if row is None:
            return None
        return Demographics(
            race=[rules.Race(each) for each in row.race],
            sex=rules.Sex(row.sex),
            gender_identity=rules.GenderIdentity(row.gender_identity),
            preferred_language=row.preferred_language,
            preferred_language_state=rules.AnswerState(row.language_state),
            veteran=rules.YesNo(row.veteran),
            disability=rules.YesNo(row.disability),
            version=row.version,
        )


def participant_of(seen: repository.Seen) -> Participant:
    """Return the GraphQL object of a participant who is present for the caller."""
    return Participant(id=strawberry.ID(str(seen.row.id)), seen=seen)


async def load_participant(info: Info, participant_id: object) -> Participant | None:
    """Return one participant, or None: absent, hidden and malformed ids look alike."""
    key = participant_id if isinstance(participant_id, UUID) else parse_id(participant_id)
    if key is None:
        return None
    seen = await context_of(info).loader(repository.PeopleLoader).load(key)
    return None if seen is None else participant_of(seen)


def extend(owner: Any, fields: Any) -> None:
    """Add the fields of a Strawberry type to another one, declared in a lower slice.

    Participant is one type of the schema, but its notes belong to the slice that owns notes, and
    slices import downwards only. ``subgraph`` puts the fields together, in one order.
    """
    definition = owner.__strawberry_definition__
    definition.fields.extend(fields.__strawberry_definition__.fields)


@strawberry.type(directives=_STRUCTURE, description="Reading about people.")
class PeopleQuery:
    """Root fields about people."""

    @strawberry.field(description="One participant; null when there is none that you may see.")
    async def participant(self, info: Info, id: GlobalId) -> Participant | None:  # noqa: A002
        """Return one participant."""
        return await load_participant(info, id)


@strawberry.input(description="Whom to call when something happens.")
class EmergencyContactInput:
    """An emergency contact."""

    name: str = strawberry.field(description="Who it is.")
    relation: str | None = strawberry.field(default=None, description="What they are to them.")
    phone: str | None = strawberry.field(default=None, description="Their telephone number.")


@strawberry.input(description="Where a participant can be reached; what is left out stays.")
class UpdateContactInput:
    """Input of ``updateContact``."""

    participant_id: strawberry.ID = strawberry.field(description="Whose contact.")
    expected_version: int = strawberry.field(description="Version you saw; 0 when there was none.")
    idempotency_key: str = strawberry.field(description="Unique per intended change.")
    phone: str | None = strawberry.field(
        default=strawberry.UNSET, description="Telephone number; null takes it away."
    )
    usual_places: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Where the person is usually found, all of it; null takes it away.",
    )
    emergency_contact: EmergencyContactInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whom to call when something happens; null takes it away.",
    )
    is_confidential: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Only for those who work with the person, whatever was signed; null leaves it.",
    )


@strawberry.input(description="What a participant said about themself.")
class RecordDemographicsInput:
    """Input of ``recordDemographics``."""

    participant_id: strawberry.ID = strawberry.field(description="Whose answers.")
    expected_version: int = strawberry.field(description="Version you saw; 0 when there was none.")
    idempotency_key: str = strawberry.field(description="Unique per intended change.")
    race: list[rules.Race] = strawberry.field(description="Race and ethnicity, several.")
    sex: rules.Sex = strawberry.field(description="Sex.")
    gender_identity: rules.GenderIdentity = strawberry.field(description="Gender identity.")
    preferred_language_state: rules.AnswerState = strawberry.field(
        description="Whether the language is known, and why not."
    )
    veteran: rules.YesNo = strawberry.field(description="Served in the armed forces.")
    disability: rules.YesNo = strawberry.field(description="Has a disabling condition.")
    preferred_language: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Language the person wants to speak (BCP 47 tag); null takes it away, and left "
        "out it stays as long as the question is answered.",
    )


@strawberry.type(directives=_STRUCTURE, description="Result of a change to a participant.")
class ParticipantPayload:
    """Payload with the participant as they are now."""

    participant: Participant | None = strawberry.field(description="The participant as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=_STRUCTURE, description="Changes to a person's record.")
class PeopleMutation:
    """Mutations about people."""

    @strawberry.mutation(
        description="Change where a participant can be reached (CM, SUP); what is left out stays."
    )
    async def update_contact(
        self,
        info: Info,
        input: Annotated[UpdateContactInput, INPUT],  # noqa: A002
    ) -> ParticipantPayload:
        """Change a participant's contact."""
        context = context_of(info)
        said: dict[str, Any] = {}
        if input.phone is not strawberry.UNSET:
            said["phone"] = input.phone
        if input.usual_places is not strawberry.UNSET:
            said["usual_places"] = input.usual_places or []
        if input.emergency_contact is not strawberry.UNSET:
            emergency = input.emergency_contact
            said["emergency_name"] = emergency.name if emergency else None
            said["emergency_relation"] = emergency.relation if emergency else None
            said["emergency_phone"] = emergency.phone if emergency else None
        if isinstance(input.is_confidential, bool):
            said["is_confidential"] = input.is_confidential
        outcome = await run_command(
            context,
            "updateContact",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.update_contact(
                session, context.caller, input.participant_id, input.expected_version, said
            ),
        )
        return ParticipantPayload(
            participant=await load_participant(info, outcome.id("participant")),
            user_errors=outcome.user_errors,
        )

    @strawberry.mutation(description="Record a participant's own answers (CM, SUP).")
    async def record_demographics(
        self,
        info: Info,
        input: Annotated[RecordDemographicsInput, INPUT],  # noqa: A002
    ) -> ParticipantPayload:
        """Record a participant's demographics."""
        context = context_of(info)
        is_language_said = input.preferred_language is not strawberry.UNSET
        answers = commands.Demographics(
            race=input.race,
            sex=input.sex,
            gender_identity=input.gender_identity,
            preferred_language=input.preferred_language if is_language_said else None,
            language_state=input.preferred_language_state,
            veteran=input.veteran,
            disability=input.disability,
            is_language_said=is_language_said,
        )
        outcome = await run_command(
            context,
            "recordDemographics",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.record_demographics(
                session, context.caller, input.participant_id, input.expected_version, answers
            ),
        )
        return ParticipantPayload(
            participant=await load_participant(info, outcome.id("participant")),
            user_errors=outcome.user_errors,
        )
