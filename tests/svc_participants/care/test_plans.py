"""Plans in the participant's own words, and steps that can be paused and taken up again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import RuleError
from svc_participants.care.keeping import check_step
from svc_participants.care.plans import rules
from svc_participants.care.plans.rules import StepState
from tests.fixtures.participants_service import (
    case_manager,
    change,
    codes,
    enrolled,
    officer,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.site_days import site_today

TODAY = site_today().isoformat()
PLAN = """
query($id: ID!) { participant(id: $id) {
  plan { number hopes recordedByName } planHistory { totalCount edges { node { number } } }
  goals { edges { node { steps { totalCount edges { node {
    what state version history { totalCount edges { node { fromState toState ownWords } } }
  } } } } } } } }
"""


async def read(service: ServiceApp, who: str, asking: Any = None) -> Any:
    return (await service.graphql(asking or case_manager(), PLAN, {"id": who})).data["participant"]


async def agree(service: ServiceApp, who: str, **plan: Any) -> dict[str, Any]:
    given = {"hopes": "A door that I can lock.", "agreedOn": TODAY, "expectedVersion": 0, **plan}
    return await change(
        service, case_manager(), "agreePlan", "plan { number }", participantId=who, **given
    )


async def new_step(service: ServiceApp, who: str) -> dict[str, Any]:
    payload = await change(
        service, case_manager(), "addGoal", "goal { id }", participantId=who, area="HOUSING",
        ownWords="A room.", stage="ACTION", setOn=TODAY,
    )  # fmt: skip
    payload = await change(
        service, case_manager(), "planGoalStep", "step { id state version doer }",
        goalId=payload["goal"]["id"], what="Fill the form in.", doer="TOGETHER", plannedOn=TODAY,
    )  # fmt: skip
    assert payload["userErrors"] == []
    found: dict[str, Any] = payload["step"]
    return found


async def test_each_agreement_is_a_version_and_earlier_ones_stay(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    assert (await agree(participants, who))["plan"] == {"number": 1}
    assert codes(await agree(participants, who)) == ["VERSION_CONFLICT"]
    assert (await agree(participants, who, hopes="A job.", expectedVersion=1))["plan"] == {
        "number": 2
    }
    found = await read(participants, who)
    assert found["plan"] == {
        "number": 2,
        "hopes": "A job.",
        "recordedByName": "Avery Sample-Okafor",
    }
    numbers = [edge["node"]["number"] for edge in found["planHistory"]["edges"]]
    assert numbers == [2, 1]


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        ({"hopes": "  "}, "TEXT_MISSING"),
        ({"agreedOn": "2999-01-01"}, "DATE_IN_FUTURE"),
        ({"reviewOn": "2020-01-01"}, "DATE_ORDER"),
        ({"strengths": "x" * 5_001}, "TEXT_LENGTH"),
    ],
)
async def test_a_plan_that_is_none_is_refused(
    participants: ServiceApp, plan: dict[str, str], code: str
) -> None:
    who, _ = await enrolled(participants)
    assert codes(await agree(participants, who, **plan)) == [code]
    assert (await read(participants, who))["plan"] is None


async def test_steps_move_and_every_move_is_kept(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    step = await new_step(participants, who)
    assert (step["state"], step["version"]) == ("PLANNED", 1)
    path = ("UNDER_WAY", "SET_ASIDE", "UNDER_WAY", "DONE")
    for version, state in enumerate(path, start=1):
        payload = await change(
            participants, case_manager(), "moveGoalStep", "step { state version }",
            stepId=step["id"], expectedVersion=version, state=state, happenedOn=TODAY,
            ownWords="As I say it.",
        )  # fmt: skip
        assert payload["step"] == {"state": state, "version": version + 1}
    refused = await change(
        participants, supervisor(), "moveGoalStep", "step { id }",
        stepId=step["id"], expectedVersion=5, state="PLANNED", happenedOn=TODAY,
    )  # fmt: skip
    assert codes(refused) == ["STEP_NOT_ALLOWED"]
    assert "UNDER_WAY" in refused["userErrors"][0]["message"]
    steps = (await read(participants, who))["goals"]["edges"][0]["node"]["steps"]
    moves = [e["node"]["toState"] for e in steps["edges"][0]["node"]["history"]["edges"]]
    assert moves == list(path)


async def test_others_neither_see_nor_move_a_step(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    step = await new_step(participants, who)
    for asking in (case_manager("case_manager_unassigned"), officer()):
        payload = await change(
            participants, asking, "moveGoalStep", "step { id }",
            stepId=step["id"], expectedVersion=1, state="DONE", happenedOn=TODAY,
        )  # fmt: skip
        assert codes(payload) == ["NOT_FOUND"]
        assert await read(participants, who, asking) is None


@given(st.lists(st.sampled_from(list(StepState)), max_size=30))
def test_random_steps_go_only_where_they_may(wanted: list[StepState]) -> None:
    state = StepState.PLANNED
    for each in wanted:
        possible = rules.STEPS[state]
        assert possible, "a step can always be moved on"
        if each in possible:
            check_step(rules.STEPS, state, each, "state")
            state = each
            continue
        with pytest.raises(RuleError, match="these steps are possible") as refused:
            check_step(rules.STEPS, state, each, "state")
        assert all(one.value in refused.value.message for one in possible)
