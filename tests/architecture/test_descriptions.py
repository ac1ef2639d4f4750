"""Every type, field, argument, input field and enum value of the API has a description."""

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
)

from gateway.policy.packaged import packaged_supergraph

ROOTS = ("Query", "Mutation", "Subscription")
BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}


def undescribed() -> list[str]:
    """Return the coordinates that nobody has described."""
    missing: list[str] = []
    for name, graphql_type in packaged_supergraph().api_schema.type_map.items():
        if name.startswith("__") or name in BUILT_IN:
            continue
        if not graphql_type.description and name not in ROOTS:
            missing.append(name)
        if isinstance(graphql_type, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in graphql_type.fields.items():
                if not field.description:
                    missing.append(f"{name}.{field_name}")
                missing += [
                    f"{name}.{field_name}({argument}:)"
                    for argument, described in field.args.items()
                    if not described.description
                ]
        elif isinstance(graphql_type, GraphQLInputObjectType):
            missing += [
                f"{name}.{field}" for field, one in graphql_type.fields.items()
                if not one.description
            ]  # fmt: skip
        elif isinstance(graphql_type, GraphQLEnumType):
            missing += [
                f"{name}.{value}" for value, one in graphql_type.values.items()
                if not one.description
            ]  # fmt: skip
        else:
            assert isinstance(graphql_type, GraphQLScalarType) or graphql_type.description
    return missing


def test_everything_that_a_client_can_name_is_described() -> None:
    assert undescribed() == []
