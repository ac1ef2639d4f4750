"""The scorecard reads published figures, and says when they do not tell."""

from dataclasses import replace
from uuid import uuid4

from infra.vocabulary import Category
from svc_participants.indicators import rules
from svc_participants.indicators.fidelity import FidelityStanding, measures
from tests.fixtures.service_app import ServiceApp
from tests.svc_participants.indicators.people_of_a_site import add_people, settle_site
from tests.svc_participants.indicators.test_figures import (
    ALL,
    BLACK,
    WHITE,
    council,
    declined,
    publish,
)

QUERY = "{ fidelityScorecard { key value period standing } }"
AFTER = ("WOULD_BOOK", "WOULD_CITE", "WOULD_NOT_ACT", "UNKNOWN")


async def test_scorecard_of_a_site_that_takes_one_race_up_half_as_often(
    participants: ServiceApp,
) -> None:
    site = uuid4()
    await settle_site(participants, site)
    people = [*[WHITE] * 60, *[declined(WHITE)] * 40, *[BLACK] * 15, *[declined(BLACK)] * 35]
    many = [replace(each, counterfactual=after) for each in people for after in AFTER]
    await add_people(participants, site, many)
    await publish(participants)
    answer = await participants.graphql(council(site), QUERY)
    found = {each["key"]: each for each in answer.data["fidelityScorecard"]}
    assert found["FAIR_SHARE"]["standing"] == "NOT_MET"
    assert found["FAIR_SHARE"]["value"] == 0.5
    assert found["NO_NET_WIDENING"] == {
        "key": "NO_NET_WIDENING", "value": 0.25, "period": "2025-Q1", "standing": "MET",
    }  # fmt: skip
    assert found["SMALL_CASELOADS"]["standing"] == "NOT_KNOWN"


async def test_scorecard_needs_enrollment_and_demographics(participants: ServiceApp) -> None:
    for missing in (Category.ENROLLMENT, Category.DEMOGRAPHICS, Category.REFERRAL):
        answer = await participants.graphql(council(uuid4(), ALL - {missing}), QUERY)
        assert answer.data == {"fidelityScorecard": None}


def test_each_measure_names_an_indicator_with_its_outcomes_and_one_bound() -> None:
    by_key = {each.key: each for each in rules.INDICATORS}
    for each in measures():
        assert set(each.outcomes) <= set(by_key[each.indicator].codes)
        bounds = (each.at_least, each.at_most, each.ratio_at_least)
        assert sum(bound is not None for bound in bounds) == 1


def test_suppressed_is_not_known_and_never_met() -> None:
    (measure,) = [each for each in measures() if each.key == "STAYING_WITH_PEOPLE"]
    assert measure.value({"total": 40, "outcomes": {"LEFT": None}}) is None
    assert measure.standing(None) is FidelityStanding.NOT_KNOWN
    assert measure.standing(0.2) is FidelityStanding.MET
    assert measure.standing(0.21) is FidelityStanding.NOT_MET
