"""GraphQL of the figures of training."""

import strawberry
from strawberry.types import Info

from infra.indicators.definitions import Split
from infra.indicators.schema import IndicatorTable, Periods, SplitBy, tables_for
from infra.schema_directives import category
from infra.vocabulary import Category, Form
from svc_training.indicators import rules


@strawberry.type
class IndicatorQuery:
    """Root fields of figures."""

    @strawberry.field(
        description="Who has had training, of all agencies. Published tables, newest first.",
        directives=[category(Category.TRAINING, Form.AGGREGATE)],
    )
    async def training_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of training."""
        return await tables_for(info, rules.INDICATORS, split_by, periods, site_id=rules.EVERYWHERE)
