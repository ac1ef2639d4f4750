"""Every page runs a committed operation that the supergraph knows, and every one is run."""

import re
from functools import cache
from pathlib import Path

import pytest
from graphql import (
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    print_ast,
    validate,
)

from gateway.policy.packaged import packaged_supergraph
from gateway.web.console.documents import OF_FILES, load_documents
from gateway.web.doors import letter_handover

CONSOLE = Path(__file__).resolve().parents[4] / "gateway" / "web" / "console"
DOCUMENTS = load_documents()


@cache
def schema() -> GraphQLSchema:
    return packaged_supergraph().api_schema


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_is_one_valid_operation_named_like_its_file(name: str) -> None:
    document = parse(DOCUMENTS[name])
    operation, *fragments = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert all(isinstance(each, FragmentDefinitionNode) for each in fragments)
    assert operation.name is not None
    assert operation.name.value == name
    assert validate(schema(), document) == []


def test_what_two_documents_select_alike_stands_in_one_file() -> None:
    one, other = (parse(DOCUMENTS[name]) for name in ("ReleaseCopy", "OwnReleaseCopy"))
    assert print_ast(one.definitions[1]) == print_ast(other.definitions[1])
    folder = CONSOLE / "operations" / "fragments"
    for file in folder.iterdir():
        assert any(f"...{file.stem} " in each for each in DOCUMENTS.values()), f"{file} lies idle"


def test_no_page_writes_an_operation_of_its_own_and_no_document_lies_idle() -> None:
    source = "\n".join(path.read_text() for path in CONSOLE.rglob("*.py"))
    written = re.findall(r'"\s*(?:query|mutation)\s*[A-Z({]', source)
    assert written == []
    idle = [name for name in DOCUMENTS if f'"{name}"' not in source]
    of_doors = {*letter_handover.OPERATIONS, *OF_FILES}
    assert [name for name in idle if name not in of_doors] == []
