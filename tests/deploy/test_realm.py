"""The Keycloak realm that Compose imports: what its tokens would say passes the gateway's checks.

No Keycloak runs here. The mappers of each client are applied as Keycloak's manual describes them,
and the outcome is read by the gateway's own reader with the settings that Compose gives it.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from gateway.identity import AccessTokenError, parse_issuers
from gateway.identity.access_token import TOKEN_TYPE
from gateway.identity.claims import read_claims

REALM = Path(__file__).parents[2] / "infra" / "deploy" / "compose" / "realm.json"
NOW = 1_800_000_000
ADDRESS = "https://identity.example/realms/goldenthread"
ISSUER = parse_issuers(
    json.dumps(
        [
            {
                "alias": "realm",
                "issuer": ADDRESS,
                "jwks_uri": f"{ADDRESS}/protocol/openid-connect/certs",
                "audience": "goldenthread-api",
                "algorithms": ["RS256"],
            }
        ]
    )
)[0]
ROLES = ['{"role": "CM", "agency": "a-1", "site": "s-1"}', '{"role": "SUP"}']

Realm = dict[str, Any]


def _realm() -> Realm:
    realm: Realm = json.loads(REALM.read_text())
    return realm


def _mapped(config: dict[str, str], attributes: dict[str, list[str]]) -> Any:
    """Return the value of a claim that a mapper writes, or nothing."""
    if "claim.value" in config:
        return config["claim.value"]
    found = attributes.get(config["user.attribute"])
    if found is None:
        return None
    values = [json.loads(each) if config["jsonType.label"] == "JSON" else each for each in found]
    return values if config.get("multivalued") == "true" else values[0]


def _claims(realm: Realm, client: dict[str, Any], roles: list[str] | None) -> dict[str, Any]:
    """Return the claims of an access token of somebody for a client."""
    claims: dict[str, Any] = {
        "iss": ADDRESS, "sub": "3f1c0e5a-0000-4000-8000-000000000001", "jti": "onrtac:1",
        "iat": NOW, "exp": NOW + realm["accessTokenLifespan"], "typ": "Bearer",
        "azp": client["clientId"], "sid": "s", "scope": "",
    }  # fmt: skip
    if "acr" in client["defaultClientScopes"]:
        claims["acr"] = "1"
    if "basic" in client["defaultClientScopes"]:
        claims["auth_time"] = NOW
    else:
        del claims["sub"]
    for mapper in client["protocolMappers"]:
        config = mapper["config"]
        if config.get("access.token.claim") != "true":
            continue
        if mapper["protocolMapper"] == "oidc-audience-mapper":
            claims["aud"] = config["included.custom.audience"]
            continue
        value = _mapped(config, {} if roles is None else {"gt_roles": roles})
        if value is not None:
            claims[config["claim.name"]] = value
    return claims


def _acceptable(realm: Realm) -> None:
    """Assert that tokens of every client say what the gateway wants to hear."""
    for client in realm["clients"]:
        token = read_claims(_claims(realm, client, ROLES), ISSUER, NOW)
        assert token.client_id == client["clientId"]
        assert [role.role for role in token.claimed_roles] == ["CM", "SUP"]
        assert token.acr is not None
        assert token.auth_time is not None
        assert token.service_purpose is None
        assert read_claims(_claims(realm, client, None), ISSUER, NOW).claimed_roles == ()
        attributes = client["attributes"]
        assert attributes["pkce.code.challenge.method"] == "S256"
        assert attributes["access.token.header.type.rfc9068"] == "true", TOKEN_TYPE
        assert attributes["access.token.signed.response.alg"] in ISSUER.algorithms
        assert client["fullScopeAllowed"] is False
        assert not client["implicitFlowEnabled"]
        assert not client["directAccessGrantsEnabled"]
        assert client["redirectUris"]
        assert not any("*" in uri for uri in client["redirectUris"] + client["webOrigins"])


def test_tokens_of_the_realm_pass_the_gateways_checks() -> None:
    realm = _realm()
    assert ADDRESS.endswith(f"/realms/{realm['realm']}")
    assert realm["clients"]
    _acceptable(realm)


def _as_texts(client: dict[str, Any]) -> None:
    for mapper in client["protocolMappers"]:
        if mapper["config"].get("claim.name") == "gt_roles":
            mapper["config"]["jsonType.label"] = "String"


def _without_mapper(name: str) -> Callable[[dict[str, Any]], None]:
    def change(client: dict[str, Any]) -> None:
        client["protocolMappers"] = [
            mapper for mapper in client["protocolMappers"] if name not in json.dumps(mapper)
        ]

    return change


@pytest.mark.parametrize(
    "change",
    [
        _as_texts,
        _without_mapper("included.custom.audience"),
        _without_mapper("client_id"),
        lambda client: client["attributes"].pop("access.token.header.type.rfc9068"),
        lambda client: client["attributes"].update({"pkce.code.challenge.method": "plain"}),
        lambda client: client["redirectUris"].append("https://lead.example/*"),
        lambda client: client.update(defaultClientScopes=["acr"]),
        lambda client: client.update(implicitFlowEnabled=True),
    ],
    ids=["roles as texts", "no audience", "no client", "plain JWT", "no S256", "open redirect",
         "no subject", "implicit flow"],
)  # fmt: skip
def test_a_realm_that_is_not_acceptable_would_be_noticed(
    change: Callable[[dict[str, Any]], None],
) -> None:
    """Planted twins of the test above."""
    realm = deepcopy(_realm())
    change(realm["clients"][0])
    with pytest.raises((AccessTokenError, AssertionError, KeyError)):
        _acceptable(realm)


def test_a_realm_whose_tokens_live_long_would_be_noticed() -> None:
    realm = _realm() | {"accessTokenLifespan": ISSUER.max_lifetime_seconds + 1}
    with pytest.raises(AccessTokenError):
        _acceptable(realm)
