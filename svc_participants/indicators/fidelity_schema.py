"""GraphQL of the fidelity scorecard."""

import strawberry
from strawberry.types import Info

from infra.indicators.definitions import Split
from infra.indicators.publishing import published
from infra.indicators.schema import may_split
from infra.request_context import context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category, Form
from svc_participants.indicators import rules
from svc_participants.indicators.fidelity import FidelityStanding, measures

_STRUCTURE = [category(Category.STRUCTURE)]
described_enum(
    FidelityStanding,
    "How a site stands to a measure of fidelity.",
    {
        FidelityStanding.MET: "The measure is met.",
        FidelityStanding.NOT_MET: "The measure is not met.",
        FidelityStanding.NOT_KNOWN: "Nothing is published yet, or it is suppressed.",
    },
)


@strawberry.type(directives=_STRUCTURE, description="One measure of a core principle.")
class FidelityMeasure:
    """One line of the scorecard."""

    key: str = strawberry.field(description="Stable name of the measure.")
    principle: str = strawberry.field(description="Core principle.")
    statement: str = strawberry.field(description="What is measured.")
    indicator: str = strawberry.field(description="Indicator that it is read off.")
    at_least: float | None = strawberry.field(description="Share that is to be reached.")
    at_most: float | None = strawberry.field(description="Share that is not to be passed.")
    ratio_at_least: float | None = strawberry.field(
        description="Lowest equity ratio of any group that is to be reached."
    )
    value: float | None = strawberry.field(description="What the newest table says.")
    period: str | None = strawberry.field(description="Period of that table.")
    standing: FidelityStanding = strawberry.field(description="How the site stands.")


@strawberry.type
class FidelityQuery:
    """Root field of the scorecard."""

    @strawberry.field(  # type: ignore[untyped-decorator]  # mypy loses the overload here
        description="Core principles held against the newest published figures of this site; "
        "null without aggregates of enrollment and demographics besides.",
        directives=[category(Category.REFERRAL, Form.AGGREGATE)],
    )
    async def fidelity_scorecard(self, info: Info) -> list[FidelityMeasure] | None:
        """Return the scorecard."""
        context = context_of(info)
        caller = context.caller
        if Category.ENROLLMENT not in caller.aggregates or not may_split(caller, Split.RACE):
            return None
        by_key = {each.key: each for each in rules.INDICATORS}
        lines = []
        async with context.reading() as session:
            for measure in measures():
                indicator = by_key[measure.indicator]
                rows = await published(
                    session,
                    caller.site_id,
                    [indicator],
                    split=Split.RACE if measure.is_by_race else Split.NONE,
                    periods=1,
                )
                value = measure.value(rows[0].table.shown) if rows else None
                period = rows[0].period(indicator).name if rows else None
                lines.append(
                    FidelityMeasure(
                        key=measure.key,
                        principle=measure.principle,
                        statement=measure.statement,
                        indicator=measure.indicator,
                        at_least=measure.at_least,
                        at_most=measure.at_most,
                        ratio_at_least=measure.ratio_at_least,
                        value=value,
                        period=period,
                        standing=measure.standing(value),
                    )
                )
        return lines
