"""GraphQL of the figures of this service. Each field opens with the aggregate of its category."""

import strawberry
from strawberry.types import Info

from infra.indicators.definitions import Split
from infra.indicators.schema import IndicatorTable, Periods, SplitBy, tables_for
from infra.schema_directives import category
from infra.vocabulary import Category, Form
from svc_cases.indicators import rules


@strawberry.type
class IndicatorQuery:
    """Root fields of figures."""

    @strawberry.field(
        description="Filed cases 6, 12 and 24 months before and after the first referral. "
        "Published tables of this site, newest first.",
        directives=[category(Category.LEGAL_PUBLIC, Form.AGGREGATE)],
    )
    async def legal_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of cases before and after."""
        return await tables_for(info, rules.PUBLIC, split_by, periods)

    @strawberry.field(
        description="Diversion by offence, what the prosecutor decided, and what became of the "
        "work group's actions. Published tables of this site, newest first.",
        directives=[category(Category.LEGAL_COORD, Form.AGGREGATE)],
    )
    async def coordination_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of diversion, filing and actions."""
        return await tables_for(info, rules.COORDINATION, split_by, periods)

    @strawberry.field(
        description="What became of warrants. Published tables of this site, newest first.",
        directives=[category(Category.WARRANTS, Form.AGGREGATE)],
    )
    async def warrant_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of warrants."""
        return await tables_for(info, [rules.WARRANTS], split_by, periods)

    @strawberry.field(
        description="Who comes to the work group's meetings. Published tables of this site, "
        "newest first.",
        directives=[category(Category.AGENCY_ROLES, Form.AGGREGATE)],
    )
    async def meeting_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of attendance."""
        return await tables_for(info, [rules.ATTENDANCE], split_by, periods)
