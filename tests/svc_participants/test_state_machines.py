"""Every state machine of the service: legal and illegal steps, and random walks over them.

Each machine is written down here a second time, from the description of its states; the rules are
asked through the check that the commands run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import RuleError
from svc_participants.care.appointments import rules as appointments
from svc_participants.care.arrangements import rules as arrangements
from svc_participants.care.assessments import rules as assessments
from svc_participants.care.documents import rules as documents
from svc_participants.care.funds import rules as funds
from svc_participants.care.goals import rules as goals
from svc_participants.care.income import rules as income
from svc_participants.care.keeping import check_step
from svc_participants.care.plans import rules as plans
from svc_participants.care.summaries import rules as summaries
from svc_participants.enrollments import rules as enrollments
from svc_participants.handoffs import rules as handoffs
from svc_participants.protocols import rules as protocols
from svc_participants.referrals import rules as referrals

Check = Callable[[Any, Any], None]
TODAY = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine: its states, the rule that is asked, and its steps in plain words."""

    states: type[StrEnum]
    check: Check
    legal: Mapping[str, str]

    def after(self, state: StrEnum) -> set[str]:
        """Return the states that may follow, as written down here."""
        return set(self.legal.get(state.value, "").split())


def kept(steps: Any) -> Check:
    """Return the check of a record of care."""
    return partial(_kept, steps)


def _kept(steps: Any, current: Any, wanted: Any) -> None:
    check_step(steps, current, wanted, "state")


def adopted(current: Any, wanted: Any) -> None:
    if wanted is not protocols.ProtocolState.ADOPTED:
        raise RuleError("STEP_NOT_ALLOWED", "None goes back: ADOPTED.")
    protocols.check_adoption(current, TODAY, TODAY)


MACHINES: dict[str, Machine] = {
    "referral": Machine(referrals.ReferralStatus, referrals.check_step, {
        "DRAFT": "SUBMITTED",
        "SUBMITTED": "SCREENING",
        "SCREENING": "APPROVED WAITLISTED DECLINED_INELIGIBLE DUPLICATE WITHDRAWN",
        "WAITLISTED": "APPROVED EXPIRED WITHDRAWN",
        "APPROVED": "OUTREACH",
        "OUTREACH": "CONTACTED UNABLE_TO_LOCATE",
        "CONTACTED": "ACCEPTED_BY_PERSON DECLINED_BY_PERSON",
        "ACCEPTED_BY_PERSON": "INTAKE_STARTED",
        "INTAKE_STARTED": "ENROLLED INTAKE_LAPSED",
        "UNABLE_TO_LOCATE": "OUTREACH",
        "DECLINED_BY_PERSON": "OUTREACH",
        "INTAKE_LAPSED": "OUTREACH",
    }),
    "handoff": Machine(handoffs.HandoffState, handoffs.check_step, {
        "HANDOFF_REQUESTED": "HANDOFF_EN_ROUTE",
        "HANDOFF_EN_ROUTE": "HANDOFF_MET HANDOFF_FAILED",
    }),
    "enrollment": Machine(enrollments.EnrollmentStatus, enrollments.check_step, {
        "PENDING_INTAKE": "ENROLLED_ACTIVE EXITED",
        "ENROLLED_ACTIVE": "ENROLLED_INACTIVE EXITED",
        "ENROLLED_INACTIVE": "ENROLLED_ACTIVE EXITED",
    }),
    "protocol": Machine(protocols.ProtocolState, adopted, {"DRAFT": "ADOPTED"}),
    "appointment": Machine(appointments.AppointmentState, kept(appointments.STEPS), {
        "PLANNED": "KEPT NOT_KEPT CALLED_OFF",
        "NOT_KEPT": "KEPT",
        "CALLED_OFF": "PLANNED",
    }),
    "arranged service": Machine(arrangements.ArrangementState, kept(arrangements.STEPS), {
        "ARRANGED": "WAITING BEGUN PERSON_CHOSE_OTHERWISE PROVIDER_COULD_NOT",
        "WAITING": "BEGUN PERSON_CHOSE_OTHERWISE PROVIDER_COULD_NOT",
        "BEGUN": "COMPLETED PERSON_CHOSE_OTHERWISE PROVIDER_COULD_NOT",
        "PERSON_CHOSE_OTHERWISE": "ARRANGED",
        "PROVIDER_COULD_NOT": "ARRANGED",
    }),
    "assessment": Machine(assessments.AssessmentState, kept(assessments.STEPS), {
        "DRAFT": "DRAFT SIGNED ENTERED_IN_ERROR",
        "SIGNED": "DRAFT ENTERED_IN_ERROR",
    }),
    "benefit": Machine(income.BenefitState, kept(income.STEPS), {
        "APPLYING": "RECEIVING NOT_GRANTED ENDED",
        "NOT_GRANTED": "APPEALING APPLYING",
        "APPEALING": "RECEIVING NOT_GRANTED",
        "RECEIVING": "ENDED",
        "ENDED": "APPLYING",
    }),
    "document": Machine(documents.DocumentState, kept(documents.STEPS), {
        "AWAITING": "STORED WITHDRAWN",
        "STORED": "WITHDRAWN",
    }),
    "planned step": Machine(plans.StepState, kept(plans.STEPS), {
        "PLANNED": "UNDER_WAY DONE SET_ASIDE",
        "UNDER_WAY": "DONE SET_ASIDE PLANNED",
        "SET_ASIDE": "PLANNED UNDER_WAY",
        "DONE": "UNDER_WAY",
    }),
    "spending": Machine(funds.SpendState, kept(funds.STEPS), {
        "REQUESTED": "APPROVED NOT_APPROVED WITHDRAWN",
        "APPROVED": "SPENT WITHDRAWN",
    }),
    "summary": Machine(summaries.SummaryState, kept(summaries.STEPS), {
        "DRAFT": "APPROVED WITHDRAWN",
        "APPROVED": "REPLACED WITHDRAWN",
    }),
}  # fmt: skip
NAMES = sorted(MACHINES)
OFF_MODEL = ("FAIL", "TERMINAT", "COMPLIAN", "SANCTION", "VIOLAT", "REVOK", "UNSUCCESS", "PUNISH")


def named_in(refusal: RuleError) -> set[str]:
    """Return the steps that a refusal names."""
    said = refusal.message.partition(": ")[2].rstrip(".")
    return set(said.split(", ")) - {"none"}


def walk(machine: Machine, start: Any, tried: list[Any]) -> Any:
    """Try steps one after the other; returns where it ends, having checked each."""
    state = start
    for wanted in tried:
        if wanted.value in machine.after(state):
            machine.check(state, wanted)
            state = wanted
            continue
        with pytest.raises(RuleError) as refused:
            machine.check(state, wanted)
        assert refused.value.code == "STEP_NOT_ALLOWED"
        if machine.check is not adopted:
            assert named_in(refused.value) == machine.after(state)
    return state


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_down_twice_has_the_same_states(name: str) -> None:
    machine = MACHINES[name]
    known = {each.value for each in machine.states}
    assert set(machine.legal) <= known
    assert set().union(*(each.split() for each in machine.legal.values())) <= known


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_random_steps_go_where_the_machine_has_them_and_nowhere_else(name: str, data: Any) -> None:
    machine = MACHINES[name]
    states = list(machine.states)
    start = data.draw(st.sampled_from(states))
    walk(machine, start, data.draw(st.lists(st.sampled_from(states), max_size=15)))


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"handoff"}))
def test_no_state_says_that_a_person_failed(name: str) -> None:
    """It is a handoff that can fail: nobody came, or the person had gone."""
    states = MACHINES[name].states
    assert [each for each in states if any(word in each.value for word in OFF_MODEL)] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_step_from_everywhere_is_found(name: str) -> None:
    machine = MACHINES[name]
    open_to_all = Machine(machine.states, lambda _current, _wanted: None, machine.legal)
    states = list(machine.states)
    illegal = [(a, b) for a in states for b in states if b.value not in machine.after(a)]
    with pytest.raises(pytest.fail.Exception):
        walk(open_to_all, illegal[0][0], [illegal[0][1]])


@given(st.sampled_from(goals.GoalState), st.lists(st.sampled_from(goals.ProgressMarker)))
def test_a_goal_goes_on_until_it_is_reached(
    state: goals.GoalState, markers: list[goals.ProgressMarker]
) -> None:
    """Putting a goal aside ends nothing; one that was reached makes room for a new one."""
    for marker in markers:
        if state is goals.GoalState.REACHED:
            with pytest.raises(RuleError):
                goals.state_after(state, marker)
            continue
        state = goals.state_after(state, marker)
        wanted = marker.value if marker.value in ("REACHED", "SET_ASIDE") else "OPEN"
        assert state.value == wanted
