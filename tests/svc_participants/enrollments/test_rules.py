"""The states of an enrollment: the machine, its reasons, and what it has no word for."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import RuleError
from svc_participants.enrollments import rules
from svc_participants.enrollments.rules import (
    EnrollmentDate,
    EnrollmentStatus,
    ExitReason,
    InactiveReason,
)

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


AROUND = st.dates(TODAY - timedelta(days=9), TODAY + timedelta(days=9))


@given(st.lists(AROUND, min_size=3, max_size=3), st.sampled_from(EnrollmentDate), AROUND)
def test_a_corrected_day_leaves_the_days_in_order(
    drawn: list[date], which: EnrollmentDate, to: date
) -> None:
    intake, enrolled, exited = sorted(drawn)
    stood = rules.Days(enrolled, intake, exited)
    plain = {"INTAKE_COMPLETED": intake, "ENROLLED": enrolled, "EXITED": exited}
    after = plain | {which.value: to}
    in_order = after["INTAKE_COMPLETED"] <= after["ENROLLED"] <= after["EXITED"]
    if in_order and to <= TODAY and after != plain:
        days, before = rules.corrected(stood, which, to, TODAY)
        assert before == plain[which.value]
        assert [days.intake_completed_on, days.enrolled_on, days.exited_on] == list(after.values())
    else:
        with pytest.raises(RuleError):
            rules.corrected(stood, which, to, TODAY)


def test_what_never_was_is_not_corrected() -> None:
    with pytest.raises(RuleError, match="no such day"):
        rules.corrected(rules.Days(TODAY, None, None), EnrollmentDate.EXITED, TODAY, TODAY)
    with pytest.raises(RuleError, match="counts nowhere"):
        rules.check_not_in_error(ExitReason.ADMIN_ERROR)


@given(st.lists(AROUND, min_size=4, max_size=4), st.booleans())
def test_stays_at_a_site_may_touch_and_not_cover_each_other(
    drawn: list[date], is_open: bool
) -> None:
    first = rules.Days(min(drawn[:2]), None, max(drawn[:2]))
    second = rules.Days(min(drawn[2:]), None, None if is_open else max(drawn[2:]))
    covered = {first.enrolled_on + timedelta(days=each) for each in range(_nights(first))}
    other = {second.enrolled_on + timedelta(days=each) for each in range(_nights(second))}
    if not covered & other and covered and other:
        rules.check_apart(first, [second])
        rules.check_apart(second, [first])
    elif covered & other:
        with pytest.raises(RuleError, match="covers that day"):
            rules.check_apart(first, [second])


def _nights(days: rules.Days) -> int:
    return ((days.exited_on or date(2027, 1, 1)) - days.enrolled_on).days


def test_being_out_of_touch_has_a_reason_and_being_in_touch_none() -> None:
    rules.check_inactive_reason(EnrollmentStatus.ENROLLED_INACTIVE, InactiveReason.CUSTODY)
    rules.check_inactive_reason(EnrollmentStatus.ENROLLED_ACTIVE, None)
    for status, reason in (
        (EnrollmentStatus.ENROLLED_INACTIVE, None),
        (EnrollmentStatus.ENROLLED_ACTIVE, InactiveReason.MOVED),
    ):
        with pytest.raises(RuleError):
            rules.check_inactive_reason(status, reason)
