"""Property: for any valid operation the gateway answers what one merged schema answers."""

import asyncio
import os
from typing import Any

import pytest
from graphql import parse, validate
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.conformance.load_cases import Case, all_cases
from tests.conformance.test_cases import answer
from tests.conformance.world import ask_oracle
from tests.strategies.operations import operations

EXAMPLES = int(os.environ.get("GT_RANDOM_OPERATIONS", "20"))
CASES = all_cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_any_operation_is_answered_as_by_one_schema(case: Case) -> None:
    schema = case.supergraph.api_schema

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize="GT_RANDOM_OPERATIONS" not in os.environ,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(source=operations(schema), is_yes=st.booleans())
    def check(source: str, is_yes: bool) -> None:
        assume(not validate(schema, parse(source)))
        variables: dict[str, Any] = {"yes": is_yes, "no": not is_yes}
        found = asyncio.run(answer(case, source, variables))
        expected = ask_oracle(schema, case.world, source, variables)
        assert found["subgraph_errors"] == []
        assert found["data"] == expected["data"]
        assert len(found["errors"]) == len(expected["errors"])

    check()
