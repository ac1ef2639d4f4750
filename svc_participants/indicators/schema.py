"""GraphQL of the figures of this service. Each field opens with the aggregate of its category."""

import strawberry
from strawberry.types import Info

from infra.indicators.definitions import Family, Indicator, Split
from infra.indicators.schema import IndicatorTable, Periods, SplitBy, tables_for
from infra.schema_directives import category
from infra.vocabulary import Category, Form
from svc_participants.indicators import rules, well_being


def _of(*families: Family) -> list[Indicator]:
    return [each for each in rules.INDICATORS if each.family in families]


@strawberry.type
class IndicatorQuery:
    """Root fields of figures."""

    @strawberry.field(
        description="Who is referred and taken up, what would have happened instead, how long "
        "people wait, and who refers. Published tables of this site, newest first.",
        directives=[category(Category.REFERRAL, Form.AGGREGATE)],
    )
    async def reach_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of reach, speed and referrers."""
        indicators = _of(Family.REACH, Family.SPEED, Family.SYSTEM)
        return await tables_for(info, indicators, split_by, periods)

    @strawberry.field(
        description="Who stays in touch and comes back, and how large caseloads are. Published "
        "tables of this site, newest first.",
        directives=[category(Category.ENROLLMENT, Form.AGGREGATE)],
    )
    async def engagement_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of engagement."""
        return await tables_for(info, _of(Family.ENGAGEMENT), split_by, periods)

    @strawberry.field(
        description="Where participants live at the beginning and at the end of the year. "
        "Published tables of this site, newest first.",
        directives=[category(Category.HOUSING, Form.AGGREGATE)],
    )
    async def housing_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of housing."""
        indicators = [well_being.HOUSING_AT_INTAKE, well_being.HOUSING_LATEST]
        return await tables_for(info, indicators, split_by, periods)

    @strawberry.field(
        description="What participants live on at the beginning and at the end of the year, and "
        "which benefits they have. Published tables of this site, newest first.",
        directives=[category(Category.INCOME, Form.AGGREGATE)],
    )
    async def income_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of income and benefits."""
        indicators = [well_being.INCOME_AT_INTAKE, well_being.INCOME_LATEST, well_being.BENEFITS]
        return await tables_for(info, indicators, split_by, periods)

    @strawberry.field(
        description="Overdoses that are known of, and naloxone given, in the year. Published "
        "tables of this site, newest first.",
        directives=[category(Category.SUD, Form.AGGREGATE)],
    )
    async def overdose_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of overdoses and naloxone."""
        return await tables_for(info, [well_being.OVERDOSE, well_being.NALOXONE], split_by, periods)
