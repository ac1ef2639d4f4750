"""The labels that services put on their schema: ``@category`` and ``@about``.

A service says *what a field is*; who may see it is the agencies' agreement (gateway/policy).
A field without its own ``@category`` inherits its type's; a type without one is refused by
composition. Both are composed into the supergraph (Apollo Federation ``@composeDirective``).
"""

import strawberry
from strawberry.federation.schema_directive import schema_directive
from strawberry.schema_directive import Location

from infra.vocabulary import Category, Form

SPECIFICATION_URL = "https://goldenthread.example/specs/policy/v1.0"

CategoryEnum = strawberry.enum(
    Category, name="Category", description="Data category that consent and roles are about."
)
FormEnum = strawberry.enum(
    Form, name="CategoryForm", description="In which form a coordinate carries its category."
)


@schema_directive(
    locations=[
        Location.FIELD_DEFINITION,
        Location.OBJECT,
        Location.ARGUMENT_DEFINITION,
        Location.INPUT_FIELD_DEFINITION,
    ],
    name="category",
    compose=True,
    import_url=SPECIFICATION_URL,
)
class CategoryLabel:
    """``@category(is: …, as: …)``: what the field or type is."""

    is_: str = strawberry.directive_field(name="is")
    as_: str = strawberry.directive_field(name="as", default="RAW")


@schema_directive(
    locations=[Location.OBJECT],
    name="about",
    compose=True,
    import_url=SPECIFICATION_URL,
)
class About:
    """``@about(participant: "field")``: which field names the participant(s) it is about."""

    participant: str


def category(is_: Category, form: Form = Form.RAW) -> CategoryLabel:
    """Label a field or type with its category.

    Args:
        is_: one of the 21 categories, STRUCTURE or CATALOGUE.
        form: SUMMARY for the favourable-safe summary, PUBLIC_RECORD for what any court shows.
    """
    return CategoryLabel(is_=is_.value, as_=form.value)


def about(participant: str) -> About:
    """Say which field of the type (its GraphQL name) holds the participant's id, or a list."""
    return About(participant=participant)
