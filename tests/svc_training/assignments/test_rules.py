"""The status machine: every allowed step, every refused one, and what a refusal says."""

from datetime import date
from itertools import product

import pytest

from infra.errors import RuleError
from svc_training.assignments.rules import (
    ENDED,
    HAS_TRAINING,
    NEXT,
    AssignmentStatus,
    AssignmentTerms,
    check_step,
    checked_comment,
    checked_terms,
)

S = AssignmentStatus


@pytest.mark.parametrize(("present", "wanted"), list(product(S, S)))
def test_step_passes_when_allowed_and_is_refused_with_the_allowed_ones_named(
    present: S, wanted: S
) -> None:
    if wanted in NEXT[present]:
        check_step(present, wanted)
        return
    with pytest.raises(RuleError) as refused:
        check_step(present, wanted)
    assert refused.value.code == "ILLEGAL_STEP"
    for allowed in NEXT[present]:
        assert allowed.value in refused.value.message
    if not NEXT[present]:
        assert "none" in refused.value.message


def test_ordinary_way_leads_from_assigned_to_credited() -> None:
    way = [S.ASSIGNED, S.NOTIFIED, S.REGISTERED, S.WAITLISTED, S.ACCEPTED, S.ATTENDED, S.COMPLETED]
    for present, wanted in zip([*way], [*way[1:], S.CREDITED], strict=True):
        check_step(present, wanted)


def test_credit_is_reached_over_attendance_only() -> None:
    def reachable(start: S, without: S) -> set[S]:
        found, waiting = {start}, [start]
        while waiting:
            for step in NEXT[waiting.pop()]:
                if step not in found and step is not without:
                    found.add(step)
                    waiting.append(step)
        return found

    assert reachable(S.ASSIGNED, S.ATTENDED).isdisjoint({S.COMPLETED, S.CREDITED})
    assert reachable(S.ASSIGNED, S.ACCEPTED).isdisjoint({S.ATTENDED})
    assert set(S) <= reachable(S.ASSIGNED, S.ASSIGNED) | {S.ASSIGNED}


def test_statuses_that_ended_lead_nowhere_but_to_expiry() -> None:
    assert {step for status in ENDED for step in NEXT[status]} <= {S.EXPIRED}
    assert ENDED.isdisjoint(HAS_TRAINING)


def test_terms_are_squeezed() -> None:
    terms = checked_terms(AssignmentTerms("  LEAD \n core ", date(2026, 12, 31), 30))
    assert terms == AssignmentTerms("LEAD core", date(2026, 12, 31), 30)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (AssignmentTerms(" ", None, None), "BAD_CATEGORY"),
        (AssignmentTerms("c" * 81, None, None), "BAD_CATEGORY"),
        (AssignmentTerms("a\x00b", None, None), "BAD_CATEGORY"),
        (AssignmentTerms("LEAD", date(206, 12, 31), None), "BAD_DUE_DATE"),
        (AssignmentTerms("LEAD", date(9999, 12, 31), None), "BAD_DUE_DATE"),
        (AssignmentTerms("LEAD", date(2026, 12, 31), -1), "BAD_REMINDER"),
        (AssignmentTerms("LEAD", date(2026, 12, 31), 366), "BAD_REMINDER"),
        (AssignmentTerms("LEAD", None, 30), "REMINDER_WITHOUT_DUE_DATE"),
    ],
)
def test_unacceptable_terms_are_refused(terms: AssignmentTerms, code: str) -> None:
    with pytest.raises(RuleError) as refused:
        checked_terms(terms)
    assert refused.value.code == code


def test_comment_is_trimmed_and_bounded() -> None:
    assert checked_comment("  told by mail ") == "told by mail"
    assert checked_comment(" ") is None
    assert checked_comment(None) is None
    with pytest.raises(RuleError):
        checked_comment("c" * 501)
