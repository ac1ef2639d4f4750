"""Streams of the whole platform, as a partner's programs hear them: graphql-ws and graphql-sse.

Every kind of event comes about by what people do through the API, and reaches by either transport
whom it concerns, and nobody else. What is lost is silence; a role that is lost ends the stream.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio

from infra.dev.demo.identifiers import demo_id
from tests.fixtures.whole_platform import (
    OUTAGES_TO_BEAR,
    Platform,
    free_ports,
    start_platform,
    stop_platform,
)
from tests.platform.partner_parts import NEEDS_NODE, SOURCES, have_packages

pytestmark = [
    pytest.mark.walk,
    pytest.mark.timeout(900),
    pytest.mark.skipif(NEEDS_NODE, reason="needs Node and npm"),
]

PATIENCE_SECONDS = 180
TRANSPORTS = ("socket", "events")
CALLED = "subscription { handoffRequested { id state place } }"
ANSWERED = "subscription($id: ID!) { handoffAnswered(referralId: $id) { id state } }"
RECEIVED = "subscription { referralReceived { id } }"
RELEASES = "subscription($id: ID!) { releaseChanged(participantId: $id) { id status } }"
ASSIGNED = "subscription { assignmentChanged { id caseManagerId endedAt } }"
REMOVED = """subscription($id: ID!, $items: [ID!]!) {
  agendaItemRemoved(meetingId: $id, itemIds: $items) { itemIds } }"""
HELD = """query($id: ID!) { participant(id: $id) {
  assignments { edges { node { id version caseManagerId endedAt } } } } }"""
REFERRAL_FORM = {
    "account": "Took a jacket; asked for help.", "urgency": "NOW", "personIsAware": "YES",
    "interceptPoint": "LAW_ENFORCEMENT", "counterfactual": "WOULD_BOOK",
    "person": {"givenName": "Ruby", "familyName": "Stream"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription of somebody."""

    name: str
    who: str
    purpose: str
    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)


class Listeners:
    """What each subscription was told, by its name and transport."""

    def __init__(self) -> None:
        self._lines: dict[str, list[dict[str, Any]]] = {}
        self._told = asyncio.Condition()

    async def read(self, stream: asyncio.StreamReader) -> None:
        """Take in what the listening program writes."""
        while line := await stream.readline():
            said = json.loads(line)
            async with self._told:
                self._lines.setdefault(said["name"], []).append(said)
                self._told.notify_all()

    def of(self, name: str) -> list[dict[str, Any]]:
        """Return all that was said to one of them."""
        return self._lines.get(name, [])

    async def wait(self, name: str, holds: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until a line of this kind was said over every transport."""
        names = [f"{name} {transport}" for transport in TRANSPORTS]

        def is_said() -> bool:
            return all(any(holds(line) for line in self.of(each)) for each in names)

        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._told:
                await self._told.wait_for(is_said)
        except TimeoutError:
            raise AssertionError((name, self._lines)) from None

    async def connected(self, wanted: list[Wanted]) -> None:
        """Wait until all are connected."""
        for each in wanted:
            await self.wait(each.name, lambda line: line.get("connected") is True)

    async def heard(self, name: str, root: str, **fields: Any) -> None:
        """Wait for an event over every transport."""

        def is_it(line: dict[str, Any]) -> bool:
            found = (line.get("data") or {}).get(root) or {}
            return bool(found) and fields.items() <= found.items()

        await self.wait(name, is_it)

    def events(self, name: str) -> list[Any]:
        """Return all events of one over every transport."""
        names = [f"{name} {transport}" for transport in TRANSPORTS]
        return [line for each in names for line in self.of(each) if "connected" not in line]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_platform() -> AsyncIterator[Platform]:
    """Run a platform that these tests may change."""
    await asyncio.to_thread(have_packages)
    with tempfile.TemporaryDirectory(prefix="gt-streams-") as name:
        data_dir, port = Path(name) / "data", free_ports()
        process = await asyncio.to_thread(start_platform, data_dir, port, Path(name) / "up.log")
        try:
            async with httpx2.AsyncClient(timeout=60) as client:
                yield Platform(data_dir, port, process, Path(name) / "up.log", client)
        finally:
            await asyncio.to_thread(stop_platform, process)


@asynccontextmanager
async def _listening(platform: Platform, wanted: list[Wanted]) -> AsyncIterator[Listeners]:
    """Have all of them listen, over every transport."""
    asked = [
        {
            "name": f"{each.name} {transport}", "transport": transport, "purpose": each.purpose,
            "token": await platform.token(each.who), "query": each.query,
            "variables": dict(each.variables),
        }
        for each in wanted
        for transport in TRANSPORTS
    ]  # fmt: skip
    program = await asyncio.create_subprocess_exec(
        "node", "listen.mjs", f"{platform.url}/subscriptions",
        cwd=SOURCES, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(json.dumps(asked).encode())
    program.stdin.close()
    listeners = Listeners()
    reading = asyncio.create_task(listeners.read(program.stdout))
    try:
        await listeners.connected(wanted)
        yield listeners
    finally:
        if program.returncode is None:
            program.kill()
        await program.wait()
        await reading


async def _do(
    platform: Platform, who: str, purpose: str, name: str, selection: str = "", **given: Any
) -> Any:
    kind = f"{name[0].upper()}{name[1:]}Input"
    query = (
        f"mutation Run($input: {kind}!) {{ {name}(input: $input) {{ {selection}"
        " userErrors { code } } }"
    )
    variables = {"input": {"idempotencyKey": uuid4().hex, **given}}
    for attempt in range(OUTAGES_TO_BEAR):  # the key makes another try harmless
        answer = await platform.send(who, query, variables, purpose=purpose)
        if "SERVICE_UNAVAILABLE" not in answer.codes:
            break
        await asyncio.sleep(0.2 * 2**attempt)
    assert answer.codes == [], (name, answer.body)
    payload = answer.data[name]
    assert payload["userErrors"] == [], (name, answer.body)
    return payload


def _ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


async def _referral(platform: Platform) -> str:
    made = await _do(
        platform, "officer", "LEAD_REFERRAL", "submitArrestDiversion", "referral { id }",
        incidentNumber="26-101", offenceCode="90J", form=REFERRAL_FORM,
    )  # fmt: skip
    found: str = made["referral"]["id"]
    return found


async def test_a_call_reaches_who_is_on_call_and_the_answer_who_called(
    own_platform: Platform,
) -> None:
    """Referral received, handoff requested, handoff answered."""
    await _do(
        own_platform, "cm_supervisor", "CAREMGT", "putOnCall",
        accountId=str(demo_id("staff", "case_manager")), dutyPhone="206-555-0142",
        startsAt=_ago(60), endsAt=_ago(-600),
    )  # fmt: skip
    first = await _referral(own_platform)
    wanted = [
        Wanted("project", "project_manager", "LEAD_REFERRAL", RECEIVED),
        Wanted("on call", "case_manager", "LEAD_COORD", CALLED),
        Wanted("elsewhere", "case_manager_other_agency", "LEAD_COORD", CALLED),
        Wanted("officer", "officer", "LEAD_REFERRAL", ANSWERED, {"id": first}),
    ]
    async with _listening(own_platform, wanted) as listeners:
        second = await _referral(own_platform)
        await listeners.heard("project", "referralReceived", id=second)
        called = await _do(
            own_platform, "officer", "LEAD_REFERRAL", "requestHandoff", "handoff { id }",
            referralId=first, requestedAt=_ago(1), place="3rd and Pike",
        )  # fmt: skip
        handoff = called["handoff"]["id"]
        await listeners.heard(
            "on call", "handoffRequested", id=handoff, state="HANDOFF_REQUESTED",
            place="3rd and Pike",
        )  # fmt: skip
        await _do(
            own_platform, "case_manager", "LEAD_COORD", "recordHandoff", handoffId=handoff,
            expectedVersion=1, state="HANDOFF_EN_ROUTE", happenedAt=_ago(0),
        )  # fmt: skip
        await listeners.heard("officer", "handoffAnswered", id=handoff, state="HANDOFF_EN_ROUTE")
        assert listeners.events("elsewhere") == []


async def test_a_colleague_hears_of_a_person_only_while_assigned(own_platform: Platform) -> None:
    """Assignment changed and release changed; what is lost is silence, not an error."""
    shown = await asyncio.to_thread(own_platform.operation, "SignRoi")
    who = shown["variables"]["input"]["participantId"]
    colleague = str(demo_id("staff", "case_manager_unassigned"))
    wanted = [
        Wanted("manager", "case_manager", "CAREMGT", RELEASES, {"id": who}),
        Wanted("colleague", "case_manager_unassigned", "CAREMGT", RELEASES, {"id": who}),
        Wanted("colleague's work", "case_manager_unassigned", "CAREMGT", ASSIGNED),
        Wanted("elsewhere", "case_manager_other_agency", "CAREMGT", RELEASES, {"id": who}),
    ]

    async def sign() -> str:
        input_ = {**shown["variables"]["input"], "idempotencyKey": uuid4().hex}
        signed = await own_platform.run("SignRoi", {"input": input_})
        assert signed.codes == []
        found: str = signed.data["signRelease"]["release"]["id"]
        await listeners.heard("manager", "releaseChanged", id=found)
        return found

    async with _listening(own_platform, wanted) as listeners:
        await sign()
        assert listeners.events("colleague") == []
        await _do(
            own_platform, "cm_supervisor", "CAREMGT", "assignCaseManager",
            participantId=who, accountId=colleague,
        )  # fmt: skip
        await listeners.heard("colleague's work", "assignmentChanged", caseManagerId=colleague)
        during = await sign()
        await listeners.heard("colleague", "releaseChanged", id=during)
        held = await own_platform.send("cm_supervisor", HELD, {"id": who}, purpose="CAREMGT")
        (node,) = [
            edge["node"]
            for edge in held.data["participant"]["assignments"]["edges"]
            if edge["node"]["caseManagerId"] == colleague and edge["node"]["endedAt"] is None
        ]
        await _do(
            own_platform, "cm_supervisor", "CAREMGT", "endAssignment",
            assignmentId=node["id"], expectedVersion=node["version"],
        )  # fmt: skip
        after = await sign()
        told = {line["data"]["releaseChanged"]["id"] for line in listeners.events("colleague")}
        assert during in told
        assert after not in told
        assert listeners.events("elsewhere") == []


async def test_what_leaves_an_agenda_is_told_to_whom_saw_it(own_platform: Platform) -> None:
    pledge = "meeting { id version }"
    soon = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    chair = ("project_manager", "LEAD_COORD")
    made = await _do(own_platform, *chair, "scheduleMeeting", pledge, startsAt=soon, place="Room 3")
    meeting = made["meeting"]["id"]
    await _do(
        own_platform, *chair, "moveMeeting", meetingId=meeting, status="AGENDA_OPEN",
        expectedVersion=made["meeting"]["version"],
    )  # fmt: skip
    proposed = await _do(
        own_platform, "case_manager", "LEAD_COORD", "proposeAgendaItem", "item { id version }",
        meetingId=meeting, participantId=own_platform.participant("roi_active"),
        topic="CONCERN", question="What would help with the next court date?",
    )  # fmt: skip
    item = proposed["item"]["id"]
    await _do(
        own_platform, *chair, "moveAgendaItem", itemId=item, status="ADMITTED",
        expectedVersion=proposed["item"]["version"],
    )  # fmt: skip
    shown = {"id": meeting, "items": [item]}
    wanted = [Wanted("chair", *chair, REMOVED, shown)]
    async with _listening(own_platform, wanted) as listeners:
        await _do(
            own_platform, "case_manager", "LEAD_COORD", "moveAgendaItem", itemId=item,
            status="WITHDRAWN", expectedVersion=proposed["item"]["version"] + 1,
        )  # fmt: skip
        await listeners.heard("chair", "agendaItemRemoved", itemIds=[item])


@pytest.mark.parametrize("who", ["officer", "prosecutor", "probation", "court_clerk"])
async def test_justice_roles_subscribe_to_nobody(own_platform: Platform, who: str) -> None:
    headers = {
        "authorization": f"Bearer {await own_platform.token(who)}", "accept": "text/event-stream",
    }  # fmt: skip
    for query in (RELEASES, CALLED, ASSIGNED, RECEIVED):
        variables = {"id": own_platform.participant("roi_active")} if "$id" in query else {}
        answer = await own_platform.client.post(
            f"{own_platform.url}/subscriptions",
            json={"query": query, "variables": variables},
            headers=headers,
        )
        assert answer.status_code == 403
        codes = {each["extensions"]["code"] for each in answer.json()["errors"]}
        assert codes == {"FIELD_NOT_ALLOWED"}


async def test_a_role_taken_away_ends_the_stream(own_platform: Platform) -> None:
    mine = Wanted("lead", "le_supervisor", "LEAD_REFERRAL", ANSWERED, {"id": str(uuid4())})
    async with _listening(own_platform, [mine]) as listeners:
        await _do(
            own_platform, "agency_admin", "HSYSADMIN", "revokeRole", reason="Moved on.",
            grantId=str(demo_id("grant", "le_supervisor")), expectedVersion=1,
        )  # fmt: skip
        await listeners.wait("lead", lambda line: "ended" in line)
        said = [line["ended"] for line in listeners.of("lead socket") if "ended" in line]
        assert said == [4403]
