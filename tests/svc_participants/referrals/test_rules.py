"""The referral's states: every legal step, no illegal one, and none that is a failure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import RuleError
from infra.vocabulary import Role
from svc_participants.referrals import meanings, rules
from svc_participants.referrals.rules import Decision, Door, ReferralStatus

STATUSES = list(ReferralStatus)
LEGAL = {
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
}
"""The machine as the domain notes draw it, written down a second time."""


@given(st.sampled_from(STATUSES), st.sampled_from(STATUSES))
def test_a_step_is_possible_exactly_where_the_machine_has_it(
    current: ReferralStatus, wanted: ReferralStatus
) -> None:
    if wanted in LEGAL.get(current, "").split():
        rules.check_step(current, wanted)
        return
    with pytest.raises(RuleError) as refused:
        rules.check_step(current, wanted)
    named = refused.value.message.partition(": ")[2].rstrip(".")
    assert set(named.split(", ")) == set(LEGAL.get(current, "none").split())


@given(st.lists(st.integers(min_value=0, max_value=9), max_size=60))
def test_whoever_could_not_be_enrolled_can_be_tried_again(choices: list[int]) -> None:
    """From any state after approval there is always a way on: nobody is out for good."""
    status = ReferralStatus.APPROVED
    for choice in choices:
        steps = sorted(rules.STEPS[status])
        if not steps:
            assert status is ReferralStatus.ENROLLED
            return
        status = steps[choice % len(steps)]
    assert rules.STEPS[status] or status is ReferralStatus.ENROLLED


def test_every_status_has_its_steps_and_its_meaning() -> None:
    assert set(rules.STEPS) == set(STATUSES) == set(meanings.STATUS_MEANINGS)
    assert rules.AWAITING_DECISION.isdisjoint(rules.SCREENING_ENDED)


@pytest.mark.parametrize("door", list(Door))
@pytest.mark.parametrize("role", list(Role))
def test_only_these_roles_refer_through_these_doors(door: Door, role: Role) -> None:
    police = {Role.LEO, Role.LEL}
    community = {Role.COM, Role.CM, Role.SUP, Role.DEF}
    if role in (community if door is Door.COMMUNITY else police):
        rules.check_submitter(door, role)
    else:
        with pytest.raises(RuleError):
            rules.check_submitter(door, role)


@pytest.mark.parametrize("decision", list(Decision))
@pytest.mark.parametrize("role", list(Role))
def test_the_project_manager_decides_and_the_liaison_approves_or_declines(
    decision: Decision, role: Role
) -> None:
    may = role is Role.PM or (role is Role.LEL and decision in (Decision.APPROVE, Decision.DECLINE))
    if may:
        rules.check_decider(role, decision)
    else:
        with pytest.raises(RuleError):
            rules.check_decider(role, decision)


def test_outreach_is_dated_from_the_minute_of_the_referral_on() -> None:
    referred, now = (
        datetime(2026, 11, 20, 10, 0, 30, tzinfo=UTC),
        datetime(2026, 11, 22, tzinfo=UTC),
    )
    minute = referred.replace(second=0)
    for happened_at in (None, minute, referred, now):
        rules.check_outreach_moment(happened_at, referred, now)
    for happened_at, code in (
        (minute - timedelta(seconds=1), "DATE_TOO_EARLY"),
        (now + timedelta(seconds=1), "DATE_IN_FUTURE"),
    ):
        with pytest.raises(RuleError) as refused:
            rules.check_outreach_moment(happened_at, referred, now)
        assert (refused.value.code, refused.value.field) == (code, ("input", "happenedAt"))
