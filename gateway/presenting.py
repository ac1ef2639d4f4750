"""What a release looks like to the client: data, static errors, and what travels with them."""

from dataclasses import replace
from typing import Any

from gateway.errors import NO_PURPOSE, error
from gateway.exchange import Answer
from gateway.planner import plan_json
from gateway.policy.access_table import View
from gateway.policy.roles import Refusal
from gateway.prepare import Prepared
from gateway.rounds import Release


def refusal_error(code: str, refusal: Refusal) -> dict[str, Any]:
    """Return the static error of one refused selection."""
    static = error(code, coordinate=refusal.coordinate)
    if refusal.locations:
        static["locations"] = [{"line": line, "column": col} for line, col in refusal.locations]
    return static


def refuse_mutation(refusals: list[Refusal]) -> Answer:
    """Return the answer to a mutation that was not run."""
    errors = [refusal_error("FIELD_NOT_ALLOWED", each) for each in refusals]
    return Answer(200, {"data": None, "errors": [error("MUTATION_NOT_ALLOWED"), *errors]})


def with_cost(answer: Answer, estimated: int, limit: int) -> Answer:
    """Return an answer that says what it cost by estimate."""
    cost = {"estimated": estimated, "limit": limit}
    extensions = {**answer.body.get("extensions", {}), "cost": cost}
    return replace(answer, body={**answer.body, "extensions": extensions})


def with_plan(answer: Answer, prepared: Prepared) -> Answer:
    """Return an answer that carries its query plan."""
    extensions = {**answer.body.get("extensions", {}), "queryPlan": plan_json(prepared.plan)}
    return replace(answer, body={**answer.body, "extensions": extensions})


def present(
    prepared: Prepared,
    released: Release,
    refusals: list[Refusal],
    with_purpose: View | None,
    obligations: tuple[dict[str, Any], ...],
) -> Answer:
    """Return the answer; ``with_purpose`` is the view that a purpose would have opened."""
    errors = [refusal_error("FIELD_NOT_ALLOWED", each) for each in refusals]
    if with_purpose is not None:
        for refusal, told in zip(refusals, errors, strict=True):
            if not with_purpose.refuses(refusal.coordinate):
                told["message"] = NO_PURPOSE
    errors += released.errors
    body: dict[str, Any] = {"data": released.data}
    if errors:
        body["errors"] = errors
    extensions: dict[str, Any] = {}
    if prepared.pruned.governed:
        extensions["consent"] = {"governed": list(prepared.pruned.governed)}
    if obligations:
        extensions["obligations"] = list(obligations)
    if extensions:
        body["extensions"] = extensions
    return Answer(200, body)
