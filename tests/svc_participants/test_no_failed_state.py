"""Nobody fails out of LEAD: no machine has a state for it."""

from enum import StrEnum

import pytest

from svc_participants.clocks.rules import ClockState
from svc_participants.contacts.rules import AttemptOutcome
from svc_participants.enrollments.rules import EnrollmentStatus, ExitReason, InactiveReason
from svc_participants.protocols.judgement import JudgedAs
from svc_participants.referrals.rules import Decision, DeclineReason, ReferralStatus

OFF_MODEL = ("FAIL", "TERMINAT", "COMPLIAN", "SANCTION", "VIOLAT", "REVOK", "UNSUCCESS", "PUNISH")
MACHINES: tuple[type[StrEnum], ...] = (
    ReferralStatus, Decision, DeclineReason, EnrollmentStatus, ExitReason, InactiveReason,
    ClockState, AttemptOutcome, JudgedAs,
)  # fmt: skip


@pytest.mark.parametrize("machine", MACHINES, ids=lambda each: each.__name__)
def test_no_state_says_that_a_person_failed(machine: type[StrEnum]) -> None:
    assert [each for each in machine if any(word in each.value for word in OFF_MODEL)] == []


def test_planted_state_is_caught() -> None:
    class Planted(StrEnum):
        TERMINATED = "TERMINATED_NON_COMPLIANT"

    with pytest.raises(AssertionError):
        test_no_state_says_that_a_person_failed(Planted)
