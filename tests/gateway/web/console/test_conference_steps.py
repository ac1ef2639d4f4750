"""The steps that pages of conferences offer are those that the service allows."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from gateway.web.console import conference_steps as offered
from gateway.web.console import roles
from gateway.web.console.conference_steps import item_steps
from svc_cases.conferences import rules


def as_text(table: Mapping[Any, Iterable[str]]) -> dict[str, set[str]]:
    return {str(each): {str(step) for step in found} for each, found in table.items() if found}


def named(values: Iterable[Any]) -> set[str]:
    return {str(each) for each in values}


def test_the_tables_are_the_services() -> None:
    forward = {before: {after} for before, after in offered.MEETING_STEPS.items()}
    assert forward == as_text(rules.MEETING_STEPS)
    assert as_text(offered.ITEM_STEPS) == as_text(rules.ITEM_STEPS)
    while_ = as_text(rules.ITEM_STEP_WHILE)
    assert while_.pop("PROPOSED") == {offered.PROPOSING}
    assert as_text(offered.ITEM_STEP_WHILE) == while_
    assert named(rules.WRITING) == offered.WRITING
    assert named(rules.ON_SCREEN) == offered.ON_SCREEN
    assert named(rules.ACTION_STEPS[rules.ActionStatus.OPEN]) == set(offered.CLOSINGS)
    assert set(offered.TOPICS) == named(rules.Topic)


def test_the_roles_are_the_services() -> None:
    assert named(rules.CHAIRS) == roles.CHAIRING
    assert named(rules.PREPARES) == roles.PREPARING
    assert named(rules.PURPOSES_OF_ATTENDEE) == roles.CONFERRING


@pytest.mark.parametrize(
    ("item", "meeting", "role", "steps"),
    [
        ("PROPOSED", "AGENDA_OPEN", "PM", ["ADMITTED", "WITHDRAWN", "REMOVED_CONSENT"]),
        ("PROPOSED", "AGENDA_OPEN", "CM", ["WITHDRAWN", "REMOVED_CONSENT"]),
        ("ADMITTED", "AGENDA_LOCKED", "PM", ["DEFERRED", "WITHDRAWN", "REMOVED_CONSENT"]),
        ("DISCUSSED", "MINUTES_APPROVED", "PM", ["REMOVED_CONSENT"]),
        ("WITHDRAWN", "IN_SESSION", "PM", []),
        ("ADMITTED", "IN_SESSION", "LEL", []),
    ],
)
def test_only_possible_steps_are_offered(
    item: str, meeting: str, role: str, steps: list[str]
) -> None:
    assert item_steps(item, meeting, role) == steps
