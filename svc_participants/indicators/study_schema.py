"""GraphQL of rows without names. Every field is of a category, in its de-identified form."""

from datetime import date
from typing import Annotated, Self

import strawberry
from strawberry.types import Info

from infra.entity_references import parse_id
from infra.indicators.studies import study_of
from infra.pagination import Connection, PaginationError, connection, page_size
from infra.request_context import context_of
from infra.schema_directives import CategoryLabel, category
from infra.vocabulary import Category, Form
from svc_participants.indicators.study import StudyRow, page_of_rows

_NAME = "Query.studyRows"


def _without_names(of: Category) -> list[CategoryLabel]:
    return [category(of, Form.DEIDENTIFIED)]


_REFERRAL = _without_names(Category.REFERRAL)
_ENROLLMENT = _without_names(Category.ENROLLMENT)
_DEMOGRAPHICS = _without_names(Category.DEMOGRAPHICS)
_HOUSING = _without_names(Category.HOUSING)


@strawberry.type(
    directives=_REFERRAL,
    description="One person without a name. Dates are shifted, alike for all of a person's.",
)
class StudyParticipant:
    """One row of a study."""

    pseudonym: str | None = strawberry.field(
        description="Name of the person under this agreement, and under no other."
    )
    door: str | None = strawberry.field(description="Through which door the person came.")
    counterfactual: str | None = strawberry.field(
        description="What would have happened without LEAD, as the referrer said."
    )
    referred_on: date | None = strawberry.field(description="First referral; shifted.")
    decision: str | None = strawberry.field(
        description="What became of the referral; codes of the indicator DECISION.",
        directives=_without_names(Category.ELIGIBILITY),
    )
    enrolled_on: date | None = strawberry.field(
        description="First enrollment; shifted.", directives=_ENROLLMENT
    )
    enrollment_status: str | None = strawberry.field(
        description="Where the first stay stands.", directives=_ENROLLMENT
    )
    race: str | None = strawberry.field(
        description="Race and ethnicity; NOT_SHOWN where fewer than eleven look alike.",
        directives=_DEMOGRAPHICS,
    )
    age: str | None = strawberry.field(
        description="Band of the age at referral; NOT_SHOWN where fewer than eleven look alike.",
        directives=_DEMOGRAPHICS,
    )
    gender: str | None = strawberry.field(
        description="Gender identity; NOT_SHOWN where fewer than eleven look alike.",
        directives=_DEMOGRAPHICS,
    )
    housing_at_first: str | None = strawberry.field(
        description="Group of the first living situation on record.", directives=_HOUSING
    )
    housing_latest: str | None = strawberry.field(
        description="Group of the latest living situation on record.", directives=_HOUSING
    )

    funds_spent: str | None = strawberry.field(
        description="Band of what was spent on the person from flexible funds, in all.",
        directives=_without_names(Category.INCOME),
    )
    nights_lodged: str | None = strawberry.field(
        description="Band of how many nights the person was lodged by a programme, in all.",
        directives=_HOUSING,
    )

    @classmethod
    def from_row(cls, row: StudyRow) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            pseudonym=row.pseudonym,
            door=row.door,
            counterfactual=row.counterfactual,
            referred_on=row.referred_on,
            decision=row.decision,
            enrolled_on=row.enrolled_on,
            enrollment_status=row.status,
            race=row.race,
            age=row.age,
            gender=row.gender,
            housing_at_first=row.housing_at_first,
            housing_latest=row.housing_latest,
            funds_spent=row.funds_spent,
            nights_lodged=row.nights_lodged,
        )


First = Annotated[int, strawberry.argument(description="How many rows, up to 100.")]
After = Annotated[
    str | None, strawberry.argument(description="Cursor of the last row of the page before.")
]


@strawberry.type
class StudyQuery:
    """Root field of rows without names."""

    @strawberry.field(  # type: ignore[untyped-decorator]  # mypy loses the overload here
        description="People of this site without names, for evaluators whose agency has an "
        "agreement in force; null without one.",
        directives=[category(Category.REFERRAL, Form.DEIDENTIFIED)],
    )
    async def study_rows(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[StudyParticipant] | None:
        """Return one page of rows."""
        context = context_of(info)
        size = page_size(first)
        key = None
        if after is not None:
            (text,) = context.seal.open(context.caller, _NAME, after)
            key = parse_id(text)
            if key is None:
                raise PaginationError("'after' is not a cursor of this list; start over")
        async with context.reading() as session:
            study = await study_of(session, context.caller)
            if study is None:
                return None
            ends = [each for each in (context.valid_until, study.ends_at) if each is not None]
            context.valid_until = min(ends, default=None)
            page = await page_of_rows(session, context.caller, study, size, key)
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=_NAME,
            after=after,
            key=lambda row: [str(row.key)],
            node=StudyParticipant.from_row,
        )
