"""What an earlier system may say: every combination, against a model in plain words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from infra.errors import RuleError
from infra.vocabulary import Role
from svc_participants.earlier import rules
from svc_participants.earlier.rules import EarlierStay
from svc_participants.enrollments.rules import STEPS, EnrollmentStatus, ExitReason, InactiveReason

TODAY = date(2026, 11, 22)
DAYS = st.sampled_from(
    [
        date(2011, 9, 30),
        date(2011, 10, 1),
        date(2024, 5, 6),
        date(2024, 5, 7),
        TODAY,
        TODAY + timedelta(days=1),
    ]
)
SOUND = EarlierStay(
    date(2024, 5, 6), EnrollmentStatus.ENROLLED_ACTIVE, None, None, None, "the list of 2022"
)
LEFT = replace(
    SOUND,
    status=EnrollmentStatus.EXITED,
    status_since=date(2024, 5, 7),
    exit_reason=ExitReason.GOALS_MET,
)
STAYS = st.builds(
    EarlierStay,
    enrolled_on=DAYS,
    status=st.sampled_from(EnrollmentStatus),
    status_since=st.none() | DAYS,
    inactive_reason=st.none() | st.sampled_from(InactiveReason),
    exit_reason=st.none() | st.sampled_from(ExitReason),
    source=st.just("the list of 2022"),
)


def may_be(stay: EarlierStay) -> bool:
    """Return whether such a stay can have been, as the guide describes it."""
    status, reason, exit_reason = stay.status.value, stay.inactive_reason, stay.exit_reason
    if not date(2011, 10, 1) <= stay.enrolled_on <= TODAY:
        return False
    if status == "ENROLLED_ACTIVE":
        is_plain = reason is None and exit_reason is None
        return is_plain and stay.status_since in (None, stay.enrolled_on)
    if stay.status_since is None or not stay.enrolled_on <= stay.status_since <= TODAY:
        return False
    if status == "ENROLLED_INACTIVE":
        return reason is not None and exit_reason is None
    if status == "EXITED":
        return reason is None and exit_reason is not None and exit_reason.value != "ADMIN_ERROR"
    return False


@given(stay=STAYS)
@example(stay=SOUND)
@example(stay=LEFT)
@example(stay=replace(SOUND, enrolled_on=date(2011, 9, 30)))
@example(stay=replace(SOUND, enrolled_on=TODAY + timedelta(days=1)))
@example(stay=replace(SOUND, status=EnrollmentStatus.PENDING_INTAKE))
@example(stay=replace(SOUND, status_since=date(2024, 5, 7)))
@example(stay=replace(LEFT, exit_reason=ExitReason.ADMIN_ERROR))
@example(stay=replace(LEFT, status_since=date(2024, 5, 5)))
@example(stay=replace(LEFT, status_since=TODAY + timedelta(days=1)))
@settings(deadline=None, database=None, max_examples=400)
def test_what_can_have_been_is_taken_and_nothing_else(stay: EarlierStay) -> None:
    if not may_be(stay):
        with pytest.raises(RuleError):
            rules.check(stay, TODAY)
        return
    rules.check(stay, TODAY)
    steps = rules.steps_of(stay)
    # A path through the machine of enrollments, from the intake to where the person stands.
    assert steps[0].before is EnrollmentStatus.PENDING_INTAKE
    assert steps[-1].after is stay.status
    assert all(each.after in STEPS[each.before] for each in steps)
    assert all(one.after is other.before for one, other in pairwise(steps))
    days = [each.on for each in steps]
    assert days == sorted(days)
    assert days[0] == stay.enrolled_on
    assert days[-1] == (stay.status_since or stay.enrolled_on)


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("STANDINGS", tuple(EnrollmentStatus)),
        ("_EXITS", frozenset(ExitReason)),
        ("LEAD_BEGAN", date(1990, 1, 1)),
        ("_check_reason", lambda *_given: None),
        ("_check_since", lambda *_given: None),
        ("check_past", lambda *_given: None),
        ("check_last_day", lambda *_given: None),
    ],
)
def test_planted_gaps_in_the_rules_are_found(
    monkeypatch: pytest.MonkeyPatch, name: str, broken: Callable[..., None]
) -> None:
    monkeypatch.setattr(rules, name, broken)
    # Several counterexamples come as a group.
    with pytest.raises((pytest.fail.Exception, AssertionError, BaseExceptionGroup)):
        test_what_can_have_been_is_taken_and_nothing_else()


@pytest.mark.parametrize(
    ("stay", "names"),
    [
        (
            replace(SOUND, status=EnrollmentStatus.PENDING_INTAKE),
            ("ENROLLED_ACTIVE", "ENROLLED_INACTIVE", "EXITED"),
        ),
        (replace(LEFT, exit_reason=None), ("GOALS_MET", "TRANSFERRED_SITE", "DECEASED")),
        (
            replace(
                SOUND, status=EnrollmentStatus.ENROLLED_INACTIVE, status_since=date(2024, 5, 7)
            ),
            ("IN_THE_WIND", "CUSTODY", "HOSPITAL", "MOVED"),
        ),
        (replace(SOUND, status_since=date(2024, 5, 7)), ("2024-05-06",)),
        (replace(SOUND, enrolled_on=date(2001, 1, 1)), ("2011-10-01",)),
    ],
)
def test_a_refusal_names_what_is_allowed(stay: EarlierStay, names: tuple[str, ...]) -> None:
    with pytest.raises(RuleError) as refused:
        rules.check(stay, TODAY)
    assert all(each in str(refused.value) for each in names)
    assert "ADMIN_ERROR" not in str(refused.value)


@pytest.mark.parametrize(
    ("source", "is_name"),
    [
        ("ServicePoint", True),
        ("Care & Co. (2019/20)", True),
        ("Données", True),
        ("", False),
        ("  ", False),
        ("x" * 61, False),
        ("<b>list</b>", False),
        ("=SUM(A1)", False),
        ("one\ntwo", False),
    ],
)
def test_a_source_is_a_name(source: str, is_name: bool) -> None:
    if is_name:
        rules.check_source(source)
    else:
        with pytest.raises(RuleError):
            rules.check_source(source)


def test_only_who_may_enroll_brings_in_and_supervisors_alone_whom_nobody_knows() -> None:
    def may(role: Role, access: str, *, is_known: bool) -> bool:
        try:
            rules.check_bringer(role, access, is_known=is_known)
        except RuleError:
            return False
        return True

    known = {role for role in Role if may(role, "ao|o|r|g", is_known=True)}
    unknown = {role for role in Role if may(role, "ao|o|r|g", is_known=False)}
    assert known == {Role.CM, Role.SUP}
    assert unknown == {Role.SUP}
    # Who may not read enrollments under a purpose does not write them either.
    assert not may(Role.SUP, "", is_known=False)
