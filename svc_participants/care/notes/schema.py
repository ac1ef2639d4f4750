"""GraphQL of case notes."""

import asyncio
from datetime import date, datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.entity_references import parse_id, reference_ids
from infra.mutation_result import UserError
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.care import presenting
from svc_participants.care.notes import commands, repository, rules
from svc_participants.care.notes.tables import CaseNoteRow, NoteAmendmentRow, NoteSignOffRow
from svc_participants.people.repository import StaffNames
from svc_participants.people.schema import INPUT, After, First, GlobalId

_STRUCTURE = [category(Category.STRUCTURE)]
_NOTES = [category(Category.CASE_NOTES)]
_OF_PARTICIPANT, _AMENDMENTS = "Participant.notes", "CaseNote.amendments"

described_enum(rules.NoteTopic, "What a note tells of besides.", rules.TOPIC_MEANINGS)


@strawberry.type(directives=_NOTES, description="A later wording of a note.")
class NoteAmendment:
    """An amendment."""

    text: str | None = strawberry.field(description="The note as worded from then on.")
    reason: str | None = strawberry.field(description="Why it was worded anew.")
    written_at: datetime | None = strawberry.field(description="When.")
    author_name: str | None = strawberry.field(description="By whom.")


@strawberry.type(directives=_NOTES, description="A supervisor's signature under a wording.")
class NoteSignOff:
    """A signature."""

    wording: int | None = strawberry.field(description="Which wording; 1 is the first.")
    is_current: bool | None = strawberry.field(
        description="Whether it stands under the note as it is worded now."
    )
    signed_at: datetime | None = strawberry.field(description="When.")
    signed_by_name: str | None = strawberry.field(description="By whom.")


@strawberry.federation.type(
    keys=["id"],
    directives=[category(Category.CASE_NOTES), about("participantId")],
    description="A case manager's note. It is amended, never overwritten.",
)
class CaseNote:
    """A note that the caller may see."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    participant_id: strawberry.ID = strawberry.federation.field(
        description="Whom it is about.", directives=_STRUCTURE, inaccessible=True
    )
    mode: rules.ContactMode | None = strawberry.field(description="How the contact took place.")
    occurred_on: date | None = strawberry.field(description="Day of the contact.")
    written_at: datetime | None = strawberry.field(description="When it was first written.")
    original_text: str | None = strawberry.field(description="The note as first written.")
    row: strawberry.Private[CaseNoteRow]

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list["CaseNote | None"]:
        """Resolve entity representations in one statement."""
        keys = reference_ids(representations)
        found = await context_of(info).loader(repository.NoteLoader).load_many(keys)
        return [None if each is None else note_of(each) for each in found]

    @strawberry.field(description="The note as it is worded now.")
    async def text(self, info: Info) -> str | None:
        """Return the newest wording."""
        latest = await context_of(info).loader(repository.LatestAmendmentLoader).load(self.row.id)
        return self.row.text if latest is None else latest.text

    @strawberry.field(description="Who wrote it.")
    async def author_name(self, info: Info) -> str | None:
        """Return the author's name."""
        return await context_of(info).loader(StaffNames).of(self.row.author_account_id)

    @strawberry.field(description="What it tells of besides; each topic needs its category.")
    async def topics(self, info: Info) -> list[rules.NoteTopic] | None:
        """Return the topics."""
        found = await context_of(info).loader(repository.TopicLoader).load(self.row.id)
        return [rules.NoteTopic(each) for each in found or ()]

    @strawberry.field(description="The newest signature under it, if any.")
    async def sign_off(self, info: Info) -> NoteSignOff | None:
        """Return the newest signature."""
        context = context_of(info)
        row = await context.loader(repository.SignOffLoader).load(self.row.id)
        return None if row is None else await _sign_off_of(info, row)

    @strawberry.field(description="Later wordings, oldest first.")
    async def amendments(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[NoteAmendment] | None:
        """Return a page of the amendments."""
        context, order = context_of(info), repository.IN_ORDER
        request = page_request(
            context, info, name=_AMENDMENTS, order=order, first=first, after=after
        )
        page = await context.loader(repository.AmendmentsOfNote).load(self.row.id, request)
        writers = context.loader(StaffNames)
        found = await asyncio.gather(*(writers.of(row.author_account_id) for row in page.rows))
        names = {row.id: name for row, name in zip(page.rows, found, strict=True)}
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=_AMENDMENTS,
            after=after,
            key=order.key,
            node=lambda row: _amendment_of(row, names[row.id]),
        )

    @strawberry.field(description="Give it as `expectedVersion` to amend.")
    async def version(self, info: Info) -> int | None:
        """Return the number of wordings."""
        latest = await context_of(info).loader(repository.LatestAmendmentLoader).load(self.row.id)
        return 1 if latest is None else latest.number + 1


def _amendment_of(row: NoteAmendmentRow, author_name: str | None) -> NoteAmendment:
    return NoteAmendment(
        text=row.text, reason=row.reason, written_at=row.written_at, author_name=author_name
    )


async def _sign_off_of(info: Info, row: NoteSignOffRow) -> NoteSignOff:
    context = context_of(info)
    latest = await context.loader(repository.LatestAmendmentLoader).load(row.note_id)
    return NoteSignOff(
        wording=row.wording,
        is_current=row.wording == (1 if latest is None else latest.number + 1),
        signed_at=row.signed_at,
        signed_by_name=await context.loader(StaffNames).of(row.signed_by),
    )


def note_of(row: CaseNoteRow) -> CaseNote:
    """Return the GraphQL object of a note."""
    return CaseNote(
        id=strawberry.ID(str(row.id)),
        participant_id=strawberry.ID(str(row.participant_id)),
        mode=rules.ContactMode(row.mode),
        occurred_on=row.occurred_on,
        written_at=row.written_at,
        original_text=row.text,
        row=row,
    )


@strawberry.type(directives=_STRUCTURE, description="Reading about case notes.")
class NoteQuery:
    """Root field about one note."""

    @strawberry.field(description="One case note; null when there is none that you may see.")
    async def case_note(self, info: Info, id: GlobalId) -> CaseNote | None:  # noqa: A002
        """Return one note."""
        found = await CaseNote.resolve_references(info, [{"id": str(id)}])
        return found[0]


@strawberry.type
class NoteFields:
    """What notes add to ``Participant``; put there by ``subgraph``."""

    notes: Connection[CaseNote] | None = presenting.paged(
        CaseNote,
        name=_OF_PARTICIPANT,
        pages=repository.NotesOfParticipant,
        node=note_of,
        of=Category.CASE_NOTES,
        description="Case notes.",
        only=("mode", rules.ContactMode, "Only contacts that took place like this."),
    )


@strawberry.input(description="A new case note.")
class AddCaseNoteInput:
    """Input of ``addCaseNote``."""

    participant_id: strawberry.ID = strawberry.field(description="Whom it is about.")
    idempotency_key: str = strawberry.field(description="Unique per intended note.")
    mode: rules.ContactMode = strawberry.field(description="How the contact took place.")
    occurred_on: date = strawberry.field(description="Day of the contact.")
    text: str = strawberry.field(description="The note.")
    topics: list[rules.NoteTopic] = strawberry.field(
        default_factory=list, description="What it tells of besides; say so when it does."
    )


@strawberry.input(description="A new wording of a note.")
class AmendCaseNoteInput:
    """Input of ``amendCaseNote``."""

    note_id: strawberry.ID = strawberry.field(description="Which note.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended change.")
    text: str = strawberry.field(description="The note as it shall be worded.")
    reason: str = strawberry.field(description="Why it is worded anew.")


@strawberry.input(description="What else a note tells of.")
class MarkCaseNoteInput:
    """Input of ``markCaseNote``."""

    note_id: strawberry.ID = strawberry.field(description="Which note.")
    idempotency_key: str = strawberry.field(description="Unique per intended mark.")
    topic: rules.NoteTopic = strawberry.field(description="What it tells of.")


@strawberry.input(description="A supervisor's signature under a note.")
class SignOffCaseNoteInput:
    """Input of ``signOffCaseNote``."""

    note_id: strawberry.ID = strawberry.field(description="Which note.")
    expected_version: int = strawberry.field(description="Wording you have read.")
    idempotency_key: str = strawberry.field(description="Unique per intended signature.")


@strawberry.type(directives=_STRUCTURE, description="Result of a change to a note.")
class CaseNotePayload:
    """Payload with the note as it is now."""

    note: CaseNote | None = strawberry.field(description="The note as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=_STRUCTURE, description="Changes to case notes.")
class NoteMutation:
    """Mutations about notes."""

    @strawberry.mutation(description="Write a case note (CM assigned, SUP of the agency).")
    async def add_case_note(
        self,
        info: Info,
        input: Annotated[AddCaseNoteInput, INPUT],  # noqa: A002
    ) -> CaseNotePayload:
        """Write a note."""
        context = context_of(info)
        outcome = await run_command(
            context,
            "addCaseNote",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.add_note(
                session,
                context.caller,
                commands.NewNote(
                    input.participant_id,
                    input.mode,
                    input.occurred_on,
                    input.text,
                    tuple(input.topics),
                ),
            ),
        )
        return CaseNotePayload(
            note=await _load_note(info, outcome.id("note")), user_errors=outcome.user_errors
        )

    @strawberry.mutation(description="Word a case note anew; the old wording stays.")
    async def amend_case_note(
        self,
        info: Info,
        input: Annotated[AmendCaseNoteInput, INPUT],  # noqa: A002
    ) -> CaseNotePayload:
        """Amend a note."""
        context = context_of(info)
        outcome = await run_command(
            context,
            "amendCaseNote",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.amend_note(
                session,
                context.caller,
                parse_id(input.note_id),
                commands.Amendment(input.expected_version, input.text, input.reason),
            ),
        )
        return CaseNotePayload(
            note=await _load_note(info, outcome.id("note")), user_errors=outcome.user_errors
        )

    @strawberry.mutation(description="Mark what else a note tells of; marks stay.")
    async def mark_case_note(
        self,
        info: Info,
        input: Annotated[MarkCaseNoteInput, INPUT],  # noqa: A002
    ) -> CaseNotePayload:
        """Mark a note."""
        outcome = await presenting.carried_out(
            info,
            "markCaseNote",
            input,
            lambda session, caller: commands.mark_note(
                session, caller, parse_id(input.note_id), input.topic
            ),
        )
        return CaseNotePayload(
            note=await _load_note(info, outcome.id("note")), user_errors=outcome.user_errors
        )

    @strawberry.mutation(description="Sign a note's present wording off (SUP, not its author).")
    async def sign_off_case_note(
        self,
        info: Info,
        input: Annotated[SignOffCaseNoteInput, INPUT],  # noqa: A002
    ) -> CaseNotePayload:
        """Sign a note off."""
        outcome = await presenting.carried_out(
            info,
            "signOffCaseNote",
            input,
            lambda session, caller: commands.sign_off_note(
                session, caller, parse_id(input.note_id), input.expected_version
            ),
        )
        return CaseNotePayload(
            note=await _load_note(info, outcome.id("note")), user_errors=outcome.user_errors
        )


async def _load_note(info: Info, note_id: Any) -> CaseNote | None:
    if note_id is None:
        return None
    row = await context_of(info).loader(repository.NoteLoader).load(note_id)
    return None if row is None else note_of(row)
