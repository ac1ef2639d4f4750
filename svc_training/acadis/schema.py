"""GraphQL of the exchange: importing files, what differed, and the reconcile report."""

from datetime import datetime
from typing import Annotated, Any, Self

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.mutation_result import UserError
from infra.pagination import Connection
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_training.acadis import commands, repository, tables
from svc_training.connections import paged
from svc_training.personnel.commands import reads_own_agency
from svc_training.personnel.schema import After, First

_TRAINING = [category(Category.TRAINING)]
_STRUCTURE = [category(Category.STRUCTURE)]
_KEY = "The same key with the same input has its effect once (1 to 200 characters)."
_MOST = 500


@strawberry.type(directives=_TRAINING, description="A row that was not taken.")
class ExchangeProblem:
    """One problem."""

    file: str = strawberry.field(description="In which file.")
    row: int = strawberry.field(description="Which row, from 1 without the header.")
    column: str = strawberry.field(description="Which column, where it is one.")
    code: str = strawberry.field(description="Stable, upper-case code.")
    message: str = strawberry.field(description="What is wrong and what would be right.")


@strawberry.type(directives=_TRAINING, description="How often something was done.")
class ExchangeCount:
    """One count."""

    what: str = strawberry.field(description="What was done.")
    number: int = strawberry.field(description="How often.")


@strawberry.type(directives=_TRAINING, description="One import from the academy's system.")
class ExchangeBatch:
    """One import."""

    id: strawberry.ID = strawberry.field(directives=_STRUCTURE, description="Global id.")
    batch_id: str = strawberry.field(description="The id that the manifest gives it.")
    finished_at: datetime = strawberry.field(description="When it was taken.")
    counts: list[ExchangeCount] = strawberry.field(description="What was done.")
    problems: list[ExchangeProblem] = strawberry.field(description="Rows that were not taken.")

    @classmethod
    def from_row(cls, row: tables.ExchangeBatch) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            batch_id=row.batch_id,
            finished_at=row.finished_at,
            counts=[
                ExchangeCount(what=what, number=int(number))
                for what, number in sorted(row.counts.items())
            ],
            problems=[
                ExchangeProblem(
                    file=str(file), row=int(number), column=str(column), code=str(code),
                    message=str(message),
                )
                for file, number, column, code, message in row.errors
            ],
        )  # fmt: skip


@strawberry.type(directives=_TRAINING, description="Where the two systems say different things.")
class ExchangeConflict:
    """One open conflict."""

    id: strawberry.ID = strawberry.field(directives=_STRUCTURE, description="Global id.")
    kind: str = strawberry.field(
        description="STATUS_DIFFERS, RESULT_DIFFERS (theirs stands), ONLY_THERE; of a session "
        "whose places or deadlines were set by hand (ours stand) CAPACITY_DIFFERS, "
        "OPENING_DIFFERS, CLOSING_DIFFERS, CANCELLING_DIFFERS; of a course CATEGORY_DIFFERS, "
        "OFFERED_DIFFERS."
    )
    personnel_id: strawberry.ID | None = strawberry.field(description="Whom it is about.")
    person_external_id: str | None = strawberry.field(description="The academy's id of the person.")
    session_number: str | None = strawberry.field(
        description="Which session; the course, where the conflict is about one."
    )
    ours: str | None = strawberry.field(description="What we have, or had.")
    theirs: str | None = strawberry.field(description="What they say.")
    found_at: datetime = strawberry.field(description="When it was found.")

    @classmethod
    def from_row(cls, row: tables.ExchangeConflict) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            kind=row.kind,
            personnel_id=strawberry.ID(str(row.personnel_id)) if row.personnel_id else None,
            person_external_id=row.person_external_id,
            session_number=row.session_number,
            ours=row.ours,
            theirs=row.theirs,
            found_at=row.found_at,
        )


@strawberry.type(directives=_TRAINING, description="Something that only one of the two has.")
class ReconcileRow:
    """One row of the report."""

    name: str | None = strawberry.field(description="Who, when we know.")
    person_external_id: str | None = strawberry.field(description="The academy's id, if any.")
    session_number: str = strawberry.field(description="Which session.")
    status: str = strawberry.field(description="The status where it is.")


@strawberry.type(directives=_TRAINING, description="What we have and they do not, and the reverse.")
class ReconcileReport:
    """The report; each side has at most 500 rows."""

    only_here: list[ReconcileRow] = strawberry.field(
        description="Live assignments that they do not have, of sessions that they know."
    )
    only_there: list[ReconcileRow] = strawberry.field(
        description="Registrations of own people that we have no assignment for."
    )


@strawberry.type(
    directives=_TRAINING, description="An organization of the academy's that the own agency is."
)
class LinkedOrganization:
    """One organization."""

    organization_id: str = strawberry.field(description="The academy's id of the organization.")
    linked_by: strawberry.ID = strawberry.field(description="Account of who linked it.")
    linked_at: datetime = strawberry.field(description="When it was linked.")

    @classmethod
    def from_row(cls, row: tables.ExchangeOrganization) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            organization_id=row.organization_id,
            linked_by=strawberry.ID(row.linked_by),
            linked_at=row.linked_at,
        )


@strawberry.type
class ExchangeQuery:
    """Root fields about the exchange."""

    @strawberry.field(description="Imports of the own agency.", directives=_TRAINING)
    async def exchange_batches(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[ExchangeBatch] | None:
        """Return one page of imports."""
        return await paged(
            info, name="Query.exchangeBatches", order=repository.BATCH_ORDER, first=first,
            after=after, read=repository.page_of_batches, node=ExchangeBatch.from_row,
        )  # fmt: skip

    @strawberry.field(
        description="Organizations of the academy's that are linked to the own agency, by id: "
        "rows of their people are taken for it. For training managers; empty for others.",
        directives=_TRAINING,
    )
    async def linked_organizations(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[LinkedOrganization] | None:
        """Return one page of organizations."""
        return await paged(
            info, name="Query.linkedOrganizations", order=repository.ORGANIZATION_ORDER,
            first=first, after=after, read=repository.page_of_organizations,
            node=LinkedOrganization.from_row,
        )  # fmt: skip

    @strawberry.field(description="Open conflicts of the own agency.", directives=_TRAINING)
    async def exchange_conflicts(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[ExchangeConflict] | None:
        """Return one page of conflicts."""
        return await paged(
            info, name="Query.exchangeConflicts", order=repository.CONFLICT_ORDER, first=first,
            after=after, read=repository.page_of_conflicts, node=ExchangeConflict.from_row,
        )  # fmt: skip

    @strawberry.field(
        description="What the own agency has and the academy's system has not, and the reverse.",
        directives=_TRAINING,
    )
    async def reconcile_report(self, info: Info) -> ReconcileReport | None:
        """Return the report; null for who may not read the agency's training."""
        context = context_of(info)
        if not reads_own_agency(context.caller):
            return None
        agency_id = context.caller.agency_id
        async with context.reading() as session:
            here = await repository.only_here(session, agency_id, _MOST)
            there = await repository.only_there(session, agency_id, _MOST)
        return ReconcileReport(
            only_here=[
                ReconcileRow(
                    name=name, person_external_id=external, session_number=number, status=status
                )
                for name, number, status, external in here
            ],
            only_there=[
                ReconcileRow(
                    name=None, person_external_id=external, session_number=number, status=status
                )
                for external, number, status in there
            ],
        )


@strawberry.input(description="One file of a batch.")
class ExchangeFileInput:
    """One file."""

    name: str = strawberry.field(description="manifest.json, or one of the five CSV files.")
    text: str = strawberry.field(description="Its text, exactly as the manifest's digest has it.")


@strawberry.input(description="A batch of files from the academy's system.")
class ImportExchangeInput:
    """Input of importExchange."""

    files: list[ExchangeFileInput] = strawberry.field(description="The manifest and its files.")
    idempotency_key: str = strawberry.field(description=_KEY)
    dry_run: bool = strawberry.field(
        default=False, description="Only say what would come of it; nothing is stored."
    )


@strawberry.type(directives=_STRUCTURE, description="Result of importExchange.")
class ImportExchangePayload:
    """Payload of importExchange."""

    batch: ExchangeBatch | None = strawberry.field(
        default=None, description="What was done, or would be."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.input(description="Which organization of the academy's system the own agency is.")
class LinkOrganizationInput:
    """Input of linkOrganization."""

    organization_id: str = strawberry.field(description="The academy's id of the organization.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=_STRUCTURE, description="Result of linkOrganization.")
class LinkOrganizationPayload:
    """Payload of linkOrganization."""

    organization_id: str | None = strawberry.field(
        default=None, directives=_TRAINING, description="The organization, when it is linked."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.input(description="A conflict that has been looked into.")
class SettleConflictInput:
    """Input of settleConflict."""

    conflict_id: strawberry.ID = strawberry.field(description="Which conflict.")
    comment: str = strawberry.field(description="What was done about it.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=_STRUCTURE, description="Result of settleConflict.")
class SettleConflictPayload:
    """Payload of settleConflict."""

    is_settled: bool = strawberry.field(
        default=False, directives=_TRAINING, description="Whether it is off the list."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.type
class ExchangeMutation:
    """Mutations of the exchange."""

    @strawberry.mutation(description="Take a batch of files over; good rows, others reported.")
    async def import_exchange(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            ImportExchangeInput, strawberry.argument(description="The files.")
        ],
    ) -> ImportExchangePayload:
        """Take a batch over, or say what would come of it."""
        context, tried = context_of(info), list[ExchangeBatch]()
        files = {each.name: each.text for each in input.files}

        async def effect(session: WriteSession) -> dict[str, Any]:
            if input.dry_run:
                return await commands.try_for_manager(
                    session,
                    context.caller,
                    files,
                    lambda row: tried.append(ExchangeBatch.from_row(row)),
                )
            return await commands.import_for_manager(session, context.caller, files)

        outcome = await run_command(
            context, "importExchange", input, key=input.idempotency_key, effect=effect
        )
        row, batch_id = None, outcome.result.get("batchId")
        if input.dry_run:
            batch = tried[0] if tried else None
            return ImportExchangePayload(batch=batch, user_errors=outcome.user_errors)
        if batch_id is not None:
            source = f"{commands.FILES}:{context.caller.agency_id}"
            async with context.reading() as session:
                row = await repository.batch(session, source, batch_id)
        batch = None if row is None else ExchangeBatch.from_row(row)
        return ImportExchangePayload(batch=batch, user_errors=outcome.user_errors)

    @strawberry.mutation(description="Say which organization of the academy's the agency is.")
    async def link_organization(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            LinkOrganizationInput, strawberry.argument(description="Which organization.")
        ],
    ) -> LinkOrganizationPayload:
        """Link an organization."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.link_organization(session, context.caller, input.organization_id)

        outcome = await run_command(
            context, "linkOrganization", input, key=input.idempotency_key, effect=effect
        )
        return LinkOrganizationPayload(
            organization_id=outcome.result.get("organization"), user_errors=outcome.user_errors
        )

    @strawberry.mutation(description="Take a conflict off the list, with what was done.")
    async def settle_conflict(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            SettleConflictInput, strawberry.argument(description="Which conflict.")
        ],
    ) -> SettleConflictPayload:
        """Settle a conflict."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.settle_conflict(
                session, context.caller, input.conflict_id, input.comment
            )

        outcome = await run_command(
            context, "settleConflict", input, key=input.idempotency_key, effect=effect
        )
        return SettleConflictPayload(
            is_settled="conflict" in outcome.result, user_errors=outcome.user_errors
        )
