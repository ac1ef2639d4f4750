"""Every state machine of the legal side: random legal and illegal steps, and what it never has."""

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svc_cases.cases.rules import CASE_STEPS, CHARGE_STEPS, CLOSED_STATUSES, CaseStatus
from svc_cases.conferences.rules import (
    ACTION_STEPS,
    ITEM_STEP_WHILE,
    ITEM_STEPS,
    MEETING_STEPS,
    ON_SCREEN,
    ItemStatus,
    MeetingStatus,
)
from svc_cases.coordination.rules import FILING_STEPS, WARRANT_STEPS
from svc_cases.letters.rules import LETTER_STEPS, LetterStatus
from svc_cases.requests.rules import REQUEST_STEPS, RequestKind, RequestStatus

Steps = Mapping[Any, frozenset[Any]]
MACHINES: dict[str, tuple[Steps, set[str]]] = {
    "case": (
        CASE_STEPS,
        {"NOT_FILED", "DISMISSED", "RESOLVED_PLEA", "RESOLVED_TRIAL", "TRANSFERRED"},
    ),
    "charge": (
        CHARGE_STEPS,
        {"NOT_FILED", "DISMISSED", "CONVICTED", "ACQUITTED", "ADJUDICATED", "TRANSFERRED_AWAY"},
    ),
    "filing": (FILING_STEPS, {"DECLINED", "FILED", "STATUTE_EXPIRED"}),
    "warrant": (WARRANT_STEPS, {"QUASHED", "SERVED", "RECALLED", "EXPIRED"}),
    "letter": (LETTER_STEPS, {"DELIVERED", "WITHDRAWN"}),
    "meeting": (MEETING_STEPS, {"MINUTES_APPROVED"}),
    "item": (ITEM_STEPS, {"REMOVED_CONSENT", "WITHDRAWN"}),
    "action": (ACTION_STEPS, {"DONE", "DROPPED"}),
    **{
        f"request {kind}": (REQUEST_STEPS[kind], {each.value for each in RequestStatus} - {"OPEN"})
        for kind in RequestKind
    },
}
NAMES = sorted(MACHINES)
OFF_MODEL = ("FAIL", "TERMINAT", "NONCOMPLIANT", "NON_COMPLIANT", "UNSUCCESSFUL", "SANCTION")


@pytest.mark.parametrize("name", NAMES)
def test_every_state_is_in_the_table_and_leads_to_states_only(name: str) -> None:
    steps, final = MACHINES[name]
    kind: type[StrEnum] = type(next(iter(steps)))
    assert set(steps) == set(kind)
    assert all(allowed <= set(kind) for allowed in steps.values())
    assert {state.value for state, allowed in steps.items() if not allowed} == final
    assert all(state not in allowed for state, allowed in steps.items())


@pytest.mark.parametrize("name", NAMES)
def test_no_state_judges_the_participant(name: str) -> None:
    steps, _ = MACHINES[name]
    named = {state.value for state in steps}
    assert not {each for each in named if any(word in each for word in OFF_MODEL)}


@given(data=st.data())
def test_a_walk_of_legal_steps_ends_or_goes_on_and_an_illegal_one_stays(data: Any) -> None:
    """Whatever is tried, the machine is in a state that the legal steps alone lead to."""
    steps, _ = MACHINES[data.draw(st.sampled_from(NAMES))]
    states = sorted(steps)
    state = start = data.draw(st.sampled_from(states))
    legal = [start]
    for wanted in data.draw(st.lists(st.sampled_from(states), max_size=20)):
        if wanted in steps[state]:
            state = wanted
            legal.append(wanted)
    for before, after in pairwise(legal):
        assert after in steps[before]
    assert state == legal[-1]


@given(st.lists(st.sampled_from(sorted(MeetingStatus)), max_size=12))
def test_a_meeting_never_goes_back(tried: list[MeetingStatus]) -> None:
    order = list(MeetingStatus)
    state = MeetingStatus.SCHEDULED
    for wanted in tried:
        if wanted in MEETING_STEPS[state]:
            assert order.index(wanted) == order.index(state) + 1
            state = wanted


@given(st.sampled_from(sorted(ItemStatus)), st.sampled_from(sorted(MeetingStatus)))
def test_somebody_is_left_out_whenever_they_wish(item: ItemStatus, meeting: MeetingStatus) -> None:
    """From every state in which anybody sees an item it can be taken off, as the meeting stands."""
    if item in ON_SCREEN or item is ItemStatus.PROPOSED:
        assert ItemStatus.REMOVED_CONSENT in ITEM_STEPS[item]
    assert meeting in ITEM_STEP_WHILE[ItemStatus.REMOVED_CONSENT]


def test_a_case_is_filed_by_a_decision_alone() -> None:
    assert all(CaseStatus.NOT_FILED not in allowed for allowed in CASE_STEPS.values())
    assert not CASE_STEPS[CaseStatus.NOT_FILED]
    assert all(not CASE_STEPS[each] for each in CLOSED_STATUSES)


def test_a_court_gets_no_letter_that_nobody_approved() -> None:
    before = {state for state, allowed in LETTER_STEPS.items() if LetterStatus.DELIVERED in allowed}
    assert before == {LetterStatus.APPROVED}
