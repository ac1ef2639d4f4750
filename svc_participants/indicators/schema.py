"""GraphQL of the figures of this service. Each field opens with the aggregate of its category."""

import strawberry
from strawberry.types import Info

from infra.indicators.definitions import Family, Indicator, Split
from infra.indicators.schema import IndicatorTable, Periods, SplitBy, tables_for
from infra.schema_directives import category
from infra.vocabulary import Category, Form
from svc_participants.indicators import rules


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
        return await tables_for(info, _of(Family.WELL_BEING), split_by, periods)
