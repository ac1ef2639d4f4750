"""Every state machine of the legal side: legal and illegal steps, and what there never is.

Each machine is written down here a second time, from the description of its states in the domain's
notes, with what a docket knows beside them; the product is asked through the check that the
commands run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.mutation_result import CommandError
from svc_cases.cases.commands import check_step
from svc_cases.cases.rules import (
    CASE_STEPS,
    CHARGE_STEPS,
    CLOSED_STATUSES,
    CaseStatus,
    ChargeStatus,
)
from svc_cases.conferences.commands import agenda
from svc_cases.conferences.rules import (
    ACTION_STEPS,
    ITEM_STEPS,
    MEETING_STEPS,
    ON_SCREEN,
    ActionStatus,
    ItemStatus,
    MeetingStatus,
)
from svc_cases.conferences.tables import Meeting
from svc_cases.coordination.rules import (
    WARRANT_STEPS,
    CoordinationStatus,
    WarrantStatus,
    filing_steps,
)
from svc_cases.letters.rules import LETTER_STEPS, LetterStatus
from svc_cases.requests.rules import REQUEST_STEPS, RequestKind, RequestStatus

Possible = Callable[[Any], frozenset[Any]]


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine: its states, what the product holds possible, and its steps in plain words."""

    states: type[StrEnum]
    possible: Possible
    legal: Mapping[str, str]

    def after(self, state: StrEnum) -> set[str]:
        """Return the states that may follow, as written down here."""
        return set(self.legal.get(state.value, "").split())

    def check(self, state: StrEnum, wanted: StrEnum) -> None:
        """Ask the product, as its commands do."""
        check_step("status", wanted, self.possible(state))


ENDS_CASE = "DISMISSED RESOLVED_PLEA RESOLVED_TRIAL TRANSFERRED"
NOT_KNOWN = "INTERNAL_UNKNOWN EXTERNAL_UNKNOWN"
ENDS_CHARGE = "DISMISSED CONVICTED ACQUITTED ADJUDICATED TRANSFERRED_AWAY"
OUT_OF_FORCE = "SERVED RECALLED EXPIRED"
ANSWERED = "GRANTED NOT_GRANTED WITHDRAWN"

MACHINES: dict[str, Machine] = {
    # A case goes to and fro between what is open, and is decided once.
    "case": Machine(CaseStatus, CASE_STEPS.__getitem__, {
        "PENDING": f"CONTINUED DEFERRED {ENDS_CASE} {NOT_KNOWN}",
        "CONTINUED": f"PENDING DEFERRED {ENDS_CASE} {NOT_KNOWN}",
        "DEFERRED": f"PENDING CONTINUED {ENDS_CASE} {NOT_KNOWN}",
        "INTERNAL_UNKNOWN": f"PENDING CONTINUED DEFERRED {ENDS_CASE} EXTERNAL_UNKNOWN",
        "EXTERNAL_UNKNOWN": f"PENDING CONTINUED DEFERRED {ENDS_CASE} INTERNAL_UNKNOWN",
    }),
    "charge": Machine(ChargeStatus, CHARGE_STEPS.__getitem__, {
        "PENDING": f"{ENDS_CHARGE} {NOT_KNOWN}",
        "INTERNAL_UNKNOWN": f"PENDING {ENDS_CHARGE} EXTERNAL_UNKNOWN",
        "EXTERNAL_UNKNOWN": f"PENDING {ENDS_CHARGE} INTERNAL_UNKNOWN",
    }),
    "filing": Machine(CoordinationStatus, partial(filing_steps, is_filed=False), {
        "REFERRED_TO_PROSECUTOR": "UNDER_REVIEW HELD_FOR_LEAD DECLINED FILED",
        "UNDER_REVIEW": "HELD_FOR_LEAD DECLINED FILED",
        "HELD_FOR_LEAD": "DECLINED FILED STATUTE_EXPIRED",
    }),
    # What the docket has filed is filed: the decision behind it is added, and nothing else.
    "filing of what is on the docket": Machine(
        CoordinationStatus, partial(filing_steps, is_filed=True), {
            "REFERRED_TO_PROSECUTOR": "FILED",
            "UNDER_REVIEW": "FILED",
            "HELD_FOR_LEAD": "FILED",
            "DECLINED": "FILED",
            "STATUTE_EXPIRED": "FILED",
        },
    ),
    # A court may refuse to quash: then the warrant is active again.
    "warrant": Machine(WarrantStatus, WARRANT_STEPS.__getitem__, {
        "ISSUED": f"ACTIVE QUASH_REQUESTED {OUT_OF_FORCE}",
        "ACTIVE": f"QUASH_REQUESTED {OUT_OF_FORCE}",
        "QUASH_REQUESTED": f"QUASHED ACTIVE {OUT_OF_FORCE}",
    }),
    "letter": Machine(LetterStatus, LETTER_STEPS.__getitem__, {
        "DRAFT": "APPROVED WITHDRAWN",
        "APPROVED": "DELIVERED WITHDRAWN",
    }),
    "meeting": Machine(MeetingStatus, MEETING_STEPS.__getitem__, {
        "SCHEDULED": "AGENDA_OPEN",
        "AGENDA_OPEN": "AGENDA_LOCKED",
        "AGENDA_LOCKED": "IN_SESSION",
        "IN_SESSION": "CLOSED",
        "CLOSED": "MINUTES_APPROVED",
    }),
    # Somebody is left out whenever they wish; an item that nobody wants is taken back until then.
    "item": Machine(ItemStatus, ITEM_STEPS.__getitem__, {
        "PROPOSED": "ADMITTED REMOVED_CONSENT WITHDRAWN",
        "ADMITTED": "DISCUSSED DEFERRED REMOVED_CONSENT WITHDRAWN",
        "DISCUSSED": "ACTIONS_SET DEFERRED REMOVED_CONSENT WITHDRAWN",
        "ACTIONS_SET": "REMOVED_CONSENT",
        "DEFERRED": "REMOVED_CONSENT",
    }),
    "action": Machine(ActionStatus, ACTION_STEPS.__getitem__, {"OPEN": "DONE DROPPED"}),
    **{
        f"request {kind}": Machine(RequestStatus, REQUEST_STEPS[kind].__getitem__, {
            "OPEN": "NOTED WITHDRAWN" if kind is RequestKind.CONTEXT else ANSWERED,
        })
        for kind in RequestKind
    },
}  # fmt: skip
WHILE = {
    "PROPOSED": "AGENDA_OPEN",
    "ADMITTED": "AGENDA_OPEN AGENDA_LOCKED",
    "DISCUSSED": "IN_SESSION CLOSED",
    "ACTIONS_SET": "IN_SESSION CLOSED",
    "DEFERRED": "AGENDA_OPEN AGENDA_LOCKED IN_SESSION CLOSED",
    "REMOVED_CONSENT": " ".join(MeetingStatus),
    "WITHDRAWN": "SCHEDULED AGENDA_OPEN AGENDA_LOCKED IN_SESSION CLOSED",
}
"""As the meeting must stand for an item to come to a status."""
NAMES = sorted(MACHINES)
OFF_MODEL = ("FAIL", "TERMINAT", "NONCOMPLIANT", "NON_COMPLIANT", "UNSUCCESSFUL", "SANCTION")


def named_in(refusal: CommandError) -> set[str]:
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
        with pytest.raises(CommandError) as refused:
            machine.check(state, wanted)
        assert refused.value.code == "ILLEGAL_STEP"
        assert named_in(refused.value) == machine.after(state)
    return state


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_down_twice_has_the_same_states(name: str) -> None:
    machine = MACHINES[name]
    known = {each.value for each in machine.states}
    assert set(machine.legal) <= known
    assert set().union(*(each.split() for each in machine.legal.values())) <= known


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_possible_or_refused_as_written_down(name: str) -> None:
    machine = MACHINES[name]
    for state, wanted in product(machine.states, repeat=2):
        walk(machine, state, [wanted])


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_random_steps_go_where_the_machine_has_them_and_nowhere_else(name: str, data: Any) -> None:
    machine = MACHINES[name]
    states = list(machine.states)
    start = data.draw(st.sampled_from(states))
    walk(machine, start, data.draw(st.lists(st.sampled_from(states), max_size=20)))


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_wider_step_is_found_wherever_it_is(name: str) -> None:
    machine = MACHINES[name]
    states = list(machine.states)
    for here, there in product(states, repeat=2):
        if there.value in machine.after(here):
            continue

        def wider(state: Any, here: Any = here, there: Any = there) -> frozenset[Any]:
            return machine.possible(state) | ({there} if state is here else set())

        with pytest.raises(pytest.fail.Exception):
            walk(replace(machine, possible=wider), here, [there])


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_step_that_is_missing_is_found(name: str) -> None:
    machine = MACHINES[name]
    closed = replace(machine, possible=lambda _state: frozenset())
    for here, there in product(machine.states, repeat=2):
        if there.value in machine.after(here):
            with pytest.raises(CommandError):
                walk(closed, here, [there])


@pytest.mark.parametrize("name", NAMES)
def test_no_state_judges_the_participant(name: str) -> None:
    named = {state.value for state in MACHINES[name].states}
    assert not {each for each in named if any(word in each for word in OFF_MODEL)}


def comes_while(status: ItemStatus, stands: MeetingStatus) -> bool:
    """Ask the product whether an item comes to a status while the meeting stands so."""
    try:
        agenda._require_while(Meeting(status=stands.value), status)
    except CommandError as refused:
        return refused.code != "MEETING_STANDS_OTHERWISE"
    return True


@pytest.mark.parametrize("status", list(ItemStatus))
def test_an_item_moves_while_the_meeting_stands_so(status: ItemStatus) -> None:
    found = {each.value for each in MeetingStatus if comes_while(status, each)}
    assert found == set(WHILE[status.value].split())


def test_a_planted_item_that_moves_at_any_time_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    whenever = dict.fromkeys(ItemStatus, frozenset(MeetingStatus))
    monkeypatch.setattr(agenda, "ITEM_STEP_WHILE", whenever)
    with pytest.raises(AssertionError):
        test_an_item_moves_while_the_meeting_stands_so(ItemStatus.ADMITTED)


@pytest.mark.parametrize("item", [ItemStatus.PROPOSED, *sorted(ON_SCREEN)])
def test_somebody_is_left_out_whenever_they_wish(item: ItemStatus) -> None:
    """From every state in which anybody sees an item it can be taken off, as the meeting stands."""
    MACHINES["item"].check(item, ItemStatus.REMOVED_CONSENT)
    assert all(comes_while(ItemStatus.REMOVED_CONSENT, each) for each in MeetingStatus)


@given(st.lists(st.sampled_from(sorted(MeetingStatus)), max_size=12))
def test_a_meeting_never_goes_back(tried: list[MeetingStatus]) -> None:
    order, came_to = list(MeetingStatus), [MeetingStatus.SCHEDULED]
    for wanted in tried:
        try:
            MACHINES["meeting"].check(came_to[-1], wanted)
        except CommandError:
            continue
        came_to.append(wanted)
    assert came_to == order[: len(came_to)]


@pytest.mark.parametrize("status", list(CaseStatus))
def test_a_case_is_filed_by_a_decision_alone(status: CaseStatus) -> None:
    case = MACHINES["case"]
    for here, there in ((status, CaseStatus.NOT_FILED), (CaseStatus.NOT_FILED, status)):
        with pytest.raises(CommandError):
            case.check(here, there)
    assert {each.value for each in CLOSED_STATUSES} == set(ENDS_CASE.split())


@pytest.mark.parametrize("status", sorted(set(LetterStatus) - {LetterStatus.APPROVED}))
def test_a_court_gets_no_letter_that_nobody_approved(status: LetterStatus) -> None:
    with pytest.raises(CommandError):
        MACHINES["letter"].check(status, LetterStatus.DELIVERED)
