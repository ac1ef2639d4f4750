"""Every code that an answer can carry is explained, and nothing else is."""

import ast
import re
from pathlib import Path

import pytest

from gateway import error_reference
from gateway.__main__ import main
from gateway.error_reference import UnknownErrorCodeError, explain, gateway_codes, service_codes
from gateway.errors import MESSAGES

ROOT = Path(error_reference.__file__).parents[1]
ELSEWHERE = {
    "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "OPERATION_RESOLUTION_FAILURE",
    "BAD_USER_INPUT", "SUBGRAPH_ERROR", "INTERNAL_SUBGRAPH_FAILURE", "CODE_NOT_ACCEPTED",
    "RESOURCE_NOT_READABLE",
}  # fmt: skip
"""Codes whose text is not fixed, or that a door other than /graphql sends."""


def test_every_code_of_the_gateway_is_explained() -> None:
    assert gateway_codes().keys() == MESSAGES.keys() | ELSEWHERE
    for code in gateway_codes().values():
        assert code.why.endswith("."), code.code
        assert code.remedy.endswith("."), code.code


def test_every_refusal_in_the_source_has_a_text() -> None:
    """A code that is raised and not in the table would fail where it is raised."""
    raised = set()
    for file in (ROOT / "gateway").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                arguments = {"RequestRefusedError": 1, "error": 0, "_refusal_error": 0}
                at = arguments.get(node.func.id)
                if at is not None and len(node.args) > at:
                    code = node.args[at]
                    if isinstance(code, ast.Constant) and isinstance(code.value, str):
                        raised.add(code.value)
    assert len(raised) > 20
    assert raised <= MESSAGES.keys()


def test_codes_of_every_service_are_found() -> None:
    codes = service_codes()
    programs = {program for sentences in codes.values() for program in sentences}
    assert programs >= {"svc_participants", "svc_consent", "svc_cases", "svc_training"}
    assert "NOT_ALLOWED" in codes
    # Wherever a code stands as a text in an error's call, it must have been seen.
    pattern = re.compile(r"\b(?:Command|Rule)Error\(\s*\"([A-Z_]{3,})\"")
    for program in sorted(programs):
        for file in (ROOT / program).rglob("*.py"):
            assert set(pattern.findall(file.read_text("utf-8"))) <= codes.keys(), file


def test_explain_says_why_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain-error", "cost_limit"]) == 0
    said = capsys.readouterr().out
    assert MESSAGES["COST_LIMIT"] in said
    assert "do: " in said
    assert main(["explain-error", "VERSION_CONFLICT"]) == 0
    assert "userErrors" in capsys.readouterr().out
    assert main(["explain-error"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("error codes: ")
    with pytest.raises(UnknownErrorCodeError):
        explain("NO_SUCH_CODE")
    assert main(["explain-error", "NO_SUCH_CODE"]) == 2
