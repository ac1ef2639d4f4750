"""Scenarios in a real browser, from files that a lawyer can read (`cases/`)."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.browser import Visitors
from tests.platform.console.scene import FOLDER, Case, Scene, case_of

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
FILES = sorted(FOLDER.glob("*.toml"))
HASTY_SECONDS = 4


def read(name: str) -> Case:
    return case_of((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [file.stem for file in FILES])
async def test_a_scenario_is_played_at_the_pages(
    visitors: Visitors, tmp_path: Path, name: str
) -> None:
    await Scene(visitors, read(name), tmp_path).play()


def without(case: Case, sentence: str) -> Case:
    """Return a scenario in which one step does not happen: whoever played fails later."""
    steps = tuple(each for each in case.steps if sentence not in each.values())
    assert len(steps) == len(case.steps) - 1
    return replace(case, steps=steps)


def by_somebody_else(case: Case, who: str, instead: str) -> Case:
    """Return a scenario in which one person does what another one is there for."""
    steps = tuple({**step, "who": instead} if step["who"] == who else step for step in case.steps)
    assert steps != case.steps
    return replace(case, steps=steps)


TWINS: dict[str, tuple[Case, str]] = {
    "never leaves": (
        without(read("13_agency_leaves"), "It leaves"), "You hold no role at the moment",
    ),
    "one person twice, for a role": (
        by_somebody_else(read("second_person_for_a_role"), "platform_admin_two", "platform_admin"),
        "press Approve",
    ),
    "one person twice, for training": (
        by_somebody_else(
            read("second_person_for_training"), "training_manager_two", "training_manager"
        ),
        "Approved: it is in each person's records.",
    ),
    "one person twice, for a waiver": (
        by_somebody_else(
            read("second_person_for_a_waiver"), "training_manager_two", "training_manager"
        ),
        "Waived",
    ),
}  # fmt: skip


@pytest.mark.parametrize("twin", TWINS)
async def test_planted_a_scenario_fails_where_it_must(
    visitors: Visitors, tmp_path: Path, twin: str
) -> None:
    """An agency that stays is not refused; what one person asks for, the same cannot decide."""
    case, seen = TWINS[twin]
    with pytest.raises(AssertionError) as caught:
        await Scene(visitors, case, tmp_path, HASTY_SECONDS).play()
    assert seen in str(caught.value)


STEP: Mapping[str, Any] = {"title": "T", "rule": "R", "participant": "p001"}


@pytest.mark.parametrize(
    "step",
    [
        'then = "X"\nwho = "officer"\nwrites = ["Y"]',
        'who = "officer"\nreads = ["Y"]',
        'then = "X"\nwho = "officer"\ndoes = ["wish Y"]',
    ],
)
def test_planted_words_that_nobody_knows_are_refused(step: str) -> None:
    top = "".join(f'{name} = "{value}"\n' for name, value in STEP.items())
    assert case_of(f'{top}[[steps]]\nthen = "X"\nwho = "officer"\n').title == "T"
    with pytest.raises(AssertionError):
        case_of(f"{top}[[steps]]\n{step}\n")
