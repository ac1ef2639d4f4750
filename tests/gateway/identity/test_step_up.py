"""Sensitive categories ask for a fresh, strong sign-in, whatever the data (TK-40, TK-41)."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.errors import RequestRefusedError
from gateway.identity.claims import read_claims
from gateway.identity.step_up import StepUp, parse_step_up
from infra import clock
from infra.settings import SettingsError
from infra.vocabulary import Category
from tests.fixtures.gateway_app import GatewayWorld
from tests.fixtures.token_issuer import TokenIssuer, good_claims, token

STRONG = "urn:example:hardware-key"
RULE = StepUp(frozenset({Category.SUD}), (STRONG,), 900)


def verified(**changes: Any) -> Any:
    settings = replace(TokenIssuer().settings(), jwks_uri="https://issuer.example/jwks")
    return read_claims(good_claims(**changes), settings, clock.epoch_seconds())


def challenge(rule: StepUp, selected: set[Category], **claims: Any) -> str | None:
    try:
        rule.check(verified(**claims), selected)
    except RequestRefusedError as refused:
        return refused.headers["www-authenticate"]
    return None


def test_challenge_is_a_refusal_with_a_code_of_its_own() -> None:
    with pytest.raises(RequestRefusedError) as refused:
        RULE.check(verified(acr=...), {Category.SUD})
    assert (refused.value.status, refused.value.code) == (401, "STEP_UP_REQUIRED")


def test_error_says_what_the_challenge_says() -> None:
    """For transports without headers of an answer."""
    with pytest.raises(RequestRefusedError) as refused:
        RULE.check(verified(acr=...), {Category.SUD})
    (told,) = refused.value.errors
    assert told["extensions"] == {
        "code": "STEP_UP_REQUIRED", "acrValues": [STRONG], "maxAgeSeconds": 900,
    }  # fmt: skip


def test_weak_or_old_sign_in_is_challenged_with_what_is_needed() -> None:
    now = clock.epoch_seconds()
    wanted = (
        f'Bearer error="insufficient_user_authentication", acr_values="{STRONG}", max_age="900"'
    )
    sensitive = {Category.IDENTITY, Category.SUD}
    assert challenge(RULE, sensitive, acr=STRONG, auth_time=now - 800) is None
    assert challenge(RULE, sensitive, acr=STRONG, auth_time=now - 1000) == wanted
    assert challenge(RULE, sensitive, acr=STRONG, auth_time=...) == wanted
    assert challenge(RULE, sensitive, acr="urn:example:password", auth_time=now) == wanted
    assert challenge(RULE, sensitive, acr=..., auth_time=now) == wanted


def test_other_categories_ask_for_nothing() -> None:
    assert challenge(RULE, {Category.IDENTITY}, acr=..., auth_time=...) is None
    assert challenge(StepUp(), {Category.SUD}, acr=..., auth_time=...) is None


def test_each_demand_stands_alone() -> None:
    old = clock.epoch_seconds() - 10_000
    only_strong = replace(RULE, max_age_seconds=None)
    only_fresh = replace(RULE, acr_values=())
    assert challenge(only_strong, {Category.SUD}, acr=STRONG, auth_time=old) is None
    assert challenge(only_fresh, {Category.SUD}, acr="weak", auth_time=old) == (
        'Bearer error="insufficient_user_authentication", max_age="900"'
    )


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", "{}", '{"categories": []}', '{"categories": ["SUD"]}',
        '{"categories": ["NOTHING"], "max_age_seconds": 5}',
        '{"categories": ["SUD"], "max_age_seconds": 0}',
        '{"categories": ["SUD"], "max_age_seconds": true}',
        '{"categories": ["SUD"], "acr_values": "x"}',
        '{"categories": ["SUD"], "acr_values": ["a\\"b"]}',
        '{"categories": ["SUD"], "acr_values": ["x"], "more": 1}',
        '{"categories": ["SUD"], "categories": ["SUD"], "max_age_seconds": 5}',
    ],
)  # fmt: skip
def test_setting_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        parse_step_up(text)


def test_setting_is_read() -> None:
    text = f'{{"categories": ["SUD"], "acr_values": ["{STRONG}"], "max_age_seconds": 900}}'
    assert parse_step_up(text) == RULE
    assert parse_step_up(None) == StepUp()


async def _operation_on_the_identity_is_challenged(world: GatewayWorld, rule: StepUp) -> None:
    officer = await world.person("LEO")
    participant = await world.participant_of(officer)
    query = "query Q($id: ID!) { participant(id: $id) { name } }"
    async with world.gateway(step_up=rule) as gateway:
        for some_id in (participant, "absent"):
            answer = await gateway.ask(officer, query, {"id": some_id})
            assert answer.status == 401
            assert answer.headers["www-authenticate"].startswith("Bearer error=")
        assert world.people_http.received == []
        catalogue = await gateway.ask(officer, "{ courses { number } }")
        assert catalogue.status == 200


async def test_challenge_comes_before_anything_is_fetched_and_alike_for_all(
    gateway_world: GatewayWorld,
) -> None:
    rule = StepUp(frozenset({Category.IDENTITY}), (STRONG,))
    await _operation_on_the_identity_is_challenged(gateway_world, rule)


async def test_gateway_that_does_not_ask_would_be_noticed(gateway_world: GatewayWorld) -> None:
    """Planted twin of the test above."""
    with pytest.raises(AssertionError):
        await _operation_on_the_identity_is_challenged(gateway_world, StepUp())


async def _a_refresh_to_less_opens_nothing(world: GatewayWorld, rule: StepUp) -> None:
    officer = await world.person("LEO")
    participant = await world.participant_of(officer)
    query = "query Q($id: ID!) { participant(id: $id) { name } }"
    async with world.gateway(step_up=rule) as gateway:
        for acr, status in (
            (STRONG, 200),
            ("urn:example:password", 401),
            (..., 401),
            (STRONG, 200),
        ):
            world._tokens[officer.external_subject] = token(sub=officer.external_subject, acr=acr)
            answer = await gateway.ask(officer, query, {"id": participant})
            assert answer.status == status


async def test_tk_41_a_token_that_was_refreshed_to_less_opens_nothing(
    gateway_world: GatewayWorld,
) -> None:
    """What the token before had is remembered nowhere: each is looked at by itself."""
    rule = StepUp(frozenset({Category.IDENTITY}), (STRONG,))
    await _a_refresh_to_less_opens_nothing(gateway_world, rule)


async def test_tk_41_a_strength_that_is_remembered_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: whoever was strong once stays so."""
    honest, strong = StepUp.check, set()

    def check(self: StepUp, token: Any, selected: Any) -> None:
        if token.subject not in strong:
            honest(self, token, selected)
            strong.add(token.subject)

    monkeypatch.setattr(StepUp, "check", check)
    rule = StepUp(frozenset({Category.IDENTITY}), (STRONG,))
    with pytest.raises(AssertionError):
        await _a_refresh_to_less_opens_nothing(gateway_world, rule)


async def test_strong_sign_in_gets_the_answer(gateway_world: GatewayWorld) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    world._tokens[officer.external_subject] = token(sub=officer.external_subject, acr=STRONG)
    rule = StepUp(frozenset({Category.IDENTITY}), (STRONG,))
    query = "query Q($id: ID!) { participant(id: $id) { name } }"
    async with world.gateway(step_up=rule) as gateway:
        answer = await gateway.ask(officer, query, {"id": participant})
    assert answer.body["data"] == {"participant": {"name": "Ada"}}
