"""A protocol is checked before it is stored, survives storage, and judges what the form says."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import RuleError
from infra.vocabulary import Role
from svc_participants.demo.protocol import DEMO_PROTOCOL
from svc_participants.protocols import judgement, rules
from svc_participants.protocols.judgement import Aspect, Facts, JudgedAs
from svc_participants.protocols.rules import Charge, Exclusion, Limits, Priority, Protocol
from svc_participants.screening.schema.inputs import WORDS

ADULT = {"age_low": 30, "age_high": 30}
ASKED = {"OPEN_TREATMENT_COURT": "NO", "NO_CONTACT_ORDER": "NO"}


def facts(**given_: object) -> Facts:
    plain = {
        "door": "ARREST_DIVERSION", "urgency": "SOON", "intercept_point": "LAW_ENFORCEMENT",
        "counterfactual": "WOULD_BOOK", "nibrs": "90J", "exclusions": ASKED, **ADULT, **given_,
    }  # fmt: skip
    return Facts(**plain)  # type: ignore[arg-type]  # names and kinds are those of Facts


@pytest.mark.parametrize(
    ("changes", "judged_as", "aspects"),
    [
        ({}, JudgedAs.ELIGIBLE, []),
        ({"age_low": 17, "age_high": 17}, JudgedAs.OUTSIDE_PROTOCOL, [Aspect.AGE]),
        ({"age_low": 16, "age_high": 20}, JudgedAs.NEEDS_REVIEW, [Aspect.AGE]),
        ({"age_low": None, "age_high": None}, JudgedAs.NEEDS_REVIEW, [Aspect.AGE]),
        ({"nibrs": "200"}, JudgedAs.OUTSIDE_PROTOCOL, [Aspect.CHARGE]),
        ({"nibrs": "200", "door": "COMMUNITY"}, JudgedAs.ELIGIBLE, []),
        ({"nibrs": "35A", "grams": 3.5}, JudgedAs.ELIGIBLE, []),
        ({"nibrs": "35A", "grams": 3.6}, JudgedAs.OUTSIDE_PROTOCOL, [Aspect.AMOUNT]),
        ({"nibrs": "35A"}, JudgedAs.NEEDS_REVIEW, [Aspect.AMOUNT]),
        ({"nibrs": None, "rcw": "RCW 69.50.4013(1)", "grams": 1.0}, JudgedAs.ELIGIBLE, []),
        ({"nibrs": "35A", "rcw": "69.50.401", "grams": 1.0}, JudgedAs.OUTSIDE_PROTOCOL,
         [Aspect.CHARGE]),
        ({"exclusions": {**ASKED, "NO_CONTACT_ORDER": "YES"}}, JudgedAs.OUTSIDE_PROTOCOL,
         [Aspect.EXCLUSION]),
        ({"exclusions": {}}, JudgedAs.NEEDS_REVIEW, [Aspect.EXCLUSION, Aspect.EXCLUSION]),
        ({"exclusions": {"OPEN_TREATMENT_COURT": "NO"}, "door": "COMMUNITY"},
         JudgedAs.ELIGIBLE, []),
        ({"exclusions": {**ASKED, "OPEN_TREATMENT_COURT": "PREFERS_NOT_TO_ANSWER"}},
         JudgedAs.NEEDS_REVIEW, [Aspect.EXCLUSION]),
    ],
)  # fmt: skip
def test_demo_protocol_judges(
    changes: dict[str, object], judged_as: JudgedAs, aspects: list[Aspect]
) -> None:
    found = judgement.judge(DEMO_PROTOCOL, facts(**changes))
    assert found.judged_as is judged_as
    assert [each.aspect for each in found.findings] == aspects
    assert all(each.text for each in found.findings)


def test_points_come_with_their_reasons() -> None:
    found = judgement.judge(DEMO_PROTOCOL, facts(urgency="NOW"))
    assert found.points == 70
    assert found.reasons == (
        "An officer waits at the scene.", "Would have been booked.",
        "Police referrals come first in the early phase.",
    )  # fmt: skip
    assert judgement.judge(DEMO_PROTOCOL, facts(door="COMMUNITY", needs=("SAFETY",))).points == 30


@pytest.mark.parametrize(
    ("protocol", "field"),
    [
        (Protocol(minimum_age_years=5), "minimumAgeYears"),
        (Protocol(charges=(Charge(),)), "charges"),
        (Protocol(charges=(Charge(rcw="somewhere"),)), "charges"),
        (Protocol(charges=(Charge(nibrs="99X"),)), "charges"),
        (Protocol(charges=(Charge(nibrs="35A", maximum_grams=-1.0),)), "charges"),
        (Protocol(exclusions=(Exclusion("lower", "Text."),)), "exclusions"),
        (Protocol(exclusions=(Exclusion("A1", " "),)), "exclusions"),
        (Protocol(exclusions=(Exclusion("A1", "x"), Exclusion("A1", "y"))), "exclusions"),
        (Protocol(exclusions=(Exclusion("A1", "x", ("BACK_DOOR",)),)), "exclusions"),
        (Protocol(priorities=(Priority(0, "No points."),)), "priorities"),
        (Protocol(priorities=(Priority(5, ""),)), "priorities"),
        (Protocol(priorities=(Priority(5, "Why.", urgency="YESTERDAY"),)), "priorities"),
        (Protocol(limits=Limits(handoff_minutes=1)), "limits"),
        (Protocol(limits=Limits(intake_days=0)), "limits"),
        (Protocol(charges=(Charge(nibrs="35A"),) * 201), "charges"),
        (Protocol(districts=("Harbor", " ")), "districts"),
        (Protocol(districts=("Harbor", "harbor ")), "districts"),
        (Protocol(districts=("Elsewhere",)), "districts"),
        (Protocol(districts=tuple(f"Ward {each}" for each in range(41))), "districts"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_rule_set_that_is_not_valid_is_refused_with_its_place(
    protocol: Protocol, field: str
) -> None:
    with pytest.raises(RuleError) as refused:
        rules.check(protocol, WORDS)
    assert refused.value.code == "PROTOCOL_NOT_VALID"
    assert refused.value.field[1] == field


def test_demo_protocol_is_valid_and_survives_storage() -> None:
    rules.check(DEMO_PROTOCOL, WORDS)
    assert rules.read(rules.as_json(DEMO_PROTOCOL)) == DEMO_PROTOCOL


def test_stored_rule_set_with_an_unknown_word_is_no_rule_set() -> None:
    with pytest.raises(TypeError):
        rules.read({"charges": [{"nibrs": "35A", "surprise": True}]})


@given(st.dates(date(1950, 1, 1), date(2026, 1, 1)), st.dates(date(2026, 1, 2), date(2040, 12, 31)))
def test_age_is_that_of_the_day(born_on: date, today: date) -> None:
    low, high = judgement.ages(born_on, None, today)
    assert low == high
    assert low is not None
    turned = date(born_on.year + low, 3, 1) if (born_on.month, born_on.day) == (2, 29) else (
        born_on.replace(year=born_on.year + low)
    )  # fmt: skip
    assert turned <= today or (born_on.month, born_on.day) == (2, 29)
    estimated = judgement.ages(None, born_on.year, today)
    assert estimated[0] is not None
    assert estimated[1] is not None
    assert estimated[0] <= low <= estimated[1]


DOORS = st.sampled_from(WORDS["door"])
ANSWERS = st.sampled_from(["YES", "NO", "NOT_ASKED", "DOES_NOT_KNOW"])


@given(
    st.dictionaries(st.sampled_from(["A1", "B2", "C3"]), ANSWERS), DOORS,
    st.lists(st.integers(-50, 50).filter(bool), max_size=5),
)  # fmt: skip
def test_answering_no_never_makes_it_worse(
    answers: dict[str, str], door: str, points: list[int]
) -> None:
    """What is asked and denied speaks never against somebody, and points are their sum."""
    exclusions = tuple(Exclusion(code, code) for code in ("A1", "B2", "C3"))
    protocol = Protocol(
        exclusions=exclusions, priorities=tuple(Priority(each, "Why.") for each in points)
    )
    # At the door of arrest diversion the charge would be judged as well.
    door = "COMMUNITY" if door == "ARREST_DIVERSION" else door
    given_ = facts(door=door, exclusions=answers)
    found = judgement.judge(protocol, given_)
    answered = dict.fromkeys(("A1", "B2", "C3"), "NO")
    denied = judgement.judge(protocol, facts(door=door, exclusions=answered))
    order = [JudgedAs.ELIGIBLE, JudgedAs.NEEDS_REVIEW, JudgedAs.OUTSIDE_PROTOCOL]
    assert order.index(denied.judged_as) <= order.index(found.judged_as)
    assert found.points == sum(points)
    assert judgement.read_facts(judgement.facts_as_json(given_)) == given_


@pytest.mark.parametrize("role", [each for each in Role if each is not Role.PM])
def test_nobody_else_keeps_the_protocol(role: Role) -> None:
    with pytest.raises(RuleError):
        rules.check_author(role)


def test_adoption_never_reaches_back() -> None:
    today = date(2026, 11, 22)
    rules.check_adoption(rules.ProtocolState.DRAFT, today, today)
    for state, on in (
        (rules.ProtocolState.DRAFT, date(2026, 11, 21)), (rules.ProtocolState.ADOPTED, today),
    ):  # fmt: skip
        with pytest.raises(RuleError):
            rules.check_adoption(state, on, today)
