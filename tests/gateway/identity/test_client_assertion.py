"""A partner's back end proves who it is with its key: once, to this issuer, for a minute.

The development issuer answers over HTTP in this process, so that broken checks can be put in.
"""

import json
import warnings
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from gateway.identity import parse_issuers
from infra import clock
from infra.dev.demo.summary import demo_summary
from infra.dev.demo.world import build_world
from infra.dev.issuer import client_assertion
from infra.dev.issuer.app import Issuer
from infra.dev.issuer.client_assertion import ASSERTION_TYPE, MAX_SECONDS
from infra.dev.issuer.clients import load_clients
from infra.dev.issuer.settings import IssuerSettings
from infra.dev.issuer.store import Store
from infra.settings import Address
from tests.fixtures.gateway_app import GatewayWorld
from tests.fixtures.service_app import http_server
from tests.gateway.identity.believing_gateway import ask, gateway_believing

NAME = "https://issuer.example"
BACK_END = "signing-back-end"
OTHER = "another-back-end"
EC = ECKey.generate_key("P-256", parameters={"kid": "ec"})
RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa"})
ED = OKPKey.generate_key("Ed25519", parameters={"kid": "ed"})
STOLEN = ECKey.generate_key("P-256", parameters={"kid": "ec"})
ALGORITHM = {"EC": "ES256", "RSA": "PS256", "OKP": "EdDSA", "oct": "HS256"}


def _client(client_id: str, secret: str | None, *keys: Key) -> dict[str, Any]:
    jwks = {"keys": [key.as_dict(private=False) for key in keys]} if keys else None
    return {
        "client_id": client_id, "client_name": client_id, "client_secret": secret, "jwks": jwks,
        "grant_types": ["client_credentials"], "redirect_uris": [],
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Door:
    """The issuer's token endpoint."""

    url: str
    client: httpx2.AsyncClient

    async def status(self, text: str, **form: str) -> int:
        """Ask for a token with an assertion; return the status of the answer."""
        return (await self.answer(text, **form)).status_code

    async def answer(self, text: str, **form: str) -> httpx2.Response:
        asked = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": text,
            **form,
        }
        return await self.client.post(f"{self.url}/token", data=asked)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("issuer")
    clients = [_client(BACK_END, None, EC, RSA, ED), _client(OTHER, None, ED)]
    clients.append(_client("with-a-secret", "s3cret"))
    (folder / "clients.json").write_text(json.dumps(clients))
    (folder / "demo.json").write_text(json.dumps(demo_summary(build_world(date(2026, 1, 1)))))
    settings = IssuerSettings(
        issuer=NAME, url="http://127.0.0.1", audience="goldenthread-api",
        bind=Address("tcp:127.0.0.1:0"), private_bind=Address(f"unix:{folder}/mint.sock"),
        key_dir=folder / "keys", demo_file=folder / "demo.json",
        clients_file=folder / "clients.json",
    )  # fmt: skip
    async with http_server(Issuer(settings).public_app(), host="127.0.0.1", port=0) as server:
        port = server.servers[0].sockets[0].getsockname()[1]
        async with httpx2.AsyncClient(timeout=60) as client:
            yield Door(f"http://127.0.0.1:{port}", client)


def claims(**changes: Any) -> dict[str, Any]:
    """Return good claims, with changes (`...` takes a claim away)."""
    now = clock.epoch_seconds()
    good = {
        "iss": BACK_END, "sub": BACK_END, "aud": NAME, "jti": str(uuid4()),
        "iat": now, "exp": now + MAX_SECONDS, **changes,
    }  # fmt: skip
    return {name: value for name, value in good.items() if value is not ...}


def signed(said: dict[str, Any] | str, key: Key = EC, **header: Any) -> str:
    """Return an assertion."""
    head = {"alg": ALGORITHM[str(key.key_type)], "kid": key.kid, **header}
    head = {name: value for name, value in head.items() if value is not ...}
    payload = said if isinstance(said, str) else json.dumps(said)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        algorithms = [*ALGORITHM.values(), "RS256"]
        registry = jws.JWSRegistry(algorithms=algorithms, strict_check_header=False)
        return jws.serialize_compact(head, payload, key, registry=registry)


@pytest.mark.parametrize("key", [EC, RSA, ED], ids=["ES256", "PS256", "EdDSA"])
async def test_a_good_assertion_gets_a_token_of_ten_minutes(door: Door, key: Key) -> None:
    answer = await door.answer(signed(claims(), key))
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 600
    assert "refresh_token" not in answer.json()


REFUSED: dict[str, Callable[[], str]] = {
    "other key": lambda: signed(claims(), STOLEN),
    "key of another client": lambda: signed(claims(iss=OTHER, sub=OTHER), EC),
    "unknown kid": lambda: signed(claims(), EC, kid="nobody's"),
    "no kid": lambda: signed(claims(), EC, kid=...),
    "RS256": lambda: signed(claims(), RSA, alg="RS256"),
    "a shared secret": lambda: signed(
        claims(), OctKey.import_key(EC.as_der(private=False).hex()), kid="ec"
    ),
    "embedded key": lambda: signed(claims(), STOLEN, jwk=STOLEN.as_dict(private=False)),
    "another type": lambda: signed(claims(), EC, typ="at+jwt"),
    "aud of another server": lambda: signed(claims(aud="https://other.example")),
    "aud with a slash": lambda: signed(claims(aud=f"{NAME}/")),
    "aud as a list": lambda: signed(claims(aud=[NAME, "https://other.example"])),
    "no aud": lambda: signed(claims(aud=...)),
    "expired": lambda: signed(
        claims(iat=clock.epoch_seconds() - 61, exp=clock.epoch_seconds() - 1)
    ),
    "no exp": lambda: signed(claims(exp=...)),
    "exp as text": lambda: signed(claims(exp=str(clock.epoch_seconds() + 30))),
    "long life": lambda: signed(claims(exp=clock.epoch_seconds() + MAX_SECONDS + 5)),
    "from the future": lambda: signed(
        claims(iat=clock.epoch_seconds() + 30, exp=clock.epoch_seconds() + 60)
    ),
    "not before": lambda: signed(claims(nbf=clock.epoch_seconds() + 30)),
    "sub is not iss": lambda: signed(claims(sub=OTHER)),
    "unknown client": lambda: signed(claims(iss="nobody", sub="nobody")),
    "client with a secret": lambda: signed(claims(iss="with-a-secret", sub="with-a-secret")),
    "no jti": lambda: signed(claims(jti=...)),
    "short jti": lambda: signed(claims(jti="1")),
    "a claim twice": lambda: signed(json.dumps(claims())[:-1] + f', "aud": "{NAME}"}}'),
    "a list": lambda: signed("[]"),
    "no token": lambda: "a.b.c",
    "huge": lambda: signed(claims(extra="x" * 5000)),
    "empty": lambda: "",
}


@pytest.mark.parametrize("name", REFUSED)
async def test_any_other_assertion_gets_one_and_the_same_refusal(door: Door, name: str) -> None:
    answer = await door.answer(REFUSED[name]())
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer.json() == (await door.answer("x")).json()


async def _is_good_once(door: Door) -> None:
    text = signed(claims())
    assert [await door.status(text), await door.status(text)] == [200, 401]
    # The same words under another signature are no other assertion.
    said = claims()
    assert [await door.status(signed(said)), await door.status(signed(said, ED))] == [200, 401]


async def test_a_replayed_assertion_is_refused(door: Door) -> None:
    await _is_good_once(door)


async def test_a_bad_signature_uses_no_jti_up(door: Door) -> None:
    said = claims()
    assert [await door.status(signed(said, STOLEN)), await door.status(signed(said))] == [401, 200]


async def test_who_has_a_key_cannot_come_without(door: Door) -> None:
    form = {"grant_type": "client_credentials", "client_id": BACK_END}
    for more in ({}, {"client_secret": ""}, {"client_secret": "None"}):
        answer = await door.client.post(f"{door.url}/token", data={**form, **more})
        assert answer.status_code == 401
    assert await door.status(signed(claims()), client_id=OTHER) == 401
    assert await door.status(signed(claims()), client_assertion_type="jwt") == 401
    assert await door.status(signed(claims()), client_id=BACK_END) == 200


TWINS: dict[str, tuple[str, str]] = {
    "other key": ("_check_signature", "other key"),
    "wrong aud": ("_check_claims", "aud of another server"),
    "expired": ("_check_claims", "expired"),
    "long life": ("_check_claims", "long life"),
}


@pytest.mark.parametrize("twin", TWINS)
async def test_a_check_that_is_left_out_would_be_noticed(
    door: Door, monkeypatch: pytest.MonkeyPatch, twin: str
) -> None:
    """Planted twins of the refusals above."""
    check, name = TWINS[twin]
    owner = client_assertion if check == "_check_signature" else client_assertion.ClientAssertions
    monkeypatch.setattr(owner, check, lambda *_: None)
    with pytest.raises(AssertionError):
        await test_any_other_assertion_gets_one_and_the_same_refusal(door, name)


async def test_an_issuer_that_forgets_what_was_used_would_be_noticed(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the replay above."""
    monkeypatch.setattr(Store, "spend_assertion", lambda *_: True)
    with pytest.raises(AssertionError):
        await _is_good_once(door)


def test_private_keys_and_secrets_of_clients_are_not_registered(tmp_path: Path) -> None:
    for key in (EC.as_dict(private=True), OctKey.generate_key(256).as_dict()):
        row = {**_client(BACK_END, None), "jwks": {"keys": [{**key, "kid": "k"}]}}
        (tmp_path / "clients.json").write_text(json.dumps([row]))
        with pytest.raises(ValueError, match="public keys"):
            load_clients(tmp_path / "clients.json")


async def test_its_token_opens_the_gateway_for_one_purpose_and_for_no_person(
    door: Door, gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (await door.answer(signed(claims()))).json()["access_token"]
    person = await gateway_world.person("CM")
    await gateway_world.consent.execute(
        "update account set external_subject = :subject where id = :id",
        subject=BACK_END, id=person.account_id,
    )  # fmt: skip
    entry = {
        "alias": "dev", "issuer": NAME, "jwks_uri": f"{door.url}/jwks.json",
        "audience": "goldenthread-api", "algorithms": ["RS256"],
        "service_clients": {BACK_END: "LEAD_COORD"},
    }  # fmt: skip
    settings = parse_issuers(json.dumps([entry]))[0]
    async with gateway_believing(gateway_world, monkeypatch, settings) as gateway:
        answer = await ask(gateway, text, None)
        assert answer.body["data"] == {"courses": [{"number": "8020"}], "participants": None}
        assert gateway_world.people_http.received == []
        assert (await ask(gateway, text, "CAREMGT")).status == 403
