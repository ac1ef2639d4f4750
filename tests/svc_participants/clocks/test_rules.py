"""Clocks run in the site's time, stand still in custody, and never punish anybody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import RuleError
from svc_participants.clocks import rules
from svc_participants.clocks.rules import Clock, ClockState, ClockStep, Pause, PauseReason

SEATTLE = "America/Los_Angeles"
AT = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)  # 23:30 on 31 October in Seattle
LEGAL = {
    "RUNNING": "PAUSE MEET END",
    "OVERDUE": "PAUSE MEET END",
    "PAUSED": "RESUME MEET END",
    "MET": "",
    "ENDED": "",
}
"""The machine, written down a second time."""


@given(st.sampled_from(list(ClockState)), st.sampled_from(list(ClockStep)))
def test_step_is_possible_exactly_where_the_machine_has_it(
    state: ClockState, step: ClockStep
) -> None:
    if step.value in LEGAL[state.value].split():
        rules.check_step(state, step)
        return
    with pytest.raises(RuleError) as refused:
        rules.check_step(state, step)
    named = refused.value.message.partition(": ")[2].rstrip(".")
    assert set(named.split(", ")) == set(LEGAL[state.value].split() or ["none"])


def test_days_end_with_the_local_day_also_over_a_change_of_clocks() -> None:
    """14 days from the evening of 31 October; the clocks go back on 1 November."""
    clock = Clock(SEATTLE, AT, limit_days=14)
    assert rules.due_at(clock, AT) == datetime(2026, 11, 15, tzinfo=ZoneInfo(SEATTLE))
    assert rules.state_of(clock, datetime(2026, 11, 15, 7, 59, tzinfo=UTC)) is ClockState.RUNNING
    assert rules.state_of(clock, datetime(2026, 11, 15, 8, 0, tzinfo=UTC)) is ClockState.OVERDUE


def test_stay_in_custody_is_added() -> None:
    stay = Pause(PauseReason.CUSTODY, AT + timedelta(days=2), AT + timedelta(days=5))
    clock = Clock(SEATTLE, AT, limit_days=14, pauses=(stay,))
    assert rules.due_at(clock, AT + timedelta(days=6)) == datetime(
        2026, 11, 18, tzinfo=ZoneInfo(SEATTLE)
    )
    open_stay = Clock(SEATTLE, AT, limit_days=1, pauses=(Pause(PauseReason.HOSPITAL, AT),))
    assert rules.state_of(open_stay, AT + timedelta(days=99)) is ClockState.PAUSED


def test_half_an_hour_is_thirty_minutes() -> None:
    clock = Clock(SEATTLE, AT, limit_minutes=30)
    assert rules.due_at(clock, AT) == AT + timedelta(minutes=30)
    met = Clock(SEATTLE, AT, limit_minutes=30, met_at=AT + timedelta(minutes=25))
    assert rules.is_met_in_time(met)
    assert rules.elapsed(met, AT + timedelta(days=3)) == timedelta(minutes=25)
    late = Clock(SEATTLE, AT, limit_minutes=30, met_at=AT + timedelta(minutes=31))
    assert rules.is_met_in_time(late) is False


def test_what_was_done_on_a_day_is_done_by_the_end_of_the_local_day() -> None:
    clock, now = Clock(SEATTLE, AT, limit_days=14), AT + timedelta(days=40)
    started_on = AT.astimezone(ZoneInfo(SEATTLE)).date()
    for days, in_time in ((14, True), (15, False)):
        met_at = rules.met_on(SEATTLE, AT, started_on + timedelta(days=days), now)
        assert met_at.astimezone(ZoneInfo(SEATTLE)).date() == started_on + timedelta(days=days)
        assert rules.is_met_in_time(replace(clock, met_at=met_at)) is in_time
    assert rules.met_on(SEATTLE, AT, started_on, AT + timedelta(minutes=1)) <= AT + timedelta(
        minutes=1
    )
    assert rules.met_on(SEATTLE, AT, started_on - timedelta(days=3), now) == AT


LENGTHS = st.integers(1, 60 * 24 * 40)


@given(
    st.integers(1, 90), st.lists(st.tuples(LENGTHS, LENGTHS), max_size=4),
    st.integers(0, 60 * 24 * 200), st.sampled_from([SEATTLE, "UTC", "Pacific/Auckland"]),
)  # fmt: skip
def test_pauses_only_ever_move_the_end_on(
    days: int, stretches: list[tuple[int, int]], at: int, zone: str
) -> None:
    pauses, begin = [], AT
    for gap, length in stretches:
        begin += timedelta(minutes=gap)
        end = begin + timedelta(minutes=length)
        pauses.append(Pause(PauseReason.CUSTODY, begin, end))
        begin = end
    now = begin + timedelta(minutes=at)
    plain = Clock(zone, AT, limit_days=days)
    paused = Clock(zone, AT, limit_days=days, pauses=tuple(pauses))
    still = rules.stood_still(pauses, now)
    assert rules.due_at(paused, now) >= rules.due_at(plain, now) + still - timedelta(hours=1)
    assert rules.elapsed(paused, now) == now - AT - still
    local = rules.due_at(paused, now).astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute) == (0, 0)


@given(st.lists(st.sampled_from(list(ClockStep)), max_size=12), st.data())
def test_random_steps_keep_a_clock_sound(steps: list[ClockStep], data: st.DataObject) -> None:
    """Legal steps lead where the table says, illegal ones change nothing."""
    clock, now = Clock(SEATTLE, AT, limit_days=14), AT
    for step in steps:
        now += timedelta(minutes=data.draw(st.integers(1, 60 * 24 * 10)))
        state = rules.state_of(clock, now)
        try:
            rules.check_step(state, step)
            rules.check_moment(clock, now, now)
        except RuleError:
            assert step not in rules.STEPS[state]
            continue
        clock = _after(clock, step, now)
        reached = rules.state_of(clock, now)
        wanted = rules.STEPS[state][step]
        assert reached is wanted or (step is ClockStep.RESUME and reached is ClockState.OVERDUE)
    assert sum(each.ended_at is None for each in clock.pauses) <= 1


def _after(clock: Clock, step: ClockStep, now: datetime) -> Clock:
    from dataclasses import replace

    closed = tuple(
        each if each.ended_at else Pause(each.reason, each.began_at, now) for each in clock.pauses
    )
    match step:
        case ClockStep.PAUSE:
            return replace(clock, pauses=(*clock.pauses, Pause(PauseReason.HOSPITAL, now)))
        case ClockStep.RESUME:
            return replace(clock, pauses=closed)
        case ClockStep.MEET:
            return replace(clock, pauses=closed, met_at=now)
        case ClockStep.END:
            return replace(clock, pauses=closed, ended_at=now)


def test_moments_out_of_order_are_refused() -> None:
    clock = Clock(SEATTLE, AT, limit_days=14)
    for at in (AT - timedelta(minutes=1), AT + timedelta(days=2)):
        with pytest.raises(RuleError):
            rules.check_moment(clock, at, AT + timedelta(days=1))
    with pytest.raises(RuleError):
        rules.zone_of("Mars/Olympus_Mons")
