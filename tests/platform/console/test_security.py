"""What the console refuses: forged forms, borrowed cookies, other addresses, ended sessions."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import pytest

from tests.fixtures.whole_platform import Platform

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]


@asynccontextmanager
async def client(cookies: Any = None) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=60, cookies=cookies) as made:
        yield made


async def signed_in(
    platform: Platform, http: httpx2.AsyncClient, persona: str, path: str = "/console/"
) -> httpx2.Response:
    """Sign in as a browser does, step by step; returns the answer of the callback.

    A machine that is too busy to answer is asked again.
    """
    answer = await _sign_in_once(platform, http, persona, path)
    for _ in range(20):
        if answer.status_code == 303:
            break
        await asyncio.sleep(1)
        http.cookies.clear()
        answer = await _sign_in_once(platform, http, persona, path)
    return answer


async def _sign_in_once(
    platform: Platform, http: httpx2.AsyncClient, persona: str, path: str
) -> httpx2.Response:
    to_issuer = await http.get(platform.url + path)
    if to_issuer.headers["location"].startswith("/"):  # from a page to the sign-in
        to_issuer = await http.get(platform.url + to_issuer.headers["location"])
    picker = await http.get(to_issuer.headers["location"])
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', picker.text))
    form = {name: html.unescape(value) for name, value in fields.items()}
    issuer = "{0.scheme}://{0.netloc}".format(urlsplit(to_issuer.headers["location"]))
    back = await http.post(f"{issuer}/authorize", data={**form, "persona": persona})
    return await http.get(back.headers["location"])


def form_token(page: httpx2.Response) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', page.text)
    assert found is not None
    return found[1]


def session_cookie(http: httpx2.AsyncClient) -> tuple[str, str]:
    name = next(name for name in http.cookies if name.startswith("gt-session-"))
    return name, http.cookies[name]


async def test_the_session_cookie_is_sealed_and_closed_to_scripts(platform: Platform) -> None:
    async with client() as http:
        answer = await signed_in(platform, http, "officer")
        assert answer.status_code == 303
        header = next(
            each for each in answer.headers.get_list("set-cookie") if "attempt" not in each
        )
        assert "httponly" in header.lower()
        assert "samesite=lax" in header.lower()
        assert "path=/" in header.lower()
        assert "domain" not in header.lower()
        name, value = session_cookie(http)
        assert name == f"gt-session-{platform.port}"
        assert "eyJ" not in value
        assert len(value) < 4000
        page = await http.get(f"{platform.url}/console/")
        assert "eyJ" not in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"


async def test_a_changed_cookie_is_no_session(platform: Platform) -> None:
    async with client() as http:
        await signed_in(platform, http, "officer")
        name, value = session_cookie(http)
    for forged in (value[:-2] + ("AA" if value[-2:] != "AA" else "BB"), value[10:], "x", ""):
        async with client() as other:
            answer = await other.get(
                f"{platform.url}/console/", headers={"cookie": f"{name}={forged}"}
            )
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/console/login")


ADD = "/console/training/people"


async def asked(platform: Platform, persona: str, query: str, root: str, **how: Any) -> Any:
    """Return a root field; a busy machine is asked again until it answers."""

    async def attempt() -> Any:
        answer = await platform.send(persona, query, **how)
        return (answer.data or {}).get(root)

    return await platform.eventually(attempt, seconds=60)


async def roster_size(platform: Platform) -> int:
    query = "{ personnel(first: 1) { totalCount } }"
    found = await asked(platform, "training_manager", query, "personnel", purpose="TRAINING_ADMIN")
    return int(found["totalCount"])


@pytest.mark.parametrize(
    ("headers", "has_token"),
    [
        ({}, False),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"origin": "https://evil.example"}, True),
    ],
    ids=["no token", "another site", "a neighbour", "another origin"],
)
async def test_a_forged_form_changes_nothing(
    platform: Platform, headers: dict[str, str], has_token: bool
) -> None:
    async with client() as http:
        await signed_in(platform, http, "training_manager")
        token = form_token(await http.get(platform.url + ADD))
        before = await roster_size(platform)
        form = {"given_name": "Forged", "family_name": "Person", "appointment_type": "CIVILIAN"}
        if has_token:
            form["form_token"] = token
        answer = await http.post(platform.url + ADD, data=form, headers=headers)
        assert answer.status_code == 403
        assert await roster_size(platform) == before


async def test_an_honest_form_does_and_another_sessions_token_does_not(platform: Platform) -> None:
    """Twin of the above: with its own token the same form has its effect."""
    async with client() as http, client() as other:
        await signed_in(platform, http, "training_manager")
        await signed_in(platform, other, "training_manager")
        foreign = form_token(await other.get(platform.url + ADD))
        form = {"given_name": "Honest", "family_name": "Person", "appointment_type": "CIVILIAN"}
        refused = await http.post(platform.url + ADD, data={**form, "form_token": foreign})
        assert refused.status_code == 403
        before = await roster_size(platform)
        token = form_token(await http.get(platform.url + ADD))
        done = await http.post(
            platform.url + ADD,
            data={**form, "form_token": token, "key": "once"},
            headers={"sec-fetch-site": "same-origin"},
        )
        assert done.status_code == 303, done.text
        assert await roster_size(platform) == before + 1


async def test_signing_out_ends_copies_of_the_cookie_and_the_issuers_session(
    platform: Platform,
) -> None:
    async with client() as http:
        await signed_in(platform, http, "probation")
        name, value = session_cookie(http)
        page = await http.get(f"{platform.url}/console/")
        form = {"form_token": form_token(page)}
        out = await http.post(f"{platform.url}/console/logout", data=form)
        assert out.status_code == 303
        assert "/end-session?" in out.headers["location"]
        assert "id_token_hint=" in out.headers["location"]
        back = await http.get(out.headers["location"])
        assert back.headers["location"] == f"{platform.url}/console/signed-out"
        farewell = await http.get(back.headers["location"])
        assert "You are signed out" in farewell.text
    async with client() as copied:
        again = await copied.get(f"{platform.url}/console/", headers={"cookie": f"{name}={value}"})
        assert again.status_code == 303
        assert again.headers["location"].startswith("/console/login")


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/console/..//evil",
        "javascript:1",
    ],
)
async def test_signing_in_leads_to_our_own_pages_only(platform: Platform, target: str) -> None:
    async with client() as http:
        answer = await signed_in(
            platform, http, "officer", f"/console/login?{urlencode({'next': target})}"
        )
        assert answer.headers["location"].startswith("/console/")
        assert "evil" not in urlsplit(answer.headers["location"]).netloc


async def test_an_answer_to_another_attempt_begins_no_session(platform: Platform) -> None:
    async with client() as victim, client() as attacker:
        login = await attacker.get(f"{platform.url}/console/login")
        picker = await attacker.get(login.headers["location"])
        fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', picker.text))
        form = {name: html.unescape(value) for name, value in fields.items()}
        issuer = "{0.scheme}://{0.netloc}".format(urlsplit(login.headers["location"]))
        back = await attacker.post(f"{issuer}/authorize", data={**form, "persona": "officer"})
        without = await victim.get(back.headers["location"])
        assert without.status_code == 400
        await victim.get(f"{platform.url}/console/login")
        mixed = await victim.get(back.headers["location"])
        assert mixed.status_code == 400
        assert not [name for name in victim.cookies if "attempt" not in name]


async def test_a_role_taken_away_ends_the_pages_with_the_next_click(platform: Platform) -> None:
    rows = platform.demo()["personas"]
    persona = next(row for row in rows if row["persona"] == "le_supervisor")
    query = "{ myGrants(first: 1) { edges { node { id version account { id } } } } }"
    held = await asked(platform, "le_supervisor", query, "myGrants")
    grant = held["edges"][0]["node"]
    async with client() as http:
        await signed_in(platform, http, "le_supervisor")
        page = await http.get(f"{platform.url}/console/")
        assert persona["name"] in page.text
        taken = {"grantId": grant["id"], "expectedVersion": grant["version"], "reason": "Test."}
        gone = await platform.run("RevokeRole", {"input": {**taken, "idempotencyKey": "c-away"}})
        assert gone.data["revokeRole"]["userErrors"] == []
        told = await http.get(f"{platform.url}/console/")
        assert told.status_code == 403
        assert "You hold no role at the moment" in told.text
        given = {"accountId": grant["account"]["id"], "role": "LEL", "reason": "Test."}
        back = await platform.run("GrantRole", {"input": {**given, "idempotencyKey": "c-back"}})
        assert back.data["grantRole"]["userErrors"] == []
        choice = await http.get(f"{platform.url}/console/acting")  # the only one is taken
        assert choice.headers["location"] == "/console/"
        assert (await http.get(f"{platform.url}/console/")).status_code == 200


async def test_developer_pages_carry_no_token_until_asked(platform: Platform) -> None:
    async with client() as http:
        await signed_in(platform, http, "officer")
        page = await http.get(f"{platform.url}/console/developer")
        assert "eyJ" not in page.text
        asked = {"form_token": form_token(page), "token": "yes"}
        shown = await http.post(f"{platform.url}/console/developer", data=asked)
        assert "eyJ" in shown.text
        answer = await http.post(
            f"{platform.url}/graphiql/run",
            data={"form_token": form_token(page), "request": '{"query":"{ sites { name } }"}'},
        )
        assert {"name": "Cedar Falls LEAD"} in answer.json()["data"]["sites"]
        forged = await http.post(
            f"{platform.url}/graphiql/run", data={"request": '{"query":"{ sites { name } }"}'}
        )
        assert forged.status_code == 403
