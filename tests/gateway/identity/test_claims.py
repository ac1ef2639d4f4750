"""The bounds of what an access token may say, each at its last good and its first bad value.

Without an issuer and without a signature: these are the checks of claims alone.
"""

from typing import Any

import pytest

from gateway.identity import claims
from gateway.identity.claims import (
    LEEWAY_SECONDS,
    MAX_ROLES,
    AccessTokenError,
    ClaimedRole,
    Confirmation,
    VerifiedAccessToken,
    read_claims,
    read_introspection,
)
from gateway.identity.issuers import IssuerSettings
from infra.vocabulary import Purpose

NOW = 1_800_000_000
END_OF_9999 = 253_402_300_799
THUMB = "t" * 43
ROLE = {"role": "LEO"}
ISSUER = IssuerSettings(
    alias="dev",
    issuer="https://issuer.example",
    jwks_uri="https://issuer.example/keys",
    audience="api",
    algorithms=frozenset({"ES256"}),
    max_lifetime_seconds=600,
    service_clients={"nightly": Purpose.HQUALIMP},
)
STRICT = IssuerSettings(
    alias="strict",
    issuer=ISSUER.issuer,
    jwks_uri=ISSUER.jwks_uri,
    audience="api",
    algorithms=ISSUER.algorithms,
    required_claims=frozenset({"acr", "auth_time"}),
)
AGELESS = IssuerSettings(
    alias="ageless",
    issuer=ISSUER.issuer,
    jwks_uri=ISSUER.jwks_uri,
    audience="api",
    algorithms=ISSUER.algorithms,
    max_lifetime_seconds=END_OF_9999,
)


def payload(**changes: Any) -> dict[str, Any]:
    """Return claims that pass at `NOW`, with changes (`...` takes one away)."""
    good = {
        "iss": ISSUER.issuer, "aud": "api", "sub": "person", "client_id": "app", "jti": "j",
        "iat": NOW - 100, "exp": NOW + 100, **changes,
    }  # fmt: skip
    return {name: value for name, value in good.items() if value is not ...}


def said(**changes: Any) -> dict[str, Any]:
    """Return an answer about an opaque token that passes at `NOW`, with changes."""
    return {"active": True, **payload(jti=..., **changes)}


def read(issuer: IssuerSettings = ISSUER, /, **changes: Any) -> VerifiedAccessToken | None:
    """Return what is taken from a token's claims, or None where they are refused."""
    try:
        return read_claims(payload(**changes), issuer, NOW)
    except AccessTokenError:
        return None


def told(issuer: IssuerSettings = ISSUER, /, **changes: Any) -> VerifiedAccessToken | None:
    """Return what is taken from an issuer's answer, or None where it is refused."""
    try:
        return read_introspection(said(**changes), issuer, NOW)
    except AccessTokenError:
        return None


def test_everything_that_is_taken_from_a_token() -> None:
    taken = read(
        gt_roles=[{"role": "LEO", "agency": "a", "site": "s"}],
        acr="high", auth_time=NOW - 7, cnf={"jkt": THUMB},
    )  # fmt: skip
    assert taken == VerifiedAccessToken(
        issuer_alias="dev", subject="person", client_id="app",
        claimed_roles=(ClaimedRole("LEO", "a", "s"),), expires_at=NOW + 100,
        acr="high", auth_time=NOW - 7, confirmation=Confirmation(THUMB, None), service_purpose=None,
    )  # fmt: skip
    assert taken.person == "dev:person"
    assert read() == VerifiedAccessToken(
        issuer_alias="dev", subject="person", client_id="app", claimed_roles=(),
        expires_at=NOW + 100, acr=None, auth_time=None, confirmation=Confirmation(),
        service_purpose=None,
    )  # fmt: skip


def test_everything_that_is_taken_from_an_answer() -> None:
    taken = told(acr="high", auth_time=NOW - 7, cnf={"x5t#S256": THUMB}, gt_roles=[{"role": "CM"}])
    assert taken == VerifiedAccessToken(
        issuer_alias="dev", subject="person", client_id="app",
        claimed_roles=(ClaimedRole("CM", None, None),), expires_at=NOW + 100,
        acr="high", auth_time=NOW - 7, confirmation=Confirmation(None, THUMB), service_purpose=None,
    )  # fmt: skip


@pytest.mark.parametrize("given", [None, [], "text", 7, [("iss", ISSUER.issuer)]], ids=str)
def test_what_is_no_object_is_refused_without_a_fault(given: object) -> None:
    for take in (read_claims, read_introspection):
        with pytest.raises(AccessTokenError):
            take(given, ISSUER, NOW)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"exp": NOW + 1}, {"exp": NOW}),
        ({"iat": NOW + LEEWAY_SECONDS}, {"iat": NOW + LEEWAY_SECONDS + 1}),
        ({"nbf": NOW + LEEWAY_SECONDS}, {"nbf": NOW + LEEWAY_SECONDS + 1}),
        ({"auth_time": NOW + LEEWAY_SECONDS}, {"auth_time": NOW + LEEWAY_SECONDS + 1}),
        ({"auth_time": 1}, {"auth_time": 0}),
        ({"nbf": 1}, {"nbf": 0}),
        ({"nbf": 1}, {"nbf": True}),
        ({"iat": NOW - 500, "exp": NOW + 100}, {"iat": NOW - 501, "exp": NOW + 100}),
        ({"iat": NOW + 4, "exp": NOW + 5}, {"iat": NOW + 5, "exp": NOW + 5}),
        ({"sub": "s" * 255}, {"sub": "s" * 256}),
        ({"client_id": "!" * 255}, {"client_id": "!" * 256}),
        ({"client_id": "~"}, {"client_id": "~\x7f"}),
        ({"acr": "a" * 255}, {"acr": "a" * 256}),
        ({"acr": None}, {"acr": ""}),
        ({"acr": "a"}, {"acr": 7}),
        ({"gt_roles": [ROLE] * MAX_ROLES}, {"gt_roles": [ROLE] * (MAX_ROLES + 1)}),
        ({"gt_roles": [{"role": "L"}]}, {"gt_roles": [{"role": "L E"}]}),
        ({"gt_roles": [{**ROLE, "agency": "a" * 255}]}, {"gt_roles": [{**ROLE, "agency": ""}]}),
        ({"gt_roles": [{**ROLE, "site": "a"}]}, {"gt_roles": [{**ROLE, "site": ["a"]}]}),
        ({"cnf": {"jkt": THUMB}}, {"cnf": {"jkt": THUMB[:-1]}}),
        ({"cnf": {"jkt": THUMB, "x5t#S256": THUMB}}, {"cnf": {"jkt": THUMB, "x5t#S256": 7}}),
        ({"cnf": ...}, {"cnf": {}}),
        ({"cnf": ...}, {"cnf": None}),
        ({"cnf": ...}, {"cnf": "jkt"}),
        ({"cnf": {"jkt": THUMB}}, {"cnf": {"jkt": THUMB, "kid": THUMB}}),
        ({"cnf": {"x5t#S256": THUMB}}, {"cnf": {"kid": THUMB}}),
        ({"gt_roles": []}, {"gt_roles": ""}),
        ({"gt_roles": []}, {"gt_roles": {}}),
        ({"gt_roles": []}, {"gt_roles": 7}),
        ({"gt_roles": [ROLE]}, {"gt_roles": [ROLE, "LEO"]}),
        ({"gt_roles": [ROLE]}, {"gt_roles": [{"role": 7}]}),
    ],
    ids=lambda changes: str(changes)[:60],
)  # fmt: skip
def test_the_last_good_value_passes_and_the_first_bad_one_does_not(
    good: dict[str, Any], bad: dict[str, Any]
) -> None:
    assert read(**good) is not None
    assert read(**bad) is None
    assert told(**good) is not None
    assert (told(**bad) is None) is (bad != {"iat": NOW + 5, "exp": NOW + 5})


def test_no_moment_is_after_the_year_9999() -> None:
    assert read(AGELESS, exp=END_OF_9999) is not None
    assert read(AGELESS, exp=END_OF_9999 + 1) is None
    assert told(AGELESS, exp=float(END_OF_9999)) is not None
    for late in (float(END_OF_9999 + 1), -float(END_OF_9999 + 1), float("inf"), float("nan")):
        assert told(AGELESS, exp=late) is None


def test_a_refusal_never_says_why() -> None:
    refused: list[dict[str, Any]] = [{"exp": NOW}, {"aud": "other"}, {"cnf": {}}]
    for changes in refused:
        with pytest.raises(AccessTokenError, match=r"^A valid access token is required\.$"):
            read_claims(payload(**changes), ISSUER, NOW)


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "client_id", "jti", "iat", "exp"])
def test_a_token_has_every_claim_of_the_profile(name: str) -> None:
    assert read(**{name: ...}) is None
    assert read(**{name: payload()[name]}) is not None


@pytest.mark.parametrize("name", ["acr", "auth_time"])
def test_what_an_issuers_profile_demands_must_be_there(name: str) -> None:
    """Each alone: a token with one of two is refused."""
    both = {"acr": "high", "auth_time": NOW - 5}
    for take in (read, told):
        assert take(STRICT, **both) is not None
        assert take(STRICT, **{**both, name: ...}) is None
        assert take(ISSUER, **{**both, name: ...}) is not None


def test_a_client_without_a_person_needs_a_purpose_of_its_own() -> None:
    for take in (read, told):
        service = take(sub="nightly", client_id="nightly")
        assert service is not None
        assert service.service_purpose is Purpose.HQUALIMP
        assert take(sub="app", client_id="app") is None
        person = take(sub="person", client_id="nightly")
        assert person is not None
        assert person.service_purpose is None
    nobody = told(sub=..., client_id="nightly")
    assert nobody is not None
    assert (nobody.subject, nobody.service_purpose) == ("nightly", Purpose.HQUALIMP)


def test_an_answer_may_leave_out_what_asking_has_told() -> None:
    """Its issuer was asked by address; a token says by itself who made it, and when."""
    assert told(iss=...) is not None
    assert told(iss="https://other.example") is None
    assert told(aud=["other", "api"]) is not None
    assert told(aud=["other"]) is None
    for other in ("apis", "a", "", 7, None, ["apis"], {"api": 1}):
        assert told(aud=other) is None
    assert read(aud=["api"]) is None
    assert told(active=1) is None
    assert told(iat=..., exp=NOW + 600) is not None
    assert told(iat=..., exp=NOW + 601) is None
    assert told(iat=NOW - 500, exp=NOW + 100) is not None
    assert told(iat=NOW - 501, exp=NOW + 100) is None


@pytest.mark.parametrize("name", ["exp", "iat", "nbf", "auth_time"])
def test_fractions_are_cut_off_in_an_answer_and_refused_in_a_token(name: str) -> None:
    moment = NOW + 50 if name == "exp" else NOW - 50
    assert told(**{name: moment + 0.75}) == told(**{name: moment})
    assert told(**{name: moment}) is not None
    assert read(**{name: moment + 0.75}) is None
    assert told(**{name: str(moment)}) is None


def test_a_leeway_for_ended_tokens_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted bug: an end that is looked at with another clock's leeway."""
    true = claims._check_times
    monkeypatch.setattr(
        claims, "_check_times", lambda given, life, now: true(given, life, now - LEEWAY_SECONDS)
    )
    assert read(exp=NOW) is not None
