"""The development issuer as its clients meet it: a real process, real requests."""

import base64
import hashlib
import json
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from infra.cli.local_http import ask
from infra.dev.demo.summary import demo_summary
from infra.dev.demo.world import build_world

CALLBACK = "http://127.0.0.1:9/graphiql"
CONSOLE_CALLBACK = "http://127.0.0.1:9/console/callback"
CONSOLE = ("goldenthread-console", "console-secret")
MACHINE = ("goldenthread-machine", "machine-secret")
CLIENTS = [
    {
        "client_id": "goldenthread-dev",
        "client_name": "Developer <tools>",
        "client_secret": None,
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": [CALLBACK],
    },
    {
        "client_id": CONSOLE[0],
        "client_name": "Console",
        "client_secret": CONSOLE[1],
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": [CONSOLE_CALLBACK],
    },
    {
        "client_id": MACHINE[0],
        "client_name": "Machine",
        "client_secret": MACHINE[1],
        "grant_types": ["client_credentials"],
        "redirect_uris": [],
    },
]


@dataclass(frozen=True, slots=True)
class Issuer:
    url: str
    mint: str
    http: httpx2.Client
    environment: dict[str, str]

    def key_set(self) -> KeySet:
        return KeySet.import_key_set(self.http.get("/jwks.json").json())

    def claims(self, token: str) -> dict[str, Any]:
        return dict(jwt.decode(token, self.key_set(), algorithms=["RS256"]).claims)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(folder: Path, port: int) -> dict[str, str]:
    (folder / "demo.json").write_text(json.dumps(demo_summary(build_world(date(2026, 1, 1)))))
    (folder / "clients.json").write_text(json.dumps(CLIENTS))
    return {
        "GT_ENVIRONMENT": "development",
        "GT_BIND": f"tcp:127.0.0.1:{port}",
        "GT_ISSUER_PRIVATE_BIND": f"unix:{folder}/mint.sock",
        "GT_ISSUER": "http://127.0.0.1:1/stable",
        "GT_ISSUER_URL": f"http://127.0.0.1:{port}",
        "GT_ISSUER_AUDIENCE": "goldenthread-api",
        "GT_ISSUER_CLIENTS": f"{folder}/clients.json",
        "GT_DEMO_FILE": f"{folder}/demo.json",
        "GT_KEY_DIR": f"{folder}/keys",
    }


def _start(environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-P", "-m", "infra.dev.issuer"]
    process = subprocess.Popen(words, env=environment)
    for _ in range(600):
        try:
            httpx2.get(environment["GT_ISSUER_URL"] + "/health/ready").raise_for_status()
        except httpx2.TransportError:
            assert process.poll() is None, "the issuer ended"
            time.sleep(0.05)
        else:
            return process
    pytest.fail("the issuer does not answer")


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    folder = tmp_path_factory.mktemp("i")
    environment = _environment(folder, _free_port())
    process = _start(environment)
    url = environment["GT_ISSUER_URL"]
    with httpx2.Client(base_url=url) as http:
        yield Issuer(url, environment["GT_ISSUER_PRIVATE_BIND"], http, environment)
    process.terminate()
    assert process.wait(60) == 0


@dataclass(frozen=True, slots=True)
class Flow:
    """One run of the code flow, up to the code."""

    code: str
    verifier: str
    redirect: dict[str, list[str]]


def _parameters(verifier: str, **changes: str | None) -> dict[str, str]:
    digest = hashlib.sha256(verifier.encode()).digest()
    parameters: dict[str, str | None] = {
        "response_type": "code",
        "client_id": "goldenthread-dev",
        "redirect_uri": CALLBACK,
        "scope": "openid profile goldenthread",
        "state": "the state",
        "nonce": secrets.token_hex(8),
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **changes,
    }
    return {name: value for name, value in parameters.items() if value is not None}


def _sign_in(issuer: Issuer, persona: str | None = "officer", **changes: str | None) -> Flow:
    verifier = secrets.token_urlsafe(48)
    fields = {**_parameters(verifier, **changes), "persona": persona or ""}
    answer = issuer.http.post("/authorize", data=fields)
    assert answer.status_code == 302, answer.text
    redirect = parse_qs(urlsplit(answer.headers["location"]).query)
    return Flow(redirect.get("code", [""])[0], verifier, redirect)


def _exchange(issuer: Issuer, flow: Flow, **changes: str) -> httpx2.Response:
    fields = {
        "grant_type": "authorization_code",
        "code": flow.code,
        "redirect_uri": CALLBACK,
        "client_id": "goldenthread-dev",
        "code_verifier": flow.verifier,
        **changes,
    }
    return issuer.http.post("/token", data=fields)


def _refresh(issuer: Issuer, token: str) -> httpx2.Response:
    fields = {
        "grant_type": "refresh_token",
        "refresh_token": token,
        "client_id": "goldenthread-dev",
    }
    return issuer.http.post("/token", data=fields)


def test_discovery_names_what_there_is(issuer: Issuer) -> None:
    found = issuer.http.get("/.well-known/openid-configuration").json()
    assert found["issuer"] == "http://127.0.0.1:1/stable"
    assert found["code_challenge_methods_supported"] == ["S256"]
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        assert found[name].startswith(issuer.url)


def test_the_key_set_holds_no_private_part(issuer: Issuer) -> None:
    for key in issuer.http.get("/jwks.json").json()["keys"]:
        assert {"kty", "n", "e", "kid", "use", "alg"} == set(key)


def test_code_flow_gives_tokens_with_roles_and_nonce(issuer: Issuer) -> None:
    flow = _sign_in(issuer, nonce="the nonce")
    assert flow.redirect["state"] == ["the state"]
    assert flow.redirect["iss"] == ["http://127.0.0.1:1/stable"]
    answer = _exchange(issuer, flow)
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    access = jwt.decode(tokens["access_token"], issuer.key_set(), algorithms=["RS256"])
    assert access.header["typ"] == "at+jwt"
    assert access.header["kid"]
    claims = access.claims
    assert claims["sub"] == "persona:officer"
    assert claims["aud"] == "goldenthread-api"
    assert claims["client_id"] == "goldenthread-dev"
    assert claims["exp"] - claims["iat"] == tokens["expires_in"] == 600
    assert {"jti", "acr", "auth_time", "scope"} <= set(claims)
    [role] = claims["gt_roles"]
    assert role["role"] == "LEO"
    assert role["agency"]
    assert role["site"]
    id_claims = issuer.claims(tokens["id_token"])
    assert id_claims["nonce"] == "the nonce"
    assert id_claims["aud"] == ["goldenthread-dev"]
    assert id_claims["iss"] == "http://127.0.0.1:1/stable"
    assert "gt_roles" not in id_claims


def test_every_token_has_its_own_id(issuer: Issuer) -> None:
    ids = {issuer.claims(_minted(issuer, "officer"))["jti"] for _ in range(5)}
    assert len(ids) == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"nonce": None},
        {"scope": "openid everything"},
        {"response_type": "token"},
    ],
)
def test_a_weak_request_goes_back_as_an_error(
    issuer: Issuer, changes: dict[str, str | None]
) -> None:
    flow = _sign_in(issuer, **changes)
    assert not flow.code
    assert flow.redirect["error"]


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://127.0.0.1:9/elsewhere"},
        {"redirect_uri": "http://evil.example/graphiql"},
        {"redirect_uri": None},
        {"client_id": "unknown"},
    ],
)
def test_an_unknown_redirect_is_never_followed(
    issuer: Issuer, changes: dict[str, str | None]
) -> None:
    for method in ("GET", "POST"):
        parameters = _parameters("v" * 43, **changes)
        answer = issuer.http.request(
            method,
            "/authorize",
            params=parameters if method == "GET" else None,
            data={**parameters, "persona": "officer"} if method == "POST" else None,
        )
        assert answer.status_code in {400, 401}
        assert "location" not in answer.headers


def test_declining_says_so_to_the_client(issuer: Issuer) -> None:
    assert _sign_in(issuer, persona="").redirect["error"] == ["access_denied"]


def test_a_form_from_another_page_is_refused(issuer: Issuer) -> None:
    answer = issuer.http.post(
        "/authorize",
        data={**_parameters("v" * 43), "persona": "officer"},
        headers={"Origin": "http://evil.example"},
    )
    assert answer.status_code == 403


def test_another_host_name_is_refused(issuer: Issuer) -> None:
    assert issuer.http.get("/jwks.json", headers={"Host": "evil.example"}).status_code == 400


def test_a_wrong_verifier_uses_the_code_up(issuer: Issuer) -> None:
    flow = _sign_in(issuer)
    assert _exchange(issuer, flow, code_verifier="w" * 43).json()["error"] == "invalid_grant"
    assert _exchange(issuer, flow).json()["error"] == "invalid_grant"


def test_a_code_replayed_ends_what_it_gave(issuer: Issuer) -> None:
    flow = _sign_in(issuer)
    tokens = _exchange(issuer, flow).json()
    assert _exchange(issuer, flow).json()["error"] == "invalid_grant"
    assert _refresh(issuer, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_nonce_works_once(issuer: Issuer) -> None:
    assert _sign_in(issuer, nonce="same").code
    assert not _sign_in(issuer, nonce="same").code


def test_refresh_tokens_rotate_and_reuse_ends_the_family(issuer: Issuer) -> None:
    first = _exchange(issuer, _sign_in(issuer)).json()
    second = _refresh(issuer, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    before, after = (issuer.claims(t["access_token"]) for t in (first, second))
    assert before["auth_time"] == after["auth_time"]
    assert before["acr"] == after["acr"]  # TK-41: neither fresher nor weaker by a refresh
    assert before["sub"] == after["sub"]
    assert _refresh(issuer, first["refresh_token"]).json()["error"] == "invalid_grant"
    assert _refresh(issuer, second["refresh_token"]).json()["error"] == "invalid_grant"


def _refresh_as_console(issuer: Issuer, token: str) -> httpx2.Response:
    fields = {"grant_type": "refresh_token", "refresh_token": token}
    return issuer.http.post("/token", data=fields, auth=CONSOLE)


def _console_tokens(issuer: Issuer) -> dict[str, str]:
    flow = _sign_in(issuer, client_id=CONSOLE[0], redirect_uri=CONSOLE_CALLBACK)
    fields = {
        "grant_type": "authorization_code",
        "code": flow.code,
        "redirect_uri": CONSOLE_CALLBACK,
        "code_verifier": flow.verifier,
    }
    answer: dict[str, str] = issuer.http.post("/token", data=fields, auth=CONSOLE).json()
    return answer


def test_a_client_with_a_secret_may_repeat_a_refresh_whose_answer_was_lost(issuer: Issuer) -> None:
    first = _console_tokens(issuer)["refresh_token"]
    lost = _refresh_as_console(issuer, first).json()["refresh_token"]
    second = _refresh_as_console(issuer, first).json()["refresh_token"]
    third = _refresh_as_console(issuer, second).json()["refresh_token"]
    # What followed was used, so the first is a copy now; and so would the lost one be.
    assert len({first, lost, second, third}) == 4
    assert _refresh_as_console(issuer, first).json()["error"] == "invalid_grant"
    assert _refresh_as_console(issuer, third).json()["error"] == "invalid_grant"


def test_what_a_lost_answer_held_ends_the_family_when_it_turns_up(issuer: Issuer) -> None:
    first = _console_tokens(issuer)["refresh_token"]
    lost = _refresh_as_console(issuer, first).json()["refresh_token"]
    second = _refresh_as_console(issuer, first).json()["refresh_token"]
    assert _refresh_as_console(issuer, lost).json()["error"] == "invalid_grant"
    assert _refresh_as_console(issuer, second).json()["error"] == "invalid_grant"


def test_a_confidential_client_needs_secret_and_pkce(issuer: Issuer) -> None:
    def flow() -> Flow:
        return _sign_in(issuer, client_id=CONSOLE[0], redirect_uri=CONSOLE_CALLBACK)

    def fields(flow: Flow) -> dict[str, str]:
        return {
            "grant_type": "authorization_code",
            "code": flow.code,
            "redirect_uri": CONSOLE_CALLBACK,
            "code_verifier": flow.verifier,
        }

    good = flow()
    assert "id_token" in issuer.http.post("/token", data=fields(good), auth=CONSOLE).json()
    no_secret = issuer.http.post("/token", data={**fields(flow()), "client_id": CONSOLE[0]})
    assert no_secret.status_code == 401
    wrong = issuer.http.post("/token", data=fields(flow()), auth=(CONSOLE[0], "guess"))
    assert wrong.status_code == 401
    without = fields(flow())
    del without["code_verifier"]
    assert issuer.http.post("/token", data=without, auth=CONSOLE).status_code == 400


def test_a_machine_gets_ten_minutes_and_no_roles(issuer: Issuer) -> None:
    answer = issuer.http.post("/token", data={"grant_type": "client_credentials"}, auth=MACHINE)
    claims = issuer.claims(answer.json()["access_token"])
    assert claims["exp"] - claims["iat"] == 600
    assert claims["sub"] == MACHINE[0]
    assert "gt_roles" not in claims
    assert "refresh_token" not in answer.json()


def test_a_public_client_has_no_client_credentials(issuer: Issuer) -> None:
    fields = {"grant_type": "client_credentials", "client_id": "goldenthread-dev"}
    assert issuer.http.post("/token", data=fields).status_code in {400, 401}


def _minted(issuer: Issuer, persona: str, seconds: int = 600) -> str:
    status, answer = ask(issuer.mint, "POST", "/mint", {"persona": persona, "seconds": seconds})
    assert status == 200
    return str(answer["access_token"])


def test_minting_is_private_and_bounded(issuer: Issuer) -> None:
    claims = issuer.claims(_minted(issuer, "case_manager", 5))
    assert claims["exp"] - claims["iat"] == 5
    assert claims["gt_roles"][0]["role"] == "CM"
    assert issuer.http.post("/mint", json={"persona": "officer"}).status_code == 404
    for wrong in ({"persona": "nobody"}, {"persona": "officer", "seconds": 601}, {}):
        assert ask(issuer.mint, "POST", "/mint", wrong)[0] == 400
    socket_file = Path(issuer.mint.removeprefix("unix:"))
    assert socket_file.stat().st_mode & 0o077 == 0


def test_accounts_of_participants_have_no_agency(issuer: Issuer) -> None:
    [role] = issuer.claims(_minted(issuer, "participant"))["gt_roles"]
    assert role["role"] == "PAR"
    assert role["agency"] is None


def test_rotation_keeps_the_old_key_for_tokens_under_way(issuer: Issuer) -> None:
    old_token = _minted(issuer, "officer")
    before = {key.kid for key in issuer.key_set()}
    assert ask(issuer.mint, "POST", "/rotate", {})[0] == 200
    after = {key.kid for key in issuer.key_set()}
    assert before < after
    new_token = _minted(issuer, "officer")
    headers = [jwt.decode(t, issuer.key_set()).header["kid"] for t in (old_token, new_token)]
    assert headers[0] in before
    assert headers[1] in after - before


def test_the_picker_needs_no_script_and_lets_none_in(issuer: Issuer) -> None:
    answer = issuer.http.get("/authorize", params=_parameters("v" * 43, state='"><script>x'))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert "form-action 'self' http://127.0.0.1:9" in policy
    assert "<script" not in answer.text
    assert "Developer &lt;tools&gt;" in answer.text
    assert '<html lang="en">' in answer.text
    for persona in ("officer", "lsb", "case_manager_other_site"):
        assert f'value="{persona}"' in answer.text


def test_production_and_public_addresses_are_refused(tmp_path: Path) -> None:
    environment = _environment(tmp_path, _free_port())
    for change, said in (
        ({"GT_ENVIRONMENT": "production"}, "your own identity provider"),
        ({"GT_BIND": "tcp:0.0.0.0:9443"}, "must be a loopback address"),
    ):
        ran = subprocess.run(
            [sys.executable, "-P", "-m", "infra.dev.issuer"],
            env={**environment, **change},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 2
        assert said in ran.stderr
        assert len(ran.stderr.splitlines()) == 1


def test_keys_stay_the_same_after_a_restart(tmp_path: Path) -> None:
    environment = _environment(tmp_path, _free_port())
    seen = []
    for _ in range(2):
        process = _start(environment)
        seen.append(httpx2.get(environment["GT_ISSUER_URL"] + "/jwks.json").json())
        process.terminate()
        process.wait(60)
    assert seen[0] == seen[1]
    for path in (tmp_path / "keys").iterdir():
        assert path.stat().st_mode & 0o077 == 0
