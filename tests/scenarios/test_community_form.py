"""The community form: no login, no script, spam is thanked for and dropped, nothing comes back."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from gateway.community_client import CommunityClient, CommunityUnavailableError
from gateway.web.doors.community import FASTEST_SECONDS, FORMS, THANKS, CommunityDoor
from gateway.web.doors.community_page import TRAP
from infra import clock
from infra.dev.demo.identifiers import demo_id
from infra.http_client import HttpClient
from infra.identity_token import TokenMinter
from infra.signing_keys import SigningKeys
from tests.proof.house import House

SITE = str(demo_id("site", "cedar-falls"))
COUNT = "select count(*) as n from referral where author_subject = 'the-public'"


class Visitor:
    """A browser without script at the form."""

    def __init__(self, http: httpx2.AsyncClient, door: CommunityDoor) -> None:
        self.http, self.door = http, door

    async def send(self, headers: dict[str, str] | None = None, **changes: Any) -> Any:
        """Fill in the form as a person would, with changes."""
        age = changes.pop("age", FASTEST_SECONDS + 5)
        given = {
            "token": self.door.token(clock.epoch_seconds() - age), "site": SITE, TRAP: "",
            "account": "Sleeps in our doorway and is not well.", "alias": "Blue Coat",
            "need": "HOUSING", **changes,
        }  # fmt: skip
        plain = {"content-type": "application/x-www-form-urlencoded"}
        return await self.http.post(
            "/refer", content=urlencode(given), headers=plain | (headers or {})
        )


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(scenario_house: House) -> AsyncIterator[Visitor]:
    client = CommunityClient(
        HttpClient(scenario_house.address("participants")), scenario_house.minter
    )
    door = CommunityDoor(client)
    transport = httpx2.ASGITransport(app=Starlette(routes=door.routes()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://form.test") as http:
        yield Visitor(http, door)
    await client.close()


async def stored(house: House) -> int:
    (row,) = await house.services["participants"].rows(COUNT)
    return int(row["n"])


async def test_form_is_a_page_without_script(visitor: Visitor) -> None:
    page = await visitor.http.get("/refer")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert f'value="{SITE}"' in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "set-cookie" not in page.headers


async def test_form_becomes_a_referral_that_the_project_manager_screens(
    visitor: Visitor, scenario_house: House
) -> None:
    before = await stored(scenario_house)
    answer = await visitor.send(token=(token := visitor.door.token(clock.epoch_seconds() - 60)))
    again = await visitor.send(token=token)
    assert (answer.status_code, again.status_code) == (200, 200)
    assert THANKS in answer.text
    assert answer.text == again.text
    assert await stored(scenario_house) == before + 1
    (row,) = await scenario_house.services["participants"].rows(
        "select status, door, id from referral where author_subject = 'the-public'"
        " order by submitted_at desc limit 1"
    )
    assert (row["status"], row["door"]) == ("SCREENING", "COMMUNITY")
    (fact,) = await scenario_house.services["participants"].rows(
        "select count(*) as n from authority_outbox o, jsonb_array_elements(o.operations) as f"
        " where f -> 'row' ->> 'source_id' = cast(:id as text) and f -> 'row' ->> 'basis' = 'w'",
        id=str(row["id"]),
    )
    assert fact["n"] == 0


SPAM: list[dict[str, Any]] = [
    {TRAP: "http://spam.example"}, {"age": 0}, {"age": 10**6}, {"token": "1.2.3"},
    {"token": ""}, {"site": "00000000-0000-4000-8000-000000000000"}, {"site": "nowhere"},
]  # fmt: skip


@pytest.mark.parametrize(
    "changes", SPAM, ids=["trap", "fast", "old", "forged", "none", "site", "x"]
)
async def test_what_is_dropped_is_thanked_for_in_the_same_words(
    visitor: Visitor, scenario_house: House, changes: dict[str, Any]
) -> None:
    before = await stored(scenario_house)
    dropped = await visitor.send(**changes)
    assert await stored(scenario_house) == before
    taken = await visitor.send()
    assert (dropped.status_code, dropped.text) == (taken.status_code, taken.text)


async def test_planted_form_without_its_trap_is_caught(
    visitor: Visitor, scenario_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CommunityDoor, "_is_from_a_person", lambda *_: True)
    with pytest.raises(AssertionError):
        await test_what_is_dropped_is_thanked_for_in_the_same_words(
            visitor, scenario_house, {TRAP: "http://spam.example"}
        )


async def test_form_that_lacks_something_says_so_and_keeps_what_was_written(
    visitor: Visitor,
) -> None:
    answer = await visitor.send(alias="", account="<b>Somebody</b>")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "&lt;b&gt;Somebody&lt;/b&gt;" in answer.text
    assert "<b>Somebody" not in answer.text


async def test_other_pages_and_other_formats_do_not_get_in(visitor: Visitor) -> None:
    assert (await visitor.send({"sec-fetch-site": "cross-site"})).status_code == 403
    assert (await visitor.send({"content-type": "application/json"})).status_code == 400
    assert (await visitor.send(account="x" * 40_000)).status_code == 400
    assert (await visitor.send(None, **{f"f{n}": "1" for n in range(80)})).status_code == 400


async def test_address_sends_a_few_forms_and_then_waits(visitor: Visitor) -> None:
    answers = [await visitor.send(account="") for _ in range(int(FORMS.burst) + 1)]
    assert [each.status_code for each in answers[:-1]] == [422] * int(FORMS.burst)
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_internal_door_opens_to_the_gateway_alone(
    scenario_house: House, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("stranger")
    stranger = TokenMinter(SigningKeys("gateway", folder, folder / "public"))
    http = HttpClient(scenario_house.address("participants"))
    for token in ("", stranger.for_service("participants")):
        for method, path in (
            ("GET", "/internal/referrals/sites"), ("POST", "/internal/referrals/community"),
        ):  # fmt: skip
            answer = await http.request(
                method, path, {"authorization": f"Bearer {token}"}, b"{}", timeout_seconds=30
            )
            assert answer.status == 401
    await http.close()


async def test_service_that_is_away_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    client = CommunityClient(HttpClient("unix:/nowhere/at-all.sock"), None)  # type: ignore[arg-type]  # fails before it is used
    door = CommunityDoor(client)

    async def away(*_: object) -> Any:
        raise CommunityUnavailableError("away")

    monkeypatch.setattr(client, "_call", away)
    transport = httpx2.ASGITransport(app=Starlette(routes=door.routes()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://form.test") as http:
        assert (await http.get("/refer")).status_code == 503
        assert (await Visitor(http, door).send()).status_code == 503
