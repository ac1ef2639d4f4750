"""GraphQL of the figures of this service. Each field opens with the aggregate of its category."""

import strawberry
from strawberry.types import Info

from infra.indicators.definitions import Family, Indicator, Split
from infra.indicators.schema import IndicatorTable, Periods, SplitBy, tables_for
from infra.schema_directives import category
from infra.vocabulary import Category, Form
from svc_participants.indicators import rules, started, well_being


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
        description="Who stays in touch and comes back, how often a month people are met, and how "
        "large caseloads are. Published tables of this site, newest first.",
        directives=[category(Category.ENROLLMENT, Form.AGGREGATE)],
    )
    async def engagement_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of engagement."""
        return await tables_for(info, _of(Family.ENGAGEMENT), split_by, periods)

    @strawberry.field(
        description="Where participants live at the beginning, at the end of the year, and six "
        "and 12 months after their first day. Published tables of this site, newest first.",
        directives=[category(Category.HOUSING, Form.AGGREGATE)],
    )
    async def housing_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of housing."""
        indicators = [well_being.HOUSING_AT_INTAKE, well_being.HOUSING_LATEST, *started.HOUSING]
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
        description="Overdoses that are known of, and naloxone given, in the year; who was "
        "connected to treatment. Published tables of this site, newest first.",
        directives=[category(Category.SUD, Form.AGGREGATE)],
    )
    async def overdose_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of overdoses, naloxone and treatment."""
        indicators = [well_being.OVERDOSE, well_being.NALOXONE, started.TREATMENT]
        return await tables_for(info, indicators, split_by, periods)

    @strawberry.field(
        description="Who was connected to health care within a year of enrolling. Published tables "
        "of this site, newest first.",
        directives=[category(Category.HEALTH_HIV, Form.AGGREGATE)],
    )
    async def health_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of health care."""
        return await tables_for(info, [started.MEDICAL_CARE], split_by, periods)

    @strawberry.field(
        description="Who was connected to mental health care within a year of enrolling. Published "
        "tables of this site, newest first.",
        directives=[category(Category.MENTAL_HEALTH, Form.AGGREGATE)],
    )
    async def mental_health_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of mental health care."""
        return await tables_for(info, [started.MENTAL_HEALTH_CARE], split_by, periods)

    @strawberry.field(
        description="Who obtained papers that say who they are within a year of enrolling. "
        "Published tables of this site, newest first.",
        directives=[category(Category.GOALS_PLAN, Form.AGGREGATE)],
    )
    async def plan_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of what plans came to."""
        return await tables_for(info, [started.IDENTITY_PAPERS], split_by, periods)
