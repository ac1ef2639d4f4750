"""The steps that pages of training offer are those that the service allows."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from gateway.web.console import training_steps
from gateway.web.console.training_steps import cancelling, steps
from infra import clock
from svc_training.assignments import rules as assignments
from svc_training.prerequisites import rules as prerequisites

NOW = clock.now()
FREE = {"cancelByAt": None}
IN_TIME = {"cancelByAt": (NOW + timedelta(days=1)).isoformat()}
LATE = {"cancelByAt": (NOW - timedelta(days=1)).isoformat()}


def as_text(table: Mapping[Any, Iterable[str]]) -> dict[str, list[str]]:
    return {str(each): [str(step) for step in found] for each, found in table.items() if found}


def test_the_tables_are_the_services() -> None:
    assert as_text(training_steps.NEXT) == as_text(assignments.NEXT)
    decided = dict(prerequisites.NEXT)
    del decided[prerequisites.FulfillmentStatus.UNMET]  # by a document, which has its own form
    assert as_text(training_steps.FULFILLMENTS) == as_text(decided)
    assert {str(each) for each in assignments.NOT_REGISTERED} == training_steps.NOT_REGISTERED
    assert {str(each) for each in assignments.WAITS} == training_steps.WAITS


def test_a_planted_step_is_seen() -> None:
    planted = {**training_steps.NEXT, "ASSIGNED": ("NOTIFIED", "ACCEPTED", "CANCELLED")}
    assert as_text(planted) != as_text(assignments.NEXT)


@pytest.mark.parametrize("status", sorted(assignments.NEXT))
@pytest.mark.parametrize("session", [FREE, IN_TIME, LATE])
def test_every_step_that_is_offered_would_be_taken(
    status: assignments.AssignmentStatus, session: dict[str, str | None]
) -> None:
    by = {"cancelByAt": None, **session}["cancelByAt"]
    moment = None if by is None else clock.now().fromisoformat(by)
    for each in steps(str(status), session, NOW):
        wanted = assignments.AssignmentStatus(each)
        assignments.check_step(status, wanted)
        assignments.check_cancellation(wanted, moment, NOW)


def test_a_cancellation_is_called_late_when_it_is() -> None:
    assert cancelling("ACCEPTED", IN_TIME, NOW) == "CANCELLED"
    assert cancelling("ACCEPTED", LATE, NOW) == "LATE_CANCELLED"
    assert cancelling("REGISTERED", LATE, NOW) == ""
    assert cancelling("DENIED", FREE, NOW) == ""
