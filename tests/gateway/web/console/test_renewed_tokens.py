"""Scenario 14: a token that is renewed after the role was taken away opens nothing.

The provider renews what it gave: whom an agency lets act is not its to know, and the token claims
the role as before. The directory decides, so there is nothing to be had with it.
"""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.pipeline import Answer, GraphQLRequest
from gateway.web.console.oidc import Provider
from gateway.web.console.refreshing import Refresher
from infra import clock
from tests.fixtures.consent_world import Person
from tests.fixtures.console_house import ConsoleHouse, console_house
from tests.fixtures.gateway_app import GatewayWorld
from tests.gateway.release.test_conflicts import ONE, gate_that_always_releases


def _row(world: GatewayWorld, officer: Person) -> dict[str, Any]:
    site = {"id": str(world.consent.site_id), "name": "Site"}
    return {
        "persona": "carl", "subject": officer.external_subject, "name": "Carl", "role": "LEO",
        "agency": {"id": officer.agency_id, "name": "Agency"}, "site": site,
    }  # fmt: skip


def _claimed(token: str) -> list[dict[str, str]]:
    part = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    roles: list[dict[str, str]] = claims["gt_roles"]
    return roles


async def _ask(house: ConsoleHouse, token: str, participant: str) -> Answer:
    return await house.pipeline.answer(
        GraphQLRequest(
            token=token, query=ONE, variables={"id": participant}, purpose="LEAD_COORD",
            acting_grant=None, document_id=None, wants_cost=False,
        )
    )  # fmt: skip


async def _a_renewed_token_opens_nothing(world: GatewayWorld, folder: Path) -> None:
    officer = await world.person("LEO")
    participant = await world.participant_of(officer, "Kim")
    async with (
        console_house(world, folder, [_row(world, officer)]) as house,
        house.browser() as browser,
    ):
        session = await house.sign_in(browser, "carl")
        told = await _ask(house, session.access_token, participant)
        assert told.body["data"] == {"participant": {"id": participant, "name": "Kim"}}
        await world.take_role_away(officer)
        provider = Provider(house.settings, [house.issuer_url])
        ending = replace(session, access_ends_at=clock.epoch_seconds())
        renewed = await Refresher(provider).fresh(ending)
        await provider.close()
        assert renewed.access_token != session.access_token
        assert [each["role"] for each in _claimed(renewed.access_token)] == ["LEO"]
        for token in (renewed.access_token, session.access_token):
            answer = await _ask(house, token, participant)
            assert answer.status == 403, answer.body
            codes = [each["extensions"]["code"] for each in answer.body["errors"]]
            assert codes == ["GRANT_REQUIRED"]
            assert "data" not in answer.body


async def test_scenario_14_a_token_renewed_after_the_role_is_gone_opens_nothing(
    gateway_world: GatewayWorld, tmp_path: Path
) -> None:
    await _a_renewed_token_opens_nothing(gateway_world, tmp_path)


async def test_a_gateway_that_releases_what_it_knew_of_somebody_would_be_noticed(
    gateway_world: GatewayWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    gate_that_always_releases(monkeypatch)
    with pytest.raises(AssertionError, match="Kim"):
        await _a_renewed_token_opens_nothing(gateway_world, tmp_path)
