"""What the slices around the way in add to the schema, put together for ``subgraph``."""

import strawberry

from infra.schema_directives import category
from infra.vocabulary import Category
from svc_participants.screening.schema import ScreeningMutation, ScreeningQuery

_STRUCTURE = [category(Category.STRUCTURE)]


@strawberry.type(directives=_STRUCTURE, description="Reading around the way in.")
class WayInQuery(ScreeningQuery):
    """Root fields of these slices."""


@strawberry.type(directives=_STRUCTURE, description="Changes around the way in.")
class WayInMutation(ScreeningMutation):
    """Mutations of these slices."""
