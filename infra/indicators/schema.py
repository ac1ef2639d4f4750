"""GraphQL of published tables; the same types in every service.

The root field that returns them carries the category, as aggregate; below it nothing is about
anybody, so the types are structure.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Self

import strawberry
from strawberry.types import Info

from infra.errors import GoldenThreadError
from infra.identity_token import Caller
from infra.indicators.definitions import (
    ABOUT_PERSONS,
    FAMILY_MEANINGS,
    SPLIT_MEANINGS,
    Family,
    Indicator,
    Split,
)
from infra.indicators.publishing import Published, published
from infra.request_context import context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.small_cells import equity_ratios, share
from infra.vocabulary import Category

MAX_PERIODS = 20
_STRUCTURE = [category(Category.STRUCTURE)]

described_enum(Split, "By what a table is split.", SPLIT_MEANINGS, name="IndicatorSplit")
described_enum(Family, "What an indicator is about.", FAMILY_MEANINGS, name="IndicatorFamily")


class PeriodsError(GoldenThreadError):
    """Too many or too few periods are asked for. The text depends on the input alone."""

    code = "BAD_USER_INPUT"


@strawberry.federation.type(
    shareable=True,
    directives=_STRUCTURE,
    description="How many people had one outcome; null stands for suppressed, never for zero.",
)
class IndicatorCell:
    """One outcome, of everybody or of one group."""

    outcome: str = strawberry.field(description="Code of the outcome.")
    title: str = strawberry.field(description="What it says.")
    is_favourable: bool = strawberry.field(description="Whether it is good for the person.")
    people: int | None = strawberry.field(description="People with this outcome, eleven or more.")
    share: float | None = strawberry.field(description="Their share of the group.")
    equity_ratio: float | None = strawberry.field(
        description="This share over that of the reference group; one means alike."
    )


@strawberry.federation.type(
    shareable=True, directives=_STRUCTURE, description="One group of a split."
)
class IndicatorGroup:
    """One row of a table."""

    code: str = strawberry.field(description="Category of the split; an agency's is its id.")
    people: int | None = strawberry.field(description="People of the group, eleven or more.")
    is_reference: bool = strawberry.field(
        description="Whether equity ratios are over this group: the largest that is shown whole."
    )
    cells: list[IndicatorCell] = strawberry.field(description="The group's outcomes.")


@strawberry.federation.type(
    shareable=True,
    directives=_STRUCTURE,
    description="One indicator by one split for one period. Published once, never counted again.",
)
class IndicatorTable:
    """One published table."""

    key: str = strawberry.field(description="Stable name of the indicator.")
    family: Family = strawberry.field(description="What it is about.")
    title: str = strawberry.field(description="Title.")
    population: str = strawberry.field(description="Who is counted, once each.")
    definition: str = strawberry.field(description="What puts a person into an outcome.")
    split: Split = strawberry.field(description="By what it is split.")
    period: str = strawberry.field(description="Quarter or year, for example 2026-Q3.")
    starts_on: date = strawberry.field(description="First day of the period.")
    ends_on: date = strawberry.field(description="Last day of the period.")
    published_at: datetime = strawberry.field(description="Since when it stands.")
    people: int | None = strawberry.field(description="Everybody; null under eleven.")
    outcomes: list[IndicatorCell] = strawberry.field(description="Everybody, by outcome.")
    groups: list[IndicatorGroup] = strawberry.field(
        description="By category of the split; one group where it is not split."
    )

    @classmethod
    def from_published(cls, row: Published, indicator: Indicator) -> Self:
        """Return the GraphQL object of a table."""
        shown = row.table.shown
        period = row.period(indicator)
        return cls(
            key=indicator.key,
            family=indicator.family,
            title=indicator.title,
            population=indicator.population.title,
            definition=indicator.definition,
            split=Split(row.table.split),
            period=period.name,
            starts_on=period.starts_on,
            ends_on=period.ends_on,
            published_at=row.publication.published_at,
            people=shown["total"],
            outcomes=_cells(indicator, shown["outcomes"], shown["total"], {}),
            groups=_groups(indicator, shown),
        )


def _groups(indicator: Indicator, shown: dict[str, Any]) -> list[IndicatorGroup]:
    reference = reference_of(shown)
    codes = indicator.codes
    ratios: dict[str, dict[str, float | None]] = {code: {} for code in shown["groups"]}
    for outcome in codes:
        shares = {
            group: share(shown["cells"][group].get(outcome), people)
            for group, people in shown["groups"].items()
        }
        for group, ratio in equity_ratios(shares, reference).items():
            ratios[group][outcome] = ratio
    return [
        IndicatorGroup(
            code=group,
            people=people,
            is_reference=group == reference,
            cells=_cells(indicator, shown["cells"][group], people, ratios[group]),
        )
        for group, people in shown["groups"].items()
    ]


def reference_of(shown: dict[str, Any]) -> str | None:
    """Return the largest group of which every cell is shown that the whole shows."""
    whole = {code for code, people in shown["outcomes"].items() if people is not None}
    complete = [
        (people, group)
        for group, people in shown["groups"].items()
        if people is not None
        and whole
        and all(shown["cells"][group].get(code) is not None for code in whole)
    ]
    return max(complete)[1] if complete else None


def _cells(
    indicator: Indicator,
    people: dict[str, int | None],
    whole: int | None,
    ratios: dict[str, float | None],
) -> list[IndicatorCell]:
    return [
        IndicatorCell(
            outcome=each.code,
            title=each.title,
            is_favourable=each.is_favourable,
            people=people.get(each.code),
            share=share(people.get(each.code), whole),
            equity_ratio=ratios.get(each.code),
        )
        for each in indicator.outcomes
    ]


SplitBy = Annotated[Split, strawberry.argument(description="By what the tables are split.")]
Periods = Annotated[
    int, strawberry.argument(description="How many of the newest periods, 1 to 20.")
]


async def tables_for(
    info: Info,
    indicators: Sequence[Indicator],
    split: Split,
    periods: int,
    *,
    site_id: str | None = None,
) -> list[IndicatorTable] | None:
    """Return published tables; null where the role may not have the split.

    Args:
        info: of the resolver.
        indicators: which ones.
        split: by what.
        periods: how many of the newest.
        site_id: of which site; the caller's own where nothing else is said.

    Raises:
        PeriodsError: not between 1 and 20 periods.
    """
    if not 1 <= periods <= MAX_PERIODS:
        raise PeriodsError(f"'periods' must be between 1 and {MAX_PERIODS}")
    context = context_of(info)
    if not may_split(context.caller, split):
        return None
    wanted = {
        each.key: each for each in indicators if split in (Split.NONE, *each.population.splits)
    }
    async with context.reading() as session:
        rows = await published(
            session,
            site_id or context.caller.site_id,
            list(wanted.values()),
            split=split,
            periods=periods,
        )
    return [IndicatorTable.from_published(row, wanted[row.table.indicator]) for row in rows]


def may_split(caller: Caller, split: Split) -> bool:
    """Return whether a role may have tables by this split at all."""
    return split not in ABOUT_PERSONS or Category.DEMOGRAPHICS in caller.aggregates
