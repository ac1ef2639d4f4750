"""Every scenario of the domain that touches consent, through the gateway."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from gateway.web import graphql_endpoint
from infra.batch_loader import KeptStatements
from svc_cases.indicators import repository as counted
from svc_consent.authority.decision import Decider
from svc_consent.bindings import rules
from svc_consent.orders import rules as orders
from svc_consent.releases import repository as releases
from svc_consent.releases import rules as release_rules
from svc_consent.safeguards.rules import DemandKind
from tests.proof.house import Gateway, House
from tests.scenarios import stage as stages
from tests.scenarios.planted import PLANTED, Planted
from tests.scenarios.stage import FOLDER, Scenario, Stage, read

FILES = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("name", [file.stem for file in FILES])
async def test_scenario(scenario_house: House, scenario_gateway: Gateway, name: str) -> None:
    await Stage(scenario_house, scenario_gateway, read(FOLDER / f"{name}.toml")).play()


def test_every_scenario_has_a_number_of_its_own() -> None:
    numbers = [read(file).number for file in FILES]
    assert len(numbers) == len(set(numbers))


async def test_planted_decision_without_grounds_fails_a_scenario(
    scenario_house: House, scenario_gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runner is no rubber stamp: with everybody denied, the officer of scenario 22 is blind."""
    real = Decider.decide
    monkeypatch.setattr(Decider, "decide", lambda self, _rows: real(self, []))
    scenario_gateway.decisions.forget_all()
    stage = Stage(scenario_house, scenario_gateway, read(FOLDER / "22_welfare_check.toml"))
    try:
        with pytest.raises(AssertionError):
            await stage.play()
    finally:
        scenario_gateway.decisions.forget_all()


async def test_planted_parent_s_login_without_denials_fails_scenario_10(
    scenario_house: House, scenario_gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without what is kept from her, the mother reads of the overdose."""
    real = rules.facts_of
    monkeypatch.setattr(
        rules,
        "facts_of",
        lambda binding, whose, login, kind, starts_at, _: real(
            binding, whose, login, kind, starts_at, ()
        ),
    )
    scenario = read(FOLDER / "10_fifteen_years_old.toml")
    with pytest.raises(AssertionError) as caught:
        await Stage(scenario_house, scenario_gateway, scenario).play()
    everything = ["name", "housing", "naloxone", "overdoses"]
    assert f"('the care seen', {everything}" in str(caught.value)


def counts_by_the_day_of_filing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Old conduct that is filed late is new offending."""
    by_filing = counted._CASES.replace("c.incident_on,", "c.filed_on as incident_on,", 1)
    assert by_filing != counted._CASES
    monkeypatch.setattr(counted, "_CASES", by_filing)


def hands_the_release_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A merge takes what the survivor has signed over to the other record."""
    real = stages.ACTIONS["merge the records"]

    async def hands_on(stage: Stage, step: Mapping[str, Any]) -> None:
        await real(stage, step)
        taken_over = {
            "who": step["who"], "about": step["other"], "recipients": ["police"],
            "categories": ["IDENTITY", "ENROLLMENT"], "purposes": ["LEAD_COORD"],
        }  # fmt: skip
        await stages.sign(stage, taken_over)

    monkeypatch.setitem(stages.ACTIONS, "merge the records", hands_on)


def forgets_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a release permits has no end of its own; some job would have to end it."""
    real = release_rules.grounds
    monkeypatch.setattr(
        release_rules,
        "grounds",
        lambda release, whose, starts_at, _end, terms, site=None: real(
            release, whose, starts_at, None, terms, site
        ),
    )


def lets_devices_keep_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers may be stored on a device for a while."""
    real = graphql_endpoint._respond

    def storable(answer: Any, media_type: str) -> Any:
        response = real(answer, media_type)
        response.headers["cache-control"] = "private, max-age=86400"
        return response

    monkeypatch.setattr(graphql_endpoint, "_respond", storable)


def admits_a_subpoena(monkeypatch: pytest.MonkeyPatch) -> None:
    """A subpoena is taken for an order."""
    monkeypatch.setattr(orders, "ORDERS", orders.ORDERS | {DemandKind.SUBPOENA})


def opens_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """An order opens all there is of what it lists, of whatever day."""
    real = orders.grounds
    monkeypatch.setattr(
        orders,
        "grounds",
        lambda *given: [replace(each, data_from=None, data_to=None) for each in real(*given)],
    )


def takes_the_later_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes in last wins, whenever it was said."""

    async def none(*_given: Any) -> None:
        return None

    monkeypatch.setattr(releases, "revocation_order", none)


def _of(scenario: Scenario, participant: str, **words: Mapping[Any, Any]) -> Scenario:
    """Return a scenario about somebody else, with words of its steps exchanged."""
    steps = tuple(
        {key: words.get(key, {}).get(str(value), value) for key, value in step.items()}
        for step in scenario.steps
    )
    return replace(scenario, participant=participant, steps=steps)


# Who each is about, so that a scenario and its twin do not read what the other one has left.
TWINS: list[tuple[str, Callable[[pytest.MonkeyPatch], None], str, dict[str, Any], str]] = [
    ("07_old_conduct_filed_late", counts_by_the_day_of_filing, "roi_superseded",
     {"months": {"6": 12}}, "charged anew"),
    ("08_merged", hands_the_release_on, "p024",
     {"other": {"p016": "p027"}, "about": {"p016": "p027"}}, "'about': 'p027', 'sees': []"),
    ("09_expired", forgets_the_end, "roi_expired", {}, "'who': 'prosecutor', 'sees': []"),
    ("09_expired", lets_devices_keep_answers, "roi_expired", {}, "max-age"),
    ("12_subpoena", admits_a_subpoena, "p010", {}, "'refused': 'NOT_AN_ORDER'"),
    ("12_subpoena", opens_every_page, "p007", {}, "the pages that left"),
    ("21_offline", takes_the_later_sync, "p007", {}, "ACTIVE"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "plant", "participant", "words", "seen"),
    TWINS,
    ids=[plant.__name__ for _, plant, *_ in TWINS],
)
async def test_planted(
    scenario_house: House, scenario_gateway: Gateway, monkeypatch: pytest.MonkeyPatch,
    name: str, plant: Callable[[pytest.MonkeyPatch], None], participant: str,
    words: dict[str, Any], seen: str,
) -> None:  # fmt: skip
    """The scenario fails where it should: each of these would be a platform that harms somebody."""
    scenario = _of(read(FOLDER / f"{name}.toml"), participant, **words)
    plant(monkeypatch)
    with pytest.raises(AssertionError) as caught:
        await Stage(scenario_house, scenario_gateway, scenario).play()
    assert seen in str(caught.value)


@pytest.mark.parametrize("planted", PLANTED, ids=str)
async def test_planted_steps(
    scenario_house: House, scenario_gateway: Gateway, monkeypatch: pytest.MonkeyPatch,
    planted: Planted,
) -> None:  # fmt: skip
    """Of scenarios 3, 31, 32 and 33: each step that keeps something back fails where it must."""
    with monkeypatch.context() as patch:
        planted.plant(patch)
        KeptStatements.forget_all()
        try:
            stage = Stage(scenario_house, scenario_gateway, planted.scenario(planted.steps))
            with pytest.raises(AssertionError) as caught:
                await stage.play()
        finally:
            patch.undo()
            KeptStatements.forget_all()
            back = planted.scenario(planted.after)
            await Stage(scenario_house, scenario_gateway, back).play()
    assert planted.seen in str(caught.value)
