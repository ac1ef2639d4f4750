"""Every text argument of every service's root fields takes any text for what it is (HD-39).

Against the real services and their databases: whatever is sent, the answer is an answer, or a
refusal that says what was wrong with the input; nothing fails unforeseen. What only looks like a
pattern is looked for as it stands (`tests/svc_participants/search`). A NUL, which PostgreSQL stores
nowhere, never gets this far: the gateway refuses it, whichever way it comes in.
"""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_composite_type,
)

from infra.vocabulary import Category, Purpose, Role
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory, caller

ROOT = Path(__file__).parents[2]
SERVICES = ("svc_participants", "svc_consent", "svc_cases", "svc_training")
HOSTILE = (
    "' OR '1'='1' --", "\"; DROP TABLE person; --", "%", "_%_", "\\", "(a+)+$" + "a" * 200,
    "{1,2,3}", "::int", "$1", "\u202ex", "\U0001f600" * 50, "-1", "NaN", "{{7*7}}",
    "../../etc/passwd", "a\r\nset-cookie: x=1", "tsquery & !x | <->:*",
)  # fmt: skip
TEXTS = frozenset({"String", "ID"})
PLAIN = {"Int": 1, "Float": 1.5, "Boolean": True, "Date": "2026-01-01"}


def _schema(service: str) -> GraphQLSchema:
    sdl = (ROOT / service / "subgraph.graphql").read_text("utf-8")
    return build_schema(sdl, assume_valid=True, assume_valid_sdl=True)


def _value(kind: GraphQLInputType, text: str) -> object:
    """Return a value of a type, with the text wherever text may stand."""
    if isinstance(kind, GraphQLNonNull):
        return _value(kind.of_type, text)
    if isinstance(kind, GraphQLList):
        return [_value(kind.of_type, text)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        return {
            name: _value(each.type, text)
            for name, each in kind.fields.items()
            if isinstance(each.type, GraphQLNonNull) or get_named_type(each.type).name in TEXTS
        }
    assert isinstance(kind, GraphQLScalarType)
    if kind.name in TEXTS:
        return text
    return PLAIN.get(kind.name, "2026-01-01T00:00:00Z")


def _takes_text(argument: GraphQLArgument) -> bool:
    named = get_named_type(argument.type)
    return named.name in TEXTS or isinstance(named, GraphQLInputObjectType)


def _questions(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLField]]:
    assert schema.query_type is not None
    for name, field in schema.query_type.fields.items():
        if name.startswith("_") or not any(map(_takes_text, field.args.values())):
            continue
        wanted = [
            each for each, argument in field.args.items()
            if _takes_text(argument) or isinstance(argument.type, GraphQLNonNull)
        ]  # fmt: skip
        declared = ", ".join(f"${each}: {field.args[each].type}" for each in wanted)
        given = ", ".join(f"{each}: ${each}" for each in wanted)
        selected = " { __typename }" if is_composite_type(get_named_type(field.type)) else ""
        yield f"query({declared}) {{ {name}({given}){selected} }}", field


async def _unforeseen(service: ServiceApp, schema: GraphQLSchema) -> tuple[int, list[str]]:
    everything = dict.fromkeys(Category, "g")
    asking = caller(Role.PM, everything, subject=str(uuid4()), purpose=Purpose.LEAD_COORD)
    asked, found = 0, []
    for query, field in _questions(schema):
        for text in HOSTILE:
            variables = {name: _value(each.type, text) for name, each in field.args.items()}
            answer = await service.graphql(asking, query, variables)
            asked += 1
            if answer.status >= 500 or {"INTERNAL", "SERVICE_UNAVAILABLE"} & set(
                answer.error_codes
            ):
                found.append(f"{query} {text!r}: {answer.status} {answer.error_codes}")
    return asked, found


@pytest.mark.parametrize("name", SERVICES)
async def test_no_text_makes_a_service_stumble(name: str, service_app: ServiceAppFactory) -> None:
    async with service_app(name) as service:
        asked, found = await _unforeseen(service, _schema(name))
    assert asked > len(HOSTILE)
    assert found == []
