"""GraphQL of records of one person."""

from typing import Annotated

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.duplicates import commands, repository, rules
from svc_participants.people.repository import Seen
from svc_participants.people.schema import INPUT, Participant, load_participant, participant_of

_STRUCTURE = [category(Category.STRUCTURE)]
_IDENTITY = [category(Category.IDENTITY)]

described_enum(rules.MatchAspect, "What two records have in common.", rules.ASPECT_MEANINGS)


@strawberry.type(directives=_IDENTITY, description="One part of a score.")
class MatchReason:
    """A reason."""

    aspect: rules.MatchAspect | None = strawberry.field(description="What it is about.")
    points: int | None = strawberry.field(description="Points; below 0 where it speaks against.")


@strawberry.type(
    directives=[category(Category.IDENTITY), about("participantId")],
    description="A record that may be of the same person; it is proposed, never merged by itself.",
)
class PossibleDuplicate:
    """A candidate."""

    participant_id: strawberry.ID = strawberry.federation.field(
        description="Whom it is about.", directives=_STRUCTURE, inaccessible=True
    )
    score: int | None = strawberry.field(description="0 to 100.")
    reasons: list[MatchReason] | None = strawberry.field(description="What the score adds up from.")
    participant: Participant | None = strawberry.field(description="The other record.")


@strawberry.type(
    directives=[category(Category.IDENTITY), about("participantId")],
    description="Another record of the same person; each keeps its own releases.",
)
class MergedRecord:
    """A link."""

    participant_id: strawberry.ID = strawberry.federation.field(
        description="Whom it is about.", directives=_STRUCTURE, inaccessible=True
    )
    participant: Participant | None = strawberry.field(description="The other record.")
    needs_reaffirmed_release: bool | None = strawberry.field(
        description="Ask the person for one release for both: what each has covers only itself."
    )
    version: int = strawberry.field(
        description="Give it as `expectedVersion` to take it apart.", directives=_STRUCTURE
    )


async def _duplicates(
    root: strawberry.Parent[Participant], info: Info
) -> list[PossibleDuplicate] | None:
    context, person = context_of(info), root.seen.row
    if not root.seen.may_see_identity:
        return None
    async with context.reading() as session:
        own = (await repository.records(session, context.caller, [person]))[person.id]
        rows = await repository.similar(session, context.caller, person, own)
        others = await repository.records(session, context.caller, rows)
    found = []
    for row in rows:
        score, reasons = rules.compare(own, others[row.id])
        if score >= rules.PROPOSED_FROM:
            found.append(
                PossibleDuplicate(
                    participant_id=strawberry.ID(str(row.id)),
                    score=score,
                    reasons=[MatchReason(aspect=r.aspect, points=r.points) for r in reasons],
                    participant=participant_of(Seen(row, may_see_identity=True)),
                )
            )
    return sorted(found, key=lambda each: (-(each.score or 0), str(each.participant_id)))


async def _merged(root: strawberry.Parent[Participant], info: Info) -> list[MergedRecord] | None:
    links = await context_of(info).loader(repository.MergedInto).load(root.seen.row.id) or []
    return [
        MergedRecord(
            participant_id=strawberry.ID(str(link.merged_id)),
            participant=await load_participant(info, link.merged_id),
            needs_reaffirmed_release=True,
            version=link.version,
        )
        for link in links
    ]


async def _surviving(root: strawberry.Parent[Participant], info: Info) -> MergedRecord | None:
    link = await context_of(info).loader(repository.MergedFrom).load(root.seen.row.id)
    if link is None:
        return None
    return MergedRecord(
        participant_id=strawberry.ID(str(link.surviving_id)),
        participant=await load_participant(info, link.surviving_id),
        needs_reaffirmed_release=True,
        version=link.version,
    )


@strawberry.type
class DuplicateFields:
    """What these add to ``Participant``."""

    possible_duplicates: list[PossibleDuplicate] | None = strawberry.field(
        resolver=_duplicates,
        description="Records that may be of the same person, likeliest first (PM, CM, SUP).",
        directives=_IDENTITY,
    )
    merged_records: list[MergedRecord] | None = strawberry.field(
        resolver=_merged,
        description="Records that were merged into this one, as far as you may see them.",
        directives=_IDENTITY,
    )
    merged_into: MergedRecord | None = strawberry.field(
        resolver=_surviving,
        description="The record that goes on in place of this one, if you may see it.",
        directives=_IDENTITY,
    )


@strawberry.input(description="Two records are of one person.")
class MergePeopleInput:
    """Input of ``mergePeople``."""

    surviving_id: strawberry.ID = strawberry.field(description="The record that goes on.")
    merged_id: strawberry.ID = strawberry.field(description="The record that is linked to it.")
    idempotency_key: str = strawberry.field(description="Unique per intended merge.")
    reason: str = strawberry.field(description="Why.")


@strawberry.input(description="Two records are of two people after all.")
class UnmergePeopleInput:
    """Input of ``unmergePeople``."""

    merged_id: strawberry.ID = strawberry.field(description="The record that was linked.")
    expected_version: int = strawberry.field(description="Version of the link that you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended change.")
    reason: str = strawberry.field(description="Why.")


@strawberry.type(directives=_STRUCTURE, description="Result of a merge, or of taking one apart.")
class MergePayload:
    """Payload with the record as it is now."""

    participant: Participant | None = strawberry.field(description="The record as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=_STRUCTURE, description="Changes to records of one person.")
class DuplicateMutation:
    """Mutations about records of one person."""

    @strawberry.mutation(description="Link two records of one person (PM screening, SUP).")
    async def merge_people(
        self,
        info: Info,
        input: Annotated[MergePeopleInput, INPUT],  # noqa: A002
    ) -> MergePayload:
        """Merge two records."""
        context = context_of(info)
        given = commands.Merge(input.surviving_id, input.merged_id, input.reason)
        outcome = await run_command(
            context,
            "mergePeople",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.merge(session, context.caller, given),
        )
        return MergePayload(
            participant=await load_participant(info, outcome.id("participant")),
            user_errors=outcome.user_errors,
        )

    @strawberry.mutation(description="Take a merge apart again (PM screening, SUP).")
    async def unmerge_people(
        self,
        info: Info,
        input: Annotated[UnmergePeopleInput, INPUT],  # noqa: A002
    ) -> MergePayload:
        """Unmerge a record."""
        context = context_of(info)
        outcome = await run_command(
            context,
            "unmergePeople",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.unmerge(
                session,
                context.caller,
                input.merged_id,
                input.expected_version,
                input.reason,
            ),
        )
        return MergePayload(
            participant=await load_participant(info, outcome.id("participant")),
            user_errors=outcome.user_errors,
        )
