"""A Part 2 court order is carried out as it is written, and no further (D33, CN-09)."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from gateway.web.credentials import CredentialsReader
from gateway.web.doors.orders import OrderDoors
from infra.dev.demo.identifiers import demo_id
from infra.vocabulary import Basis, Category
from svc_consent.orders import rules
from svc_consent.orders.rules import grounds as real_grounds
from tests.fixtures.token_issuer import token
from tests.proof.house import Gateway, House
from tests.scenarios.stage import PURPOSES, asked

WHOSE = str(demo_id("participant", "p002"))
RECIPIENT = str(demo_id("agency", "cedar-prosecutor"))
TODAY = datetime.now(UTC).date()
INSIDE, OUTSIDE = TODAY - timedelta(days=3), TODAY - timedelta(days=40)


class Desk:
    """Somebody's way to the door and to the API."""

    def __init__(self, house: House, gateway: Gateway, http: httpx2.AsyncClient) -> None:
        self.house, self.gateway, self.http = house, gateway, http

    async def run(self, who: str, name: str, payload: str, **given: Any) -> Any:
        of_type = f"{name[0].upper()}{name[1:]}Input"
        query = f"""mutation Run($input: {of_type}!) {{ {name}(input: $input) {{
          {payload} userErrors {{ code }} }} }}"""
        variables = {"input": {"idempotencyKey": uuid4().hex, **given}}
        answer = await asked(self.gateway, f"persona:{who}", query, variables, PURPOSES[who])
        result = (answer.body.get("data") or {}).get(name)
        assert result is not None, answer.body
        await self.house.settled()
        return result

    async def carry_out(self, order_id: str, who: str = "cm_supervisor") -> httpx2.Response:
        headers = {"authorization": f"Bearer {token(sub=f'persona:{who}')}"}
        if PURPOSES[who]:
            headers["purpose-of-use"] = str(PURPOSES[who])
        path = f"/participants/{WHOSE}/court-orders/{order_id}"
        return await self.http.post(path, headers=headers)

    async def told(self, order_id: str) -> list[dict[str, Any]]:
        """What the ledger says was handed over by an order."""
        return await self.house.services["consent"].rows(
            "select entry->>'purpose' as purpose, entry->>'agencyId' as agency,"
            " part->'categories' as categories, part->>'kind' as kind"
            " from ledger_entry, jsonb_array_elements(entry->'parts') part"
            " where entry->>'agencyId' = cast(:agency as varchar)"
            " and part->>'outcome' = 'RELEASED'"
            " and cast(entry as text) like '%' || cast(:order as varchar) || '%'",
            agency=RECIPIENT,
            order=order_id,
        )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(scenario_house: House, scenario_gateway: Gateway) -> AsyncIterator[Desk]:
    app = Starlette(routes=OrderDoors(scenario_gateway.pipeline, CredentialsReader()).routes())
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://doors.test") as http:
        made = Desk(scenario_house, scenario_gateway, http)
        # The person is served, and assigned, for the whole of this file.
        for day, text in ((INSIDE, "Inside the period"), (OUTSIDE, "Outside the period")):
            added = await made.run(
                "case_manager", "addCaseNote", "note { id }", participantId=WHOSE,
                mode="OFFICE", occurredOn=day.isoformat(), text=text,
            )  # fmt: skip
            assert added["userErrors"] == []
        await made.run(
            "privacy_officer", "openReview", "endsAt", participantId=WHOSE, reason="Order"
        )
        yield made


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def no_order_in_force(request: pytest.FixtureRequest) -> None:
    """One order at a time: what an earlier test has left is ended."""
    if "desk" not in request.fixturenames:
        return
    desk: Desk = request.getfixturevalue("desk")
    query = """query Orders($id: ID!) { participant(id: $id) {
      courtOrders { id version endedAt } } }"""
    answer = await asked(
        desk.gateway, "persona:cm_supervisor", query, {"id": WHOSE}, PURPOSES["cm_supervisor"]
    )
    for each in answer.body["data"]["participant"]["courtOrders"]:
        if each["endedAt"] is None:
            await end(desk, each)


async def end(desk: Desk, order: dict[str, Any]) -> Any:
    return await desk.run(
        "cm_supervisor", "endCourtOrder", "order { endedAt }", orderId=order["id"],
        expectedVersion=order["version"], reason="Stayed",
    )  # fmt: skip


async def demand(desk: Desk, kind: str = "ORDER_2_64") -> tuple[str, int]:
    """An order comes in; returns its id and version."""
    given = {"participantId": WHOSE, "kind": kind, "issuedBy": uuid4().hex, "scope": "Case notes"}
    await desk.run("cm_supervisor", "recordLegalDemand", "reply", **given)
    query = """query Demands($id: ID!) { participant(id: $id) {
      legalDemands { id version issuedBy } } }"""
    answer = await asked(
        desk.gateway, "persona:privacy_officer", query, {"id": WHOSE}, PURPOSES["privacy_officer"]
    )
    rows = answer.body["data"]["participant"]["legalDemands"]
    row = next(each for each in rows if each["issuedBy"] == given["issuedBy"])
    return row["id"], row["version"]


async def admit(desk: Desk, who: str = "privacy_officer", **changes: Any) -> Any:
    """Counsel's decision is recorded; returns the payload."""
    demand_id, version = await demand(desk, changes.pop("kind", "ORDER_2_64"))
    given = {
        "demandId": demand_id, "expectedVersion": version, "orderNumber": "24-2-00017-1",
        "counselName": "C. Counsel", "recipientAgencyId": RECIPIENT,
        "categories": ["IDENTITY", "CASE_NOTES"], "hasSubpoena": True,
        "dataFrom": (TODAY - timedelta(days=10)).isoformat(), "dataTo": TODAY.isoformat(),
        "expiresAt": (datetime.now(UTC) + timedelta(hours=1)).isoformat(), **changes,
    }  # fmt: skip
    return await desk.run(who, "admitCourtOrder", "order { id version categories }", **given)


async def carries_out_exactly_what_is_listed(desk: Desk) -> None:
    admitted = await admit(desk)
    order_id = admitted["order"]["id"]
    given = await desk.carry_out(order_id)
    assert given.status_code == 200, given.text
    assert given.headers["x-document-sha256"] == hashlib.sha256(given.content).hexdigest()
    document = given.json()
    assert set(document["records"]) <= {"name", "dateOfBirth", "aliases", "notes", "encounters"}
    texts = [each["text"] for each in document["records"]["notes"]]
    assert "Inside the period" in texts
    assert "Outside the period" not in texts
    (told,) = await desk.told(order_id)
    assert (told["purpose"], told["kind"]) == ("HLEGAL", "DISCLOSURE")
    assert set(told["categories"]) == {"IDENTITY", "CASE_NOTES"}


async def test_d33_an_order_opens_what_it_lists_of_its_period_to_whom_it_names(desk: Desk) -> None:
    await carries_out_exactly_what_is_listed(desk)


async def test_d33_planted_order_without_its_period_is_caught(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgets(*given: Any) -> Any:
        return [
            type(each)(**{**_fields(each), "data_from": None, "data_to": None})
            for each in real_grounds(*given)
        ]

    monkeypatch.setattr(rules, "grounds", forgets)
    with pytest.raises(AssertionError):
        await carries_out_exactly_what_is_listed(desk)


def _fields(fact: Any) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in type(fact).__slots__}


async def test_d33_an_order_that_ended_opens_nothing_more(desk: Desk) -> None:
    order = (await admit(desk))["order"]
    ended = await end(desk, order)
    assert ended["order"]["endedAt"]
    refused = await desk.carry_out(order["id"])
    assert (refused.status_code, refused.json()) == (409, {"code": "ORDER_ENDED"})
    assert await desk.told(order["id"]) == []


async def test_d33_the_grounds_of_an_order_end_with_it_whatever_the_door_says(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = (await admit(desk))["order"]
    await end(desk, order)
    real = desk.gateway.pipeline.answer

    async def claims_in_force(request: Any) -> Any:
        answer = await real(request)
        person = (answer.body.get("data") or {}).get("participant") or {}
        for each in person.get("courtOrders") or ():
            each["endedAt"] = None
        return answer

    monkeypatch.setattr(desk.gateway.pipeline, "answer", claims_in_force)
    refused = await desk.carry_out(order["id"])
    assert refused.status_code in (403, 409), refused.text
    assert await desk.told(order["id"]) == []


async def test_d33_one_order_at_a_time(desk: Desk) -> None:
    await admit(desk)
    second = await admit(desk)
    assert [each["code"] for each in second["userErrors"]] == ["ORDER_IN_FORCE"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "SUBPOENA"}, "NOT_AN_ORDER"),
        ({"kind": "WARRANT"}, "NOT_AN_ORDER"),
        ({"hasSubpoena": False}, "SUBPOENA_NEEDED"),
        ({"categories": []}, "CATEGORIES_NEEDED"),
        ({"categories": ["LEGAL_COORD"]}, "CATEGORIES_NEEDED"),
        ({"orderNumber": " "}, "TEXT_NEEDED"),
        ({"dataTo": (TODAY - timedelta(days=90)).isoformat()}, "PERIOD_INVALID"),
        ({"expiresAt": datetime(2024, 1, 1, tzinfo=UTC).isoformat()}, "ORDER_ENDED"),
    ],
    ids=lambda each: each if isinstance(each, str) else None,
)
async def test_d33_what_does_not_suffice_opens_nothing(
    desk: Desk, changes: dict[str, Any], code: str
) -> None:
    refused = await admit(desk, **changes)
    assert [each["code"] for each in refused["userErrors"]] == [code]
    assert refused["order"] is None


async def test_d33_who_admits_does_not_carry_out_and_nobody_else_does(desk: Desk) -> None:
    order_id = (await admit(desk))["order"]["id"]
    people = ("privacy_officer", "case_manager", "court_clerk", "prosecutor", "officer")
    for who in people:
        answer = await desk.carry_out(order_id, who)
        assert answer.status_code in (403, 404, 409), (who, answer.text)
    assert await desk.told(order_id) == []


async def test_d33_nobody_states_the_purpose_of_an_order(desk: Desk) -> None:
    for who in ("cm_supervisor", "privacy_officer", "court_clerk", "prosecutor"):
        answer = await desk.gateway.ask(f"persona:{who}", "{ __typename }", None, purpose="HLEGAL")
        assert (answer.status, answer.body["errors"][0]["extensions"]["code"]) == (
            403,
            "PURPOSE_NOT_ALLOWED",
        )


def test_d33_a_ground_of_an_order_is_its_own_kind_and_ends() -> None:
    now = datetime.now(UTC)
    terms = rules.Terms(
        "1", "C", (Category.CASE_NOTES,), date(2026, 1, 1), None, now + timedelta(1), True
    )
    made = rules.grounds(uuid4(), uuid4(), ("agency:a@s", "agency:b@s"), terms, now)
    assert {each.basis for each in made} == {Basis.COURT_ORDER}
    assert {each.holder for each in made} == {"agency:a@s", "agency:b@s"}
    assert all(each.ends_at == terms.expires_at and each.data_from for each in made)
