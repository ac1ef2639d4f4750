"""Random walks through the status machines: what is allowed happens, all else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import RuleError
from svc_training.assignments.rules import (
    ENDED,
    NEXT,
    AssignmentStatus,
    Places,
    RegistrationOutcome,
    check_step,
    path_to,
)
from svc_training.assistance import rules as assistance
from svc_training.prerequisites import rules as prerequisites
from svc_training.prerequisites.rules import FulfillmentStatus

statuses = st.sampled_from(list(AssignmentStatus))


@given(st.lists(statuses, max_size=12))
def test_walk_of_an_assignment_follows_the_machine(wanted: list[AssignmentStatus]) -> None:
    present = AssignmentStatus.ASSIGNED
    for step in wanted:
        if step in NEXT[present]:
            check_step(present, step)
            present = step
            continue
        with pytest.raises(RuleError) as refused:
            check_step(present, step)
        assert refused.value.code == "ILLEGAL_STEP"
        assert all(status.value in refused.value.message for status in NEXT[present])


@given(statuses, statuses)
def test_a_way_consists_of_allowed_steps(
    present: AssignmentStatus, wanted: AssignmentStatus
) -> None:
    way = path_to(present, wanted)
    if way is None:
        return
    for step in way:
        check_step(present, step)
        present = step
    assert present is wanted


def test_machine_is_the_one_of_the_domain() -> None:
    s = AssignmentStatus
    assert NEXT[s.REGISTERED] == (s.WAITLISTED, s.ALTERNATE, s.ACCEPTED, s.DENIED, s.CANCELLED)
    assert set(NEXT[s.ATTENDED]) == {s.COMPLETED, s.INCOMPLETE, s.FAILED}
    assert NEXT[s.COMPLETED] == (s.CREDITED,)
    assert set(NEXT[s.CREDITED]) == {s.RECERT_DUE, s.EXPIRED}
    assert all(not NEXT[status] for status in ENDED - {s.RECERT_DUE})
    assert set(NEXT) == set(s)


@given(st.lists(st.sampled_from(list(FulfillmentStatus)), max_size=8))
def test_walk_of_a_prerequisite_follows_the_machine(wanted: list[FulfillmentStatus]) -> None:
    present = FulfillmentStatus.UNMET
    for step in wanted:
        allowed = prerequisites.NEXT[present]
        if step in allowed:
            prerequisites.check_step(present, step)
            present = step
            continue
        with pytest.raises(RuleError) as refused:
            prerequisites.check_step(present, step)
        assert all(each.value in refused.value.message for each in allowed)
    if present in prerequisites.IS_CLEAR:
        assert FulfillmentStatus.DOCUMENT_SUBMITTED in wanted


def test_prerequisite_machine_is_the_one_of_the_domain() -> None:
    s = FulfillmentStatus
    assert prerequisites.NEXT == {
        s.UNMET: (s.DOCUMENT_SUBMITTED,),
        s.DOCUMENT_SUBMITTED: (s.MET, s.WAIVER_REQUESTED),
        s.WAIVER_REQUESTED: (s.WAIVED, s.REJECTED),
        s.MET: (),
        s.WAIVED: (),
        s.REJECTED: (),
    }


@given(st.lists(st.sampled_from(list(assistance.AssistanceStatus)), max_size=8))
def test_walk_of_a_request_follows_the_machine(
    wanted: list[assistance.AssistanceStatus],
) -> None:
    present = assistance.AssistanceStatus.OPEN
    for step in wanted:
        try:
            assistance.check_step(present, step)
        except RuleError:
            assert step not in assistance.NEXT[present]
        else:
            present = step


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 60))
def test_no_more_people_get_a_place_than_there_are(
    capacity: int, waiting_list: int, people: int
) -> None:
    places = Places(capacity, 0, waiting_list, 0)
    outcomes = []
    for _ in range(people):
        outcomes.append(places.next_outcome())
        places = places.after(outcomes[-1])
    assert outcomes.count(RegistrationOutcome.REGISTERED) == min(people, capacity)
    left = max(0, people - capacity)
    assert outcomes.count(RegistrationOutcome.WAITLISTED) == min(left, waiting_list)
