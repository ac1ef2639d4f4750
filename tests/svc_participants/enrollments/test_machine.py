"""Random lives with LEAD: whatever is tried, in any order, stays within the machine of the domain.

The model beside the rules is written from the description of the states alone: which step was
legal, and what must be true of every stay at any time.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from infra.errors import RuleError
from svc_participants.enrollments import rules
from svc_participants.enrollments.rules import EnrollmentStatus, ExitReason, InactiveReason
from svc_participants.people.rules import YesNo

TODAY = date(2026, 11, 22)
DAYS = st.sampled_from([TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1)])
ENROLLED = ("ENROLLED_ACTIVE", "ENROLLED_INACTIVE")
NEVER_BACK = ("DECEASED", "ADMIN_ERROR")


@dataclass(frozen=True, slots=True)
class Stay:
    """One enrollment as the test remembers it, in plain words."""

    status: str = "PENDING_INTAKE"
    inactive: str | None = None
    exit_reason: str | None = None
    had_release: bool = False
    first_on: date | None = None
    last_on: date | None = None


class Lives(RuleBasedStateMachine):
    """One person's stays, and everything that can be tried on them."""

    def __init__(self) -> None:
        super().__init__()
        self.stays = [Stay()]

    @property
    def now(self) -> str:
        """Status of the last stay."""
        return self.stays[-1].status

    def earlier(self) -> list[rules.Days]:
        """Return the days of the stays before the last one, as far as they had begun."""
        return [
            rules.Days(each.first_on, None, each.last_on)
            for each in self.stays[:-1]
            if each.first_on is not None
        ]

    def attempt(self, check: Callable[[], None], becomes: Stay, *, is_legal: bool) -> None:
        """Try a step: it goes through exactly where it is legal, and else changes nothing."""
        if is_legal:
            check()
            self.stays[-1] = becomes
        else:
            with pytest.raises(RuleError):
                check()

    @rule(intake_on=DAYS, enrolled_on=DAYS, has_release=st.sampled_from([True, True, False]))
    def enrolls(self, intake_on: date, enrolled_on: date, has_release: bool) -> None:
        """Enrolling, as the command does it: step, days, apart from earlier stays, release."""
        status, earlier = EnrollmentStatus(self.stays[-1].status), self.earlier()

        def check() -> None:
            if status is not EnrollmentStatus.PENDING_INTAKE:
                rules.check_change(EnrollmentStatus.PENDING_INTAKE, status)
            rules.check_step(status, EnrollmentStatus.ENROLLED_ACTIVE)
            rules.check_dates(enrolled_on, intake_on, TODAY)
            rules.check_apart(rules.Days(enrolled_on, None, None), earlier, "enrolledOn")
            rules.check_release(has_release=has_release)

        is_legal = self.now == "PENDING_INTAKE" and intake_on <= enrolled_on <= TODAY
        is_legal = is_legal and all(enrolled_on >= (each.exited_on or TODAY) for each in earlier)
        becomes = replace(
            self.stays[-1], status="ENROLLED_ACTIVE", had_release=True, first_on=enrolled_on
        )
        self.attempt(check, becomes, is_legal=is_legal and has_release)

    @rule(
        wanted=st.sampled_from(EnrollmentStatus),
        reason=st.none() | st.sampled_from(InactiveReason),
    )
    def changes(self, wanted: EnrollmentStatus, reason: InactiveReason | None) -> None:
        """In touch or out of touch."""
        status = EnrollmentStatus(self.stays[-1].status)

        def check() -> None:
            rules.check_change(status, wanted)
            rules.check_inactive_reason(wanted, reason)

        is_step = {self.now, wanted.value} == set(ENROLLED)
        is_legal = is_step and (wanted.value == "ENROLLED_INACTIVE") == (reason is not None)
        word = None if reason is None else reason.value
        becomes = replace(self.stays[-1], status=wanted.value, inactive=word)
        self.attempt(check, becomes, is_legal=is_legal)

    @rule(reason=st.sampled_from(ExitReason), on=DAYS)
    def leaves(self, reason: ExitReason, on: date) -> None:
        """Leaving, for any of the reasons."""
        stay = self.stays[-1]

        def check() -> None:
            rules.check_exit(EnrollmentStatus(stay.status), reason)
            rules.check_past(on, TODAY, "exitedOn")
            rules.check_last_day(stay.first_on, on, "exitedOn")

        early = stay.status == "PENDING_INTAKE"
        is_step = stay.status in ENROLLED or (
            early and reason.value in ("PERSON_WITHDREW", "ADMIN_ERROR")
        )
        is_legal = is_step and (stay.first_on or on) <= on <= TODAY
        becomes = replace(
            stay, status="EXITED", exit_reason=reason.value, inactive=None, last_on=on
        )
        self.attempt(check, becomes, is_legal=is_legal)

    @rule(on=DAYS)
    def comes_back(self, on: date) -> None:
        """Coming back: a new stay, and the old one is left as it was."""
        ended, before = self.stays[-1].exit_reason, list(self.stays)
        others = [
            rules.Days(each.first_on, None, each.last_on)
            for each in before
            if each.first_on is not None
        ]

        def check() -> None:
            rules.check_return(None if ended is None else ExitReason(ended))
            rules.check_past(on, TODAY, "enrolledOn")
            rules.check_apart(rules.Days(on, None, None), others, "enrolledOn")

        can_return = ended is not None and ended not in NEVER_BACK
        if can_return and on <= TODAY and all(on >= (each.exited_on or on) for each in others):
            check()
            back = Stay(status="ENROLLED_ACTIVE", had_release=True, first_on=on)
            self.stays.append(back)
        else:
            with pytest.raises(RuleError):
                check()
        assert self.stays[: len(before)] == before

    @rule()
    def is_referred_again(self) -> None:
        """A new intake of somebody who has left; what was there before stays."""
        ended = self.stays[-1].exit_reason
        if ended is not None and ended not in NEVER_BACK:
            self.stays.append(Stay())

    @invariant()
    def at_most_the_last_stay_is_open(self) -> None:
        """Everybody has one open enrollment at most, and an ended one stays ended."""
        assert all(each.status == "EXITED" for each in self.stays[:-1])

    @invariant()
    def nobody_is_enrolled_without_a_release(self) -> None:
        """Enrolled means that a release was signed."""
        assert all(each.had_release for each in self.stays if each.status in ENROLLED)

    @invariant()
    def nobody_comes_back_from_the_dead(self) -> None:
        """Nothing follows on a death, or on what had never been."""
        assert not any(each.exit_reason in NEVER_BACK for each in self.stays[:-1])

    @invariant()
    def nobody_leaves_before_they_come(self) -> None:
        """First days and last days follow one another, through all stays."""
        days = [
            day for each in self.stays if each.first_on for day in (each.first_on, each.last_on)
        ]
        known = [day for day in days if day is not None]
        assert known == sorted(known)

    @invariant()
    def only_being_out_of_touch_has_a_reason(self) -> None:
        """A reason goes with ENROLLED_INACTIVE and with nothing else."""
        for each in self.stays:
            assert (each.status == "ENROLLED_INACTIVE") == (each.inactive is not None)


@pytest.mark.parametrize("consent", list(YesNo))
def test_an_intake_begins_with_the_wish_to_be_contacted(consent: YesNo) -> None:
    if consent is YesNo.YES:
        rules.check_consent_to_contact(consent)
    else:
        with pytest.raises(RuleError):
            rules.check_consent_to_contact(consent)


def live(*phases: Phase, lives: int = 100) -> None:
    """Run random lives."""
    chosen = settings(
        max_examples=lives, stateful_step_count=20, deadline=None, phases=phases, database=None
    )
    run_state_machine_as_test(Lives, settings=chosen)


def test_random_lives_stay_within_the_machine() -> None:
    live(Phase.generate, Phase.shrink)


def test_an_intake_inside_an_earlier_stay_does_not_enroll() -> None:
    """One who left today, was referred again, and would have been enrolled yesterday."""
    lives = Lives()
    yesterday = TODAY - timedelta(days=1)
    lives.enrolls(yesterday, yesterday, has_release=True)
    lives.leaves(ExitReason.MOVED, TODAY)
    lives.is_referred_again()
    lives.enrolls(yesterday, yesterday, has_release=True)
    assert lives.now == "PENDING_INTAKE"
    lives.enrolls(yesterday, TODAY, has_release=True)
    assert lives.now == "ENROLLED_ACTIVE"


def test_twin_an_enrolling_that_forgets_earlier_stays_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Random lives rarely come to this."""
    monkeypatch.setattr(rules, "check_apart", lambda *_given: None)
    with pytest.raises(pytest.fail.Exception):
        test_an_intake_inside_an_earlier_stay_does_not_enroll()


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("check_return", lambda _reason: None),
        ("check_release", lambda **_given: None),
        ("check_exit", lambda _current, _reason: None),
        ("check_inactive_reason", lambda _wanted, _reason: None),
        ("check_last_day", lambda *_given: None),
    ],
    ids=[
        "back from anywhere",
        "no release",
        "exit from anywhere",
        "no reason",
        "left before coming",
    ],
)
def test_a_planted_gap_in_the_machine_is_found(
    monkeypatch: pytest.MonkeyPatch, name: str, broken: Callable[..., None]
) -> None:
    monkeypatch.setattr(rules, name, broken)
    with pytest.raises(pytest.fail.Exception):
        # It ends with the first counterexample, however long; a hundred lives may have none.
        live(Phase.generate, lives=3_000)
