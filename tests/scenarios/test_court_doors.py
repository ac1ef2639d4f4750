"""Letters to a court and court dates through their doors: pipeline, ledger and document."""

import hashlib
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from gateway.rounds import Rounds
from gateway.web.credentials import CredentialsReader
from gateway.web.doors import letter_handover
from gateway.web.doors.court import CourtDoors
from infra.dev.demo.identifiers import demo_id
from tests.fixtures.token_issuer import token
from tests.proof.house import Gateway, House
from tests.scenarios.stage import PURPOSES, asked

WHOSE = str(demo_id("participant", "p001"))
COURT = str(demo_id("agency", "cedar-court"))
CATEGORIES = ["ENROLLMENT", "GOALS_PLAN", "LEGAL_COORD"]


class Desk:
    """Somebody's way to the doors and to the API."""

    def __init__(self, house: House, gateway: Gateway, http: httpx2.AsyncClient) -> None:
        self.house, self.gateway, self.http = house, gateway, http

    async def ask(self, who: str, query: str, variables: dict[str, Any]) -> Any:
        answer = await asked(self.gateway, f"persona:{who}", query, variables, PURPOSES[who])
        return answer.body

    async def run(self, who: str, name: str, of_type: str, payload: str, **given: Any) -> Any:
        query = f"""mutation Run($input: {of_type}!) {{ {name}(input: $input) {{
          {payload} userErrors {{ code }} }} }}"""
        variables = {"input": {"idempotencyKey": uuid4().hex, **given}}
        body = await self.ask(who, query, variables)
        result = body["data"][name]
        assert result["userErrors"] == [], body
        await self.house.settled()
        return result

    async def send(self, who: str, method: str, path: str, **given: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {token(sub=f'persona:{who}')}"}
        if PURPOSES[who]:
            headers["purpose-of-use"] = str(PURPOSES[who])
        return await self.http.request(method, path, headers=headers, **given)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(scenario_house: House, scenario_gateway: Gateway) -> AsyncIterator[Desk]:
    app = Starlette(routes=CourtDoors(scenario_gateway.pipeline, CredentialsReader()).routes())
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://doors.test") as http:
        yield Desk(scenario_house, scenario_gateway, http)


WORDS = "She has a room (since May), and keeps in touch."


async def approved_summary(desk: Desk, statement: str = WORDS) -> dict[str, Any]:
    """The summary that stands from now on; how a further step names it."""
    written = await desk.run(
        "case_manager",
        "writeProgressSummary",
        "WriteProgressSummaryInput",
        "summary { id version }",
        participantId=WHOSE,
        statement=statement,
    )
    done = await desk.run(
        "case_manager",
        "approveProgressSummary",
        "ApproveProgressSummaryInput",
        "summary { id version }",
        summaryId=written["summary"]["id"],
        expectedVersion=written["summary"]["version"],
    )
    return {"summaryId": done["summary"]["id"], "expectedVersion": done["summary"]["version"]}


async def approved_letter(desk: Desk) -> str:
    """A letter from the approved summary, that a supervisor has approved."""
    await approved_summary(desk)
    query = """query Material($id: ID!) { participant(id: $id) {
      courtLetterMaterial { statement sealed }
      legalCases(first: 100) { edges { node { id case { filedOn } } } } } }"""
    body = await desk.ask("case_manager", query, {"id": WHOSE})
    person = body["data"]["participant"]
    assert person["courtLetterMaterial"]["statement"] == WORDS, body
    link = next(
        each["node"]["id"]
        for each in person["legalCases"]["edges"]
        if (each["node"]["case"] or {}).get("filedOn")
    )
    sealed = person["courtLetterMaterial"]["sealed"]
    made = await desk.run(
        "case_manager",
        "draftCourtLetter",
        "DraftCourtLetterInput",
        "letter { id version }",
        linkId=link,
        sealed=sealed,
    )
    letter_id: str = made["letter"]["id"]
    await desk.run(
        "cm_supervisor",
        "approveCourtLetter",
        "CourtLetterStepInput",
        "letter { id }",
        letterId=letter_id,
        expectedVersion=1,
    )
    return letter_id


async def name_the_court(desk: Desk) -> None:
    end = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    signed = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    provision = {
        "recipientAgencyId": COURT,
        "categories": CATEGORIES,
        "purposes": ["LEAD_LEGAL_COORD"],
    }
    await desk.run(
        "case_manager",
        "signRelease",
        "SignReleaseInput",
        "release { id status }",
        participantId=WHOSE,
        kind="GENERAL",
        formVersion="GENERAL@2026-01",
        expiresAt=end,
        covers=[],
        signature={"signedAt": signed, "method": "WET_INK"},
        provisions=[provision],
    )


async def told_to_court(desk: Desk) -> list[dict[str, Any]]:
    """The parts of the ledger that say the court was told something, about anybody."""
    return await desk.house.services["consent"].rows(
        "select entry->>'role' as role, entry->>'purpose' as purpose, part->>'outcome' as outcome,"
        " part->>'kind' as kind, part->'categories' as categories"
        " from ledger_entry, jsonb_array_elements(entry->'parts') part"
        " where entry->>'agencyId' = cast(:court as varchar)"
        " and part->>'outcome' = 'RELEASED' and part->>'participant' is not null",
        court=COURT,
    )


HANDED = {"recipientName": "Clerk Example", "method": "CLERK"}


async def hand_over(desk: Desk, letter_id: str, who: str = "case_manager") -> httpx2.Response:
    body = {**HANDED, "participantId": WHOSE, "idempotencyKey": uuid4().hex}
    return await desk.send(who, "POST", f"/cases/letters/{letter_id}", json=body)


async def test_a_letter_goes_to_a_named_court_with_its_record(desk: Desk) -> None:
    letter_id = await approved_letter(desk)
    refused = await hand_over(desk, letter_id)
    assert (refused.status_code, refused.json()) == (409, {"code": "RECIPIENT_NOT_NAMED"})
    assert await told_to_court(desk) == []
    await name_the_court(desk)
    given = await hand_over(desk, letter_id)
    assert given.status_code == 200, given.text
    assert given.headers["content-type"] == "application/pdf"
    digest = hashlib.sha256(given.content).hexdigest()
    assert given.headers["x-document-sha256"] == digest
    assert b"She has a room \\(since May\\), and keeps in touch." in given.content
    assert WHOSE.encode() not in given.content
    (told,) = await told_to_court(desk)
    assert (told["role"], told["purpose"], told["kind"]) == (
        "CRT",
        "LEAD_LEGAL_COORD",
        "DISCLOSURE",
    )
    assert set(told["categories"]) == set(CATEGORIES)
    query = """query Letter($id: ID!) { courtLetter(id: $id) {
      status recipientName deliveryMethod documentSha256 } }"""
    body = await desk.ask("case_manager", query, {"id": letter_id})
    assert body["data"]["courtLetter"] == {
        "status": "DELIVERED",
        "recipientName": HANDED["recipientName"],
        "deliveryMethod": HANDED["method"],
        "documentSha256": digest,
    }
    again = await hand_over(desk, letter_id)
    assert (again.status_code, len(await told_to_court(desk))) == (409, 1)
    accounting = """query Told($id: ID!) { participant(id: $id) { accounting(first: 20) {
      edges { node { kind recipient { id } } } } } }"""
    body = await desk.ask("case_manager", accounting, {"id": WHOSE})
    rows = [edge["node"] for edge in body["data"]["participant"]["accounting"]["edges"]]
    assert {"kind": "DISCLOSURE", "recipient": {"id": COURT}} in rows


async def test_the_gate_itself_stops_a_court_that_is_not_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the service says before is a courtesy: without a release the gate lets nothing go."""
    letter_id = await approved_letter(desk)
    await revoke_all(desk)
    real = desk.gateway.pipeline.answer

    async def claims_named(request: Any) -> Any:
        answer = await real(request)
        letter = (answer.body.get("data") or {}).get("courtLetter") or {}
        if "isCourtNamed" in letter:
            letter["isCourtNamed"] = True
        return answer

    monkeypatch.setattr(desk.gateway.pipeline, "answer", claims_named)
    before = len(await told_to_court(desk))
    refused = await hand_over(desk, letter_id)
    assert refused.status_code == 409, refused.text
    assert len(await told_to_court(desk)) == before

    async def skips_gate(_self: Rounds, _call: Any) -> float:
        return 0.0

    # Planted: without the gate the delivery still meets the service's own check.
    monkeypatch.setattr(Rounds, "_handed_over", skips_gate)
    stopped = await hand_over(desk, letter_id)
    assert stopped.status_code != 200


async def revoke_all(desk: Desk) -> None:
    await desk.run(
        "case_manager",
        "revokeAllReleases",
        "RevokeAllReleasesInput",
        "releases { id }",
        participantId=WHOSE,
        reason="The person wishes so",
        saidAt=datetime.now(UTC).isoformat(),
        method="ORAL",
    )


async def keeps_back_what_was_taken_back(desk: Desk) -> bool:
    """A summary that is withdrawn, or worded anew, takes approved letters of its words along."""
    letter_id = await approved_letter(desk)
    await name_the_court(desk)
    before = len(await told_to_court(desk))
    other = await approved_summary(desk, "She has a room.")
    replaced = await hand_over(desk, letter_id)
    taken_back = ("withdrawProgressSummary", "WithdrawProgressSummaryInput", "summary { id }")
    await desk.run("case_manager", *taken_back, **other)
    withdrawn = await hand_over(desk, letter_id)
    refusals = {(each.status_code, each.content) for each in (replaced, withdrawn)}
    is_refused = refusals == {(409, b'{"code":"SUMMARY_CHANGED"}')}
    return is_refused and len(await told_to_court(desk)) == before


async def test_words_that_were_taken_back_reach_no_court(desk: Desk) -> None:
    assert await keeps_back_what_was_taken_back(desk)


async def test_planted_letter_that_outlives_its_summary_is_caught(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letter_handover, "says_what_stands", lambda *_: True)
    assert not await keeps_back_what_was_taken_back(desk)


async def test_a_delivery_is_recorded_by_the_door_alone(desk: Desk) -> None:
    letter_id = await approved_letter(desk)
    query = """mutation Run($input: DeliverCourtLetterInput!) { deliverCourtLetter(input: $input) {
      letter { id } } }"""
    given = {**HANDED, "letterId": letter_id, "documentSha256": "a" * 64, "expectedVersion": 2}
    body = await desk.ask("case_manager", query, {"input": {"idempotencyKey": "k", **given}})
    assert body["data"] is None
    codes = [each["extensions"]["code"] for each in body["errors"]]
    assert codes == ["MUTATION_NOT_ALLOWED", "FIELD_NOT_ALLOWED"]


@pytest.mark.parametrize("who", ["court_clerk", "prosecutor", "officer", "probation"])
async def test_courts_and_justice_partners_have_no_way_to_letters(desk: Desk, who: str) -> None:
    letter_id = await approved_letter(desk)
    assert (await hand_over(desk, letter_id, who)).status_code == 403


async def test_court_dates_come_as_a_calendar_without_names(desk: Desk) -> None:
    answer = await desk.send("case_manager", "GET", "/cases/court-dates.ics?days=366")
    assert (answer.status_code, answer.headers["content-type"]) == (
        200,
        "text/calendar; charset=utf-8",
    )
    text = answer.text
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.count("BEGIN:VEVENT") == text.count("END:VEVENT") > 0
    assert "TRIGGER:-P1D" in text
    for row in desk.house.document["participants"]:
        for name in (row["given_name"], row["family_name"]):
            assert not name or not re.search(rf"\b{re.escape(name)}\b", text)
    assert "LEAD" not in text


@pytest.mark.parametrize("who", ["prosecutor", "officer", "court_clerk"])
async def test_justice_partners_get_no_calendar(desk: Desk, who: str) -> None:
    answer = await desk.send(who, "GET", "/cases/court-dates.ics")
    assert answer.status_code == 403
