"""Parse and validate a document, pick its operation, coerce its variables.

Source: GraphQL specification (September 2025) sections 5 Validation and 6.1 Executing Requests.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from gateway.planner.null_conditions import null_conditions
from gateway.planner.number_range import numbers_out_of_range
from gateway.planner.surely_valid import is_surely_valid
from gateway.supergraph import Supergraph

_MAX_VARIABLE_ERRORS: Final = 20


class OperationError(Exception):
    """A request that cannot be executed; `errors` are for the client.

    Attributes:
        code: `GRAPHQL_PARSE_FAILED`, `GRAPHQL_VALIDATION_FAILED`,
            `OPERATION_RESOLUTION_FAILURE` or `BAD_USER_INPUT`.
    """

    def __init__(self, errors: list[GraphQLError], code: str) -> None:
        super().__init__(code)
        self.errors = errors
        self.code = code


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One validated operation with its fragments."""

    document: DocumentNode
    definition: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    schema: GraphQLSchema
    root_type: str
    hash: str

    @property
    def kind(self) -> str:
        """`query`, `mutation` or `subscription`."""
        return self.definition.operation.value


def parse_operation(
    source: str,
    operation_name: str | None,
    supergraph: Supergraph,
    *,
    schema: GraphQLSchema | None = None,
    max_tokens: int | None = None,
    check: Callable[[DocumentNode], None] | None = None,
) -> Operation:
    """Read one operation from a document.

    Args:
        schema: validate against this instead of the API schema (a role's view of it).
        max_tokens: refuse a document with more tokens.
        check: sees the document before it is validated, which costs far more than reading it.

    Raises:
        OperationError: syntax, validation, or no such operation.
    """
    try:
        document = parse(source, max_tokens=max_tokens)
    except GraphQLError as error:
        raise OperationError([error], "GRAPHQL_PARSE_FAILED") from error
    if check is not None:
        check(document)
    checked_against = schema or supergraph.api_schema
    errors = numbers_out_of_range(source, document)
    if errors:
        raise OperationError(errors, "GRAPHQL_VALIDATION_FAILED")
    if not is_surely_valid(checked_against, document):
        # Suggestions would name fields that a role may not even know of.
        errors = validate(checked_against, document, hide_suggestions=True)
        if errors:
            raise OperationError(errors, "GRAPHQL_VALIDATION_FAILED")
    definition = _pick(document, operation_name)
    root = checked_against.get_root_type(definition.operation)
    if not isinstance(root, GraphQLObjectType):
        message = f"The schema has no {definition.operation.value} operations."
        raise OperationError([GraphQLError(message)], "OPERATION_RESOLUTION_FAILURE")
    name = definition.name.value if definition.name else ""
    return Operation(
        document=document,
        definition=definition,
        fragments={
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        },
        schema=checked_against,
        root_type=root.name,
        hash=hashlib.sha256(f"{name}\0{source}".encode()).hexdigest(),
    )


def _pick(document: DocumentNode, operation_name: str | None) -> OperationDefinitionNode:
    """The operation to execute; see section 6.1.1 GetOperation."""
    operations = [
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    ]
    if operation_name is None:
        if len(operations) == 1:
            return operations[0]
        message = "The document has several operations; name the one to execute."
    else:
        for node in operations:
            if node.name is not None and node.name.value == operation_name:
                return node
        message = "The document has no operation of that name."
    raise OperationError([GraphQLError(message)], "OPERATION_RESOLUTION_FAILURE")


def coerce_variables(operation: Operation, raw: Mapping[str, Any] | None) -> dict[str, Any]:
    """Variables with defaults applied, as JSON-ready values; OperationError if they do not fit."""
    definitions = operation.definition.variable_definitions or ()
    if not definitions:
        return {}
    result = get_variable_values(
        operation.schema,
        definitions,
        dict(raw or {}),
        max_errors=_MAX_VARIABLE_ERRORS,
        hide_suggestions=True,
    )
    if isinstance(result, list):
        raise OperationError(result, "BAD_USER_INPUT")
    coerced = dict(result.coerced)
    if None in coerced.values():
        errors = null_conditions(operation.definition, operation.fragments, coerced)
        if errors:
            raise OperationError(errors, "BAD_USER_INPUT")
    return coerced
