"""Every scenario of the domain that touches consent, through the gateway."""

import pytest

from svc_consent.authority.decision import Decider
from svc_consent.bindings import rules
from tests.proof.house import Gateway, House
from tests.scenarios.stage import FOLDER, Stage, read

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
