"""Relation and steps: properties over all dates, and the worked examples (scenario 7)."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.dev.demo.world import World
from infra.mutation_result import CommandError
from infra.vocabulary import Role
from svc_cases.cases.commands import check_step
from svc_cases.coordination import rules
from svc_cases.coordination.rules import (
    FILING_STEPS,
    WARRANT_STEPS,
    CaseDates,
    CaseRelation,
    CoordinationStatus,
    IncidentTiming,
    WarrantStatus,
)

ENROLLED_ON = date(2026, 3, 20)
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
Relate = Callable[..., CaseRelation | None]


@st.composite
def case_dates(draw: st.DrawFn) -> CaseDates:
    """Dates that can be true together: incident, then filing, then closing, each perhaps absent."""
    incident_on = draw(st.none() | DAYS)
    filed_on = draw(st.none() | DAYS)
    if incident_on is not None and filed_on is not None and filed_on < incident_on:
        incident_on, filed_on = filed_on, incident_on
    closed_on = None
    if filed_on is not None:
        waited = draw(st.none() | st.integers(0, 2000))
        closed_on = None if waited is None else filed_on + timedelta(days=waited)
    return CaseDates(incident_on, filed_on, closed_on)


def relate(dates: CaseDates, enrolled_on: date | None) -> CaseRelation | None:
    return rules.relation(dates, enrolled_on, is_diverted_arrest=False)


def timing(dates: CaseDates, enrolled_on: date | None) -> IncidentTiming | None:
    return rules.incident_timing(dates, enrolled_on, is_diverted_arrest=False)


def test_late_filing_of_an_old_incident_is_not_new_offending() -> None:
    dates = CaseDates(date(2026, 2, 3), date(2026, 5, 11), None)
    assert relate(dates, ENROLLED_ON) is CaseRelation.POST_ENROLLMENT
    assert timing(dates, ENROLLED_ON) is IncidentTiming.INCIDENT_BEFORE_ENROLLMENT


def test_corrected_filing_date_turns_it_pre_existing() -> None:
    corrected = CaseDates(date(2026, 2, 3), date(2026, 3, 1), None)
    assert relate(corrected, ENROLLED_ON) is CaseRelation.PRE_EXISTING
    assert timing(corrected, ENROLLED_ON) is None


@given(case_dates(), DAYS)
def test_filed_cases_always_have_a_relation(dates: CaseDates, enrolled_on: date) -> None:
    found = relate(dates, enrolled_on)
    if dates.filed_on is not None:
        assert found is not None
    if found is CaseRelation.HISTORICAL:
        assert dates.closed_on is not None
        assert dates.closed_on < enrolled_on
    if found is CaseRelation.PRE_EXISTING:
        assert dates.filed_on is not None
        assert dates.filed_on <= enrolled_on
    if found is CaseRelation.POST_ENROLLMENT:
        assert (dates.filed_on or dates.incident_on or enrolled_on) > enrolled_on


@given(case_dates(), DAYS)
def test_timing_belongs_to_post_enrollment_alone(dates: CaseDates, enrolled_on: date) -> None:
    found = timing(dates, enrolled_on)
    if relate(dates, enrolled_on) is not CaseRelation.POST_ENROLLMENT:
        assert found is None
    elif dates.incident_on is not None:
        assert found is not None


def assert_old_conduct_is_never_new(
    time: Callable[[CaseDates, date | None], IncidentTiming | None],
    dates: CaseDates,
    enrolled_on: date,
) -> None:
    """An incident that was not after enrollment is never called so, whenever it was filed."""
    if dates.incident_on is None or dates.incident_on <= enrolled_on:
        assert time(dates, enrolled_on) is not IncidentTiming.INCIDENT_AFTER_ENROLLMENT


@given(case_dates(), DAYS)
def test_old_conduct_is_never_called_new(dates: CaseDates, enrolled_on: date) -> None:
    assert_old_conduct_is_never_new(timing, dates, enrolled_on)


def test_timing_by_filing_date_is_caught() -> None:
    def by_filing(dates: CaseDates, enrolled_on: date | None) -> IncidentTiming | None:
        is_late = dates.filed_on is not None and dates.filed_on > (enrolled_on or date.max)
        return IncidentTiming.INCIDENT_AFTER_ENROLLMENT if is_late else None

    dates = CaseDates(date(2026, 2, 3), date(2026, 5, 11), None)
    with pytest.raises(AssertionError):
        assert_old_conduct_is_never_new(by_filing, dates, ENROLLED_ON)


@given(case_dates(), DAYS, st.integers(0, 3000))
def test_an_earlier_filing_never_makes_it_post_enrollment(
    dates: CaseDates, enrolled_on: date, days: int
) -> None:
    if dates.filed_on is None or relate(dates, enrolled_on) is CaseRelation.POST_ENROLLMENT:
        return
    earlier = CaseDates(None, dates.filed_on - timedelta(days=days), dates.closed_on)
    assert relate(earlier, enrolled_on) is not CaseRelation.POST_ENROLLMENT


@given(case_dates(), st.none() | DAYS)
def test_the_diverted_arrest_stays_diverted(dates: CaseDates, enrolled_on: date | None) -> None:
    found = rules.relation(dates, enrolled_on, is_diverted_arrest=True)
    assert found is CaseRelation.DIVERTED
    assert rules.incident_timing(dates, enrolled_on, is_diverted_arrest=True) is None


@given(case_dates())
def test_without_the_day_of_enrollment_nothing_is_said(dates: CaseDates) -> None:
    assert relate(dates, None) is None
    assert timing(dates, None) is None


def test_the_demo_matches_come_out_as_they_were_made(world: World) -> None:
    cases = {case.id: case for case in world.legal_cases}
    enrolled = {row.participant_id: row.enrolled_on for row in world.enrollments}
    for match in world.matches:
        case = cases[match.case_id]
        dates = CaseDates(case.incident_on, case.filed_on, case.closed_on)
        day, is_diverted = enrolled[match.participant_id], match.held_for_lead
        assert rules.relation(dates, day, is_diverted_arrest=is_diverted) == match.relation
        found = rules.incident_timing(dates, day, is_diverted_arrest=is_diverted)
        assert found == match.incident_timing


def test_a_filing_by_whatever_way_ends_review_and_hold() -> None:
    for stored in CoordinationStatus:
        now = rules.current_status(stored, is_filed=True)
        assert now is (CoordinationStatus.FILED if FILING_STEPS[stored] else stored)
        assert rules.current_status(stored, is_filed=False) is stored


def test_steps_know_every_state_and_none_is_a_failure() -> None:
    assert set(FILING_STEPS) == set(CoordinationStatus)
    assert set(WARRANT_STEPS) == set(WarrantStatus)
    words = " ".join([*CoordinationStatus, *WarrantStatus, *CaseRelation])
    for word in ("FAIL", "TERMINAT", "COMPLI"):
        assert word not in words


def came_to(wishes: list[CoordinationStatus]) -> list[CoordinationStatus]:
    """Decide as often as the product lets one; returns the states from the match on."""
    states = [rules.status_at_match(is_filed=False)]
    for wish in wishes:
        try:
            check_step("decision", wish, rules.filing_steps(states[-1], is_filed=False))
        except CommandError:
            continue
        states.append(wish)
    return states


@given(st.lists(st.sampled_from(CoordinationStatus), max_size=6))
def test_a_decided_matter_is_never_held_again(wishes: list[CoordinationStatus]) -> None:
    states = [each.value for each in came_to(wishes)]
    assert not {"DECLINED", "FILED", "STATUTE_EXPIRED"} & set(states[:-1])


def test_planted_decision_that_is_taken_back_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    wider = {CoordinationStatus.DECLINED: frozenset({CoordinationStatus.HELD_FOR_LEAD})}
    monkeypatch.setattr(rules, "FILING_STEPS", {**FILING_STEPS, **wider})
    states = came_to([CoordinationStatus.DECLINED, CoordinationStatus.HELD_FOR_LEAD])
    assert CoordinationStatus.DECLINED in states[:-1]


def test_only_the_liaison_decides_and_sees_as_a_prosecutor() -> None:
    for role in Role:
        assert rules.may_decide_filing(role, is_liaison=True) is (role is Role.PRO)
        assert not rules.may_decide_filing(role, is_liaison=False)
        assert rules.may_see_matches(role, is_liaison=False) is (role is not Role.PRO)
