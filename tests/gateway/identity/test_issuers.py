"""Issuer settings are read strictly: a misspelt restriction must not be absent."""

import json
from typing import Any

import pytest

from gateway.identity import parse_issuers
from infra.settings import SettingsError

GOOD: dict[str, Any] = {
    "alias": "dev",
    "issuer": "http://127.0.0.1:8001",
    "jwks_uri": "http://127.0.0.1:8001/jwks.json?v=1",
    "audience": "goldenthread-api",
    "algorithms": ["RS256"],
}


def parsed(**changes: Any) -> Any:
    entry = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return parse_issuers(json.dumps([entry]))[0]


def test_issuer_is_read_with_the_own_profile_as_default() -> None:
    issuer = parsed()
    assert issuer.max_lifetime_seconds == 600
    assert issuer.algorithms == {"RS256"}
    assert issuer.jwks_address == "http://127.0.0.1:8001"
    assert issuer.jwks_path == "/jwks.json?v=1"
    assert issuer.roles_claim == "gt_roles"


def test_profile_of_an_issuer_is_data() -> None:
    issuer = parsed(max_lifetime_seconds=300, claims={"subject": "sub", "roles": "roles"})
    assert issuer.max_lifetime_seconds == 300
    assert issuer.roles_claim == "roles"


@pytest.mark.parametrize(
    "changes",
    [
        {"alias": ...},
        {"alias": "Dev"},
        {"alias": "a|b"},
        {"issuer": ...},
        {"issuer": ""},
        {"audience": ["goldenthread-api"]},
        {"algorithms": ...},
        {"algorithms": []},
        {"algorithms": "RS256"},
        {"algorithms": ["HS256"]},
        {"algorithms": ["none"]},
        {"algorithms": ["RS256", 7]},
        {"jwks_uri": "ftp://issuer.example/jwks"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "http://user:pass@host/jwks"},
        {"jwks_uri": "http://host:99999/jwks"},
        {"jwks_uri": "http://host/a b"},
        {"jwks_uri": "/jwks.json"},
        {"max_lifetime_seconds": 0},
        {"max_lifetime_seconds": 86_400},
        {"max_lifetime_seconds": True},
        {"max_lifetime_seconds": "600"},
        {"max_lifetime": 600},
        {"claims": {"subject": "email"}},
        {"claims": {"tenant": "x"}},
        {"claims": []},
    ],
)
def test_unacceptable_issuer_stops_the_start(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="GT_ISSUERS"):
        parsed(**changes)


@pytest.mark.parametrize("text", ["", "{}", "[]", "[1]", "[[]]", '[{"alias":"a","alias":"b"}]'])
def test_text_that_is_no_list_of_issuers_stops_the_start(text: str) -> None:
    with pytest.raises(SettingsError, match="GT_ISSUERS"):
        parse_issuers(text)


@pytest.mark.parametrize("changes", [{"alias": "other"}, {"issuer": "http://other"}])
def test_two_entries_for_one_issuer_or_alias_stop_the_start(changes: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="twice"):
        parse_issuers(json.dumps([GOOD, {**GOOD, **changes}]))
    both = [GOOD, {**GOOD, "alias": "other", "issuer": "http://other"}]
    assert len(parse_issuers(json.dumps(both))) == 2
