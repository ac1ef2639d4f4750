"""Every page runs a committed operation that the supergraph knows, and every one is run."""

import re
from functools import cache
from pathlib import Path

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, parse, validate

from gateway.policy.packaged import packaged_supergraph
from gateway.web.console.documents import load_documents

CONSOLE = Path(__file__).resolve().parents[4] / "gateway" / "web" / "console"
DOCUMENTS = load_documents()


@cache
def schema() -> GraphQLSchema:
    return packaged_supergraph().api_schema


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_is_one_valid_operation_named_like_its_file(name: str) -> None:
    document = parse(DOCUMENTS[name])
    assert [type(each) for each in document.definitions] == [OperationDefinitionNode]
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    assert operation.name.value == name
    assert validate(schema(), document) == []


def test_no_page_writes_an_operation_of_its_own_and_no_document_lies_idle() -> None:
    source = "\n".join(path.read_text() for path in CONSOLE.rglob("*.py"))
    written = re.findall(r'"\s*(?:query|mutation)\s*[A-Z({]', source)
    assert written == []
    assert [name for name in DOCUMENTS if f'"{name}"' not in source] == []
