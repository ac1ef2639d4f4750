"""What hangs on a match (warrants, decisions, corrections), and how it is read in batches."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from infra.request_context import RequestContext
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_cases.cases import rules as case_rules
from svc_cases.cases import tables as case_tables
from svc_cases.cases.schema import STRUCTURE, grouped
from svc_cases.coordination import repository, rules, tables
from svc_cases.coordination.repository import Match
from svc_cases.coordination.schema.words import ABOUT_PARTICIPANT, COORDINATION, SUMMARY
from svc_cases.counsel import repository as counsel
from svc_cases.counsel.repository import PageKey


@strawberry.federation.type(
    directives=[category(Category.WARRANTS), ABOUT_PARTICIPANT],
    description="A warrant in a matched case. Never on the public case, and never CJI.",
)
class Warrant:
    """A warrant."""

    row: strawberry.Private[tables.Warrant]

    @strawberry.federation.field(directives=STRUCTURE, description="Id of the warrant.")
    def id(self) -> strawberry.ID:
        """Return the id."""
        return strawberry.ID(str(self.row.id))

    @strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whom it is about."
    )
    def participant_id(self) -> strawberry.ID:
        """Return the participant."""
        return strawberry.ID(str(self.row.participant_id))

    @strawberry.federation.field(description="Status, as last recorded.")
    def status(self) -> rules.WarrantStatus | None:
        """Return the status."""
        return rules.WarrantStatus(self.row.status)

    @strawberry.federation.field(description="Where the status comes from.")
    def source(self) -> rules.WarrantSource | None:
        """Return the source."""
        return rules.WarrantSource(self.row.source)

    @strawberry.federation.field(description="Day of issue, if known.")
    def issued_on(self) -> date | None:
        """Return the day of issue."""
        return self.row.issued_on

    @strawberry.federation.field(description="Counts changes; a change names it.")
    def version(self) -> int | None:
        """Return the version."""
        return self.row.version


@strawberry.federation.type(
    directives=[*SUMMARY, ABOUT_PARTICIPANT],
    description="What the liaison prosecutor has decided, with the reason.",
)
class FilingDecision:
    """A filing decision."""

    row: strawberry.Private[tables.FilingDecision]

    @strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whom it is about."
    )
    def participant_id(self) -> strawberry.ID:
        """Return the participant."""
        return strawberry.ID(str(self.row.participant_id))

    @strawberry.federation.field(description="The decision.")
    def decision(self) -> rules.CoordinationStatus | None:
        """Return the decision."""
        return rules.CoordinationStatus(self.row.decision)

    @strawberry.federation.field(description="Day of the decision.")
    def decided_on(self) -> date | None:
        """Return the day."""
        return self.row.decided_on

    @strawberry.federation.field(
        directives=COORDINATION, description="Why, in the prosecutor's words."
    )
    def reason(self) -> str | None:
        """Return the reason."""
        return self.row.reason

    @strawberry.federation.field(
        directives=COORDINATION,
        description="For a filing: the report that it rests on, which stands without LEAD.",
    )
    def independent_source(self) -> str | None:
        """Return the independent source."""
        return self.row.independent_source


@strawberry.type(
    directives=COORDINATION, description="A corrected date of a case, with what stood there before."
)
class DateCorrection:
    """A correction."""

    field: case_rules.DateField | None = strawberry.field(description="Which date.")
    before_on: date | None = strawberry.field(description="What stood there before.")
    after_on: date | None = strawberry.field(description="What stands there since.")
    corrected_at: datetime | None = strawberry.field(description="When it was corrected.")

    @classmethod
    def of(cls, row: case_tables.DateCorrection) -> "DateCorrection":
        """Return a row as GraphQL shows it."""
        return cls(
            field=case_rules.DateField(row.field),
            before_on=row.before_on,
            after_on=row.after_on,
            corrected_at=row.corrected_at,
        )


class MatchParts:
    """Reads the parts of all matches of one answer together: one statement for each kind."""

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self.of_cases: DataLoader[UUID, Match | None] = DataLoader(self._of_cases)
        self.warrants: DataLoader[UUID, list[tables.Warrant]] = DataLoader(self._warrants)
        self.decisions: DataLoader[UUID, tables.FilingDecision | None] = DataLoader(self._decisions)
        self.pages: DataLoader[tuple[UUID, int, PageKey | None], Any] = DataLoader(self._pages)
        self.counsel: DataLoader[tuple[UUID, int, PageKey | None], Any] = DataLoader(self._counsel)

    async def _of_cases(self, ids: list[UUID]) -> list[Match | None]:
        async with self._context.reading() as session:
            found = await repository.matches_of_cases(session, self._context.caller, ids)
        return [found.get(each) for each in ids]

    async def _warrants(self, ids: list[UUID]) -> list[list[tables.Warrant]]:
        async with self._context.reading() as session:
            rows = await repository.warrants_of(session, self._context.caller, ids)
        return grouped(rows, lambda row: row.link_id, ids)

    async def _decisions(self, ids: list[UUID]) -> list[tables.FilingDecision | None]:
        async with self._context.reading() as session:
            rows = await repository.decisions_of(session, self._context.caller, ids)
        found = {row.link_id: row for row in rows}
        return [found.get(each) for each in ids]

    async def _pages(self, keys: list[tuple[UUID, int, PageKey | None]]) -> list[Any]:
        return await self._by_participant(keys, repository.match_pages)

    async def _counsel(self, keys: list[tuple[UUID, int, PageKey | None]]) -> list[Any]:
        return await self._by_participant(keys, counsel.counsel_pages)

    async def _by_participant(
        self, keys: list[tuple[UUID, int, PageKey | None]], read: Any
    ) -> list[Any]:
        """One statement for each distinct page asked for, over all participants that ask for it."""
        found: dict[tuple[UUID, int, PageKey | None], Any] = {}
        async with self._context.reading() as session:
            for first, after in {(first, after) for _, first, after in keys}:
                ids = [each for each, *page in keys if page == [first, after]]
                pages = await read(session, self._context.caller, ids, first, after)
                found.update({(each, first, after): page for each, page in pages.items()})
        return [found[key] for key in keys]
