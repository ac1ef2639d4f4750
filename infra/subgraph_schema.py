"""Builds a service's federation schema, with the checks that every service makes.

Two things are added to Strawberry's: entity look-ups come in one batch per type (and an unknown
type or key is simply absent), and a field is null unless its label is among the categories that
the internal token says the role may read. That second check stands alone: it holds even if the
gateway forgets its own (design: enforcement stands three times).
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, cast

import strawberry
from graphql import GraphQLField, GraphQLObjectType, GraphQLResolveInfo
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.federation.schema import FederationAny
from strawberry.federation.schema import Schema as FederationSchema
from strawberry.types import Info

from infra.errors import GoldenThreadError, bug
from infra.identity_token import Caller
from infra.request_context import RequestContext
from infra.schema_directives import CategoryLabel
from infra.vocabulary import Category, Form

FEDERATION_VERSION: Final = "2.9"
MAX_REPRESENTATIONS = 1000
_ALWAYS = frozenset({Category.STRUCTURE, Category.CATALOGUE})
_CACHED_DOCUMENTS = 512

BatchResolver = Callable[[Info, list[dict[str, Any]]], Awaitable[Sequence[object | None]]]


class TooManyRepresentationsError(GoldenThreadError):
    """One ``_entities`` call asks for more than the limit."""

    code = "BAD_USER_INPUT"


class SubgraphSchema(FederationSchema):
    """A federation schema whose entities are resolved in batches, with labels enforced."""

    async def entities_resolver(  # type: ignore[override]  # awaited by graphql-core; Strawberry types it as sync
        self, info: Info, representations: list[FederationAny]
    ) -> list[object | None]:
        """Resolve representations (Apollo Federation, ``Query._entities``).

        Each entity type has a class method ``resolve_references(info, representations)`` that
        returns one object or None for each, in order, and narrows rows by what the caller may see.

        Raises:
            TooManyRepresentationsError: more than ``MAX_REPRESENTATIONS``.
        """
        if len(representations) > MAX_REPRESENTATIONS:
            raise TooManyRepresentationsError("too many representations in one call")
        groups: dict[str, list[int]] = {}
        plain = cast("list[dict[str, Any]]", representations)
        for index, representation in enumerate(plain):
            groups.setdefault(str(representation.get("__typename")), []).append(index)
        results: list[object | None] = [None] * len(plain)
        for type_name, indexes in groups.items():
            resolver = self._batch_resolver(type_name)
            if resolver is None:
                continue
            found = await resolver(info, [plain[index] for index in indexes])
            for index, entity in zip(indexes, found, strict=True):
                results[index] = entity
        return results

    def _batch_resolver(self, type_name: str) -> BatchResolver | None:
        known = self.schema_converter.type_map.get(type_name)
        origin = getattr(getattr(known, "definition", None), "origin", None)
        return cast("BatchResolver | None", getattr(origin, "resolve_references", None))


def build_schema(
    *,
    query: type,
    mutation: type | None = None,
    subscription: type | None = None,
    types: Iterable[type] = (),
) -> SubgraphSchema:
    """Build a service's schema.

    Args:
        query: root query type.
        mutation: root mutation type, if any.
        subscription: root subscription type, if any: each field answers for the one event that the
            internal token names (`infra.events`); streams are the gateway's.
        types: entity types that no root field reaches.
    """
    schema = SubgraphSchema(
        query=query,
        mutation=mutation,
        subscription=subscription,
        types=types,
        federation_version=FEDERATION_VERSION,
        extensions=[
            lambda: ParserCache(maxsize=_CACHED_DOCUMENTS),
            lambda: ValidationCache(maxsize=_CACHED_DOCUMENTS),
        ],
    )
    enforce_labels(schema)
    return schema


def label_of(directives: Iterable[object]) -> tuple[Category, Form] | None:
    """Return the category and form that a definition's directives state, if any."""
    for directive in directives:
        if isinstance(directive, CategoryLabel):
            return Category(directive.is_), Form(directive.as_)
    return None


def enforce_labels(schema: strawberry.Schema) -> None:
    """Make every labelled field null for callers whose role may not read its category.

    Raises:
        BugError: a field without a label; nothing is served that nobody has said what it is.
    """
    for graphql_type in schema._schema.type_map.values():
        if not isinstance(graphql_type, GraphQLObjectType):
            continue
        definition = graphql_type.extensions.get("strawberry-definition")
        if definition is None:
            continue
        of_type = label_of(definition.directives or ())
        for name, field in graphql_type.fields.items():
            if name in ("_service", "_entities") or graphql_type.name == "_Service":
                continue  # the machinery of federation; the gateway alone asks for it
            strawberry_field = field.extensions.get("strawberry-definition")
            of_field = label_of(getattr(strawberry_field, "directives", None) or ())
            label = of_field or of_type
            if label is None:
                bug(f"{graphql_type.name}.{name} has no label")
            if label[0] not in _ALWAYS:
                _guard(field, *label)


def _guard(field: GraphQLField, label: Category, form: Form) -> None:
    resolve = field.resolve
    if resolve is None:
        bug("a field without a resolver cannot be guarded")

    def guarded(source: object, info: GraphQLResolveInfo[Any], **arguments: object) -> object:
        context = cast("RequestContext", info.context)
        if not may_read(context.caller, label, form):
            return None
        return resolve(source, info, **arguments)

    field.resolve = guarded


def may_read(caller: Caller, label: Category, form: Form) -> bool:
    """Return whether the caller's role may read a category in a form at all, for this purpose."""
    if form is Form.AGGREGATE:
        return label in caller.aggregates
    only = caller.forms.get(label)
    if form is Form.DEIDENTIFIED:
        return label in caller.aggregates and only is form
    return bool(caller.access.get(label)) and (only is None or only is form)
