"""The states of an enrollment: the machine, its reasons, and what it has no word for."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import RuleError
from svc_participants.enrollments import rules
from svc_participants.enrollments.rules import EnrollmentStatus, ExitReason, InactiveReason

TODAY = date(2026, 11, 22)
LEGAL = {
    ("PENDING_INTAKE", "ENROLLED_ACTIVE"),
    ("PENDING_INTAKE", "EXITED"),
    ("ENROLLED_ACTIVE", "ENROLLED_INACTIVE"),
    ("ENROLLED_INACTIVE", "ENROLLED_ACTIVE"),
    ("ENROLLED_ACTIVE", "EXITED"),
    ("ENROLLED_INACTIVE", "EXITED"),
}


@given(st.sampled_from(EnrollmentStatus), st.sampled_from(EnrollmentStatus))
def test_a_step_is_possible_exactly_where_the_machine_has_it(
    current: EnrollmentStatus, wanted: EnrollmentStatus
) -> None:
    if (current.value, wanted.value) in LEGAL:
        rules.check_step(current, wanted)
    else:
        with pytest.raises(RuleError, match="these steps are possible"):
            rules.check_step(current, wanted)


def test_there_is_no_state_or_reason_of_failing() -> None:
    words = {each.value for each in (*EnrollmentStatus, *ExitReason, *InactiveReason)}
    assert words == {
        "PENDING_INTAKE", "ENROLLED_ACTIVE", "ENROLLED_INACTIVE", "EXITED",
        "GOALS_MET", "PERSON_WITHDREW", "MOVED", "TRANSFERRED_SITE", "DECEASED", "ADMIN_ERROR",
        "IN_THE_WIND", "CUSTODY", "HOSPITAL",
    }  # fmt: skip


@given(
    st.dates(TODAY - timedelta(days=9), TODAY + timedelta(days=9)),
    st.dates(TODAY - timedelta(days=9), TODAY + timedelta(days=9)),
)
def test_nobody_is_enrolled_before_the_intake_is_complete(enrolled: date, intake: date) -> None:
    if intake <= enrolled <= TODAY:
        rules.check_dates(enrolled, intake, TODAY)
    else:
        with pytest.raises(RuleError):
            rules.check_dates(enrolled, intake, TODAY)


@pytest.mark.parametrize("reason", list(ExitReason))
def test_before_enrollment_one_withdraws_or_it_was_an_error(reason: ExitReason) -> None:
    if reason in (ExitReason.PERSON_WITHDREW, ExitReason.ADMIN_ERROR):
        rules.check_exit(EnrollmentStatus.PENDING_INTAKE, reason)
    else:
        with pytest.raises(RuleError):
            rules.check_exit(EnrollmentStatus.PENDING_INTAKE, reason)
    rules.check_exit(EnrollmentStatus.ENROLLED_INACTIVE, reason)


def test_being_out_of_touch_has_a_reason_and_being_in_touch_none() -> None:
    rules.check_inactive_reason(EnrollmentStatus.ENROLLED_INACTIVE, InactiveReason.CUSTODY)
    rules.check_inactive_reason(EnrollmentStatus.ENROLLED_ACTIVE, None)
    for status, reason in (
        (EnrollmentStatus.ENROLLED_INACTIVE, None),
        (EnrollmentStatus.ENROLLED_ACTIVE, InactiveReason.MOVED),
    ):
        with pytest.raises(RuleError):
            rules.check_inactive_reason(status, reason)
