"""GraphQL of the figures of this service. Each field opens with the aggregate of its category."""

import strawberry
from strawberry.types import Info

from infra.indicators.definitions import Split
from infra.indicators.schema import IndicatorTable, Periods, SplitBy, tables_for
from infra.schema_directives import category
from infra.vocabulary import Category, Form
from svc_consent.indicators import rules


@strawberry.type
class IndicatorQuery:
    """Root fields of figures."""

    @strawberry.field(
        description="Releases: signed at intake, in part, taken back, about to run out. Published "
        "tables of this site, newest first.",
        directives=[category(Category.ENROLLMENT, Form.AGGREGATE)],
    )
    async def release_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of releases."""
        return await tables_for(info, rules.RELEASES, split_by, periods)

    @strawberry.field(
        description="Denied look-ups by how often. Published tables of this site, newest first.",
        directives=[category(Category.AUDIT, Form.AGGREGATE)],
    )
    async def audit_indicators(
        self, info: Info, split_by: SplitBy = Split.NONE, periods: Periods = 4
    ) -> list[IndicatorTable] | None:
        """Return tables of denied look-ups."""
        return await tables_for(info, [rules.DENIED], split_by, periods)
