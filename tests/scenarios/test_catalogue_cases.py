"""Cases of the catalogue of attacks over the whole product: what is hidden stays hidden, in time.

Each id of the catalogue is in the name of its test. A reader at another agency (`READER`) and what
the case manager (`WRITER`) does; every test has participants of its own.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
import pytest_asyncio
from sqlalchemy import event
from sqlalchemy.engine import Engine

from gateway.pipeline import Answer
from infra.dev.demo.identifiers import demo_id
from svc_consent.authority.decision import Decider
from svc_consent.explanations import schema as explanations
from svc_consent.explanations.agreement import packaged_agreement
from tests.fixtures.gateway_app import DECISIONS, Instead, eventually
from tests.proof.house import Gateway, House
from tests.scenarios.stage import asked

WRITER, READER, OFFICER = "case_manager", "case_manager_other_agency", "officer"
STRANGER = "case_manager_other_site"  # asks once: attempts are recorded up to a rate
OTHER_AGENCY = str(demo_id("agency", "cedar-cm-two"))
CARE = "CAREMGT"
NOTES = """query Notes($id: ID!) { participant(id: $id) { id name { given }
  notes(first: 50) { totalCount edges { node { id text } } } } }"""
LISTED = """query Listed($after: String) { participants(first: 1, after: $after) { totalCount
  pageInfo { hasNextPage endCursor } edges { node { id name { given } } } } }"""
WIDE = """query Wide($id: ID!) { participant(id: $id) { id name { given family } dateOfBirth
  contact { phone } enrollment { status } notes(first: 5) { totalCount edges { node { text } } }
  goals(first: 5) { totalCount } housing { situation } progressSummary { statement }
  legalCases { totalCount edges { node { id relation } } } } courts { name }
  courses(first: 1) { edges { node { number } } } }"""


@dataclass
class Act:
    """The house with its gateway, and the writer's participants.

    Attributes:
        released: with a release in force; a test changes it as it likes.
        unknown: to everybody but the writer; a test that opens one closes it again.
    """

    house: House
    gateway: Gateway
    released: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    async def ask(
        self, who: str, query: str, variables: Mapping[str, Any], purpose: str = CARE
    ) -> Answer:
        found: Answer = await asked(self.gateway, f"persona:{who}", query, variables, purpose)
        return found

    async def do(self, name: str, given: Mapping[str, Any], selection: str) -> dict[str, Any]:
        """Run a mutation of the writer's."""
        kind = f"{name[0].upper()}{name[1:]}Input"
        query = (
            f"mutation Do($input: {kind}!) {{ {name}(input: $input) {{ {selection}"
            " userErrors { code field } } }"
        )
        whole = {"input": {"idempotencyKey": uuid4().hex, **given}}
        body = (await self.ask(WRITER, query, whole)).body
        payload: dict[str, Any] = body["data"][name]
        assert payload["userErrors"] == [], body
        return payload

    async def note(self, participant: str, text: str) -> str:
        today = datetime.now(UTC).date()
        given = {
            "participantId": participant, "mode": "TELEPHONE", "text": text,
            "occurredOn": (today - timedelta(days=2)).isoformat(),
        }  # fmt: skip
        made = await self.do("addCaseNote", given, "note { id }")
        return str(made["note"]["id"])

    async def sign(self, participant: str, **limits: Any) -> dict[str, Any]:
        """Open name and notes to the reader's agency; returns the release."""
        now = datetime.now(UTC)
        form = {
            "participantId": participant, "formVersion": "GENERAL@2026-01",
            "expiresAt": (now + timedelta(days=30)).isoformat(),
            "signature": {"signedAt": now.isoformat(), "method": "WET_INK"},
            "provisions": [
                {
                    "recipientAgencyId": OTHER_AGENCY, "categories": ["IDENTITY", "CASE_NOTES"],
                    "purposes": [CARE], **limits,
                }
            ],
        }  # fmt: skip
        signed = await self.do("signRelease", form, "release { id version status }")
        release: dict[str, Any] = signed["release"]
        assert release["status"] == "ACTIVE"
        return release

    async def revoke(self, release: Mapping[str, Any]) -> None:
        given = {
            "releaseId": release["id"], "expectedVersion": release["version"],
            "reason": "No more", "method": "ORAL",
        }  # fmt: skip
        await self.do("revokeRelease", given, "release { status }")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def act(scenario_house: House, scenario_gateway: Gateway) -> Act:
    made = Act(scenario_house, scenario_gateway)
    query = """{ caseload(first: 100) { edges { node { id
      releases(first: 20) { edges { node { status } } } } } } }"""
    found = (await made.ask(WRITER, query, {})).body["data"]["caseload"]["edges"]
    for node in (edge["node"] for edge in found):
        active = [e for e in node["releases"]["edges"] if e["node"]["status"] == "ACTIVE"]
        (made.released if active else made.unknown).append(node["id"])
    assert len(made.unknown) >= 2
    return made


def text_of(answer: Answer) -> bytes:
    return orjson.dumps(answer.body)


def seen(answer: Answer) -> tuple[int, bytes]:
    return answer.status, text_of(answer)


@asynccontextmanager
async def behind(act: Act) -> AsyncIterator[Gateway]:
    """A gateway and a replica that hear of nothing any more."""
    follower = act.house.services["participants"].chassis.follower
    assert follower is not None
    await act.house.settled()
    async with act.house.gateway() as deaf:
        await deaf.feed.stop()
        await follower.stop()
        try:
            yield deaf
        finally:
            await follower.start()
            await act.house.settled()


async def _narrowed_period_hides_at_once(act: Act, participant: str) -> None:
    marker = f"marker {uuid4().hex}"
    await act.note(participant, marker)
    await act.sign(participant)
    async with behind(act) as deaf:

        async def look() -> Answer:
            found: Answer = await deaf.ask(
                f"persona:{READER}", NOTES, {"id": participant}, purpose=CARE
            )
            return found

        assert marker.encode() in text_of(await look())
        await act.sign(participant, dataFrom=date(2100, 1, 1).isoformat())
        assert marker.encode() not in text_of(await look())
    after = await act.ask(READER, NOTES, {"id": participant})
    assert after.body["data"]["participant"]["notes"] == {"totalCount": 0, "edges": []}


async def test_cn_09_a_period_that_is_narrowed_hides_rows_of_a_replica_that_is_behind(
    act: Act,
) -> None:
    await _narrowed_period_hides_at_once(act, act.released[1])


async def test_cn_09_a_gate_that_knows_no_periods_would_be_noticed(
    act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Decider, "is_limited", lambda *_: False)
    with pytest.raises(AssertionError):
        await _narrowed_period_hides_at_once(act, act.released[1])


@dataclass
class Seen:
    """One look: which markers it showed, between which ticks."""

    began: int
    ended: int
    markers: frozenset[int]


def stale(looks: list[Seen], closed: list[tuple[int, int]]) -> list[Seen]:
    """Return looks that showed anything and lie wholly inside a time without consent."""
    return [
        look
        for look in looks
        if look.markers and any(a < look.began and look.ended < b for a, b in closed)
    ]


def _was_shown(looks: list[Seen], marker: int) -> bool:
    return any(marker in each.markers for each in looks)


def _has_looks(looks: list[Seen], many: int) -> bool:
    return len(looks) >= many


async def test_cn_02_what_was_written_under_each_consent_is_shown_under_consent_alone(
    act: Act,
) -> None:
    """The content says it, whatever versions say: a fresh marker for each grant."""
    participant, ticks = act.released[0], itertools.count(1)
    # The demo's own release names the reader's agency; one signed anew takes its place, and ends.
    await act.revoke(await act.sign(participant))
    looks: list[Seen] = []
    closed: list[tuple[int, int]] = []
    is_over = asyncio.Event()

    async def read() -> None:
        while not is_over.is_set():
            began = next(ticks)
            found = text_of(await act.ask(READER, NOTES, {"id": participant}))
            markers = frozenset(n for n in range(rounds) if f"<{n}>".encode() in found)
            looks.append(Seen(began, next(ticks), markers))

    rounds = 6
    reading = [asyncio.create_task(read()) for _ in range(2)]
    revoked_at = next(ticks)
    for number in range(rounds):
        await act.note(participant, f"written <{number}>")
        closed.append((revoked_at, next(ticks)))
        release = await act.sign(participant)
        await eventually(partial(_was_shown, looks, number))
        await act.revoke(release)
        revoked_at, closing = next(ticks), len(looks)
        await eventually(partial(_has_looks, looks, closing + 2))
    is_over.set()
    await asyncio.gather(*reading)
    closed.append((revoked_at, next(ticks)))
    assert stale(looks, closed) == []
    assert any(look.markers == frozenset(range(rounds)) for look in looks)
    # Planted: a look that shows a marker after the acknowledgement is seen.
    late = Seen(revoked_at + 1, revoked_at + 1, frozenset({0}))
    assert stale([late], [(revoked_at, revoked_at + 2)]) == [late]


async def test_cn_07_a_page_after_the_revocation_holds_nothing_of_it(act: Act) -> None:
    """An export is a chain of pages, each a disclosure of its own; there is no @defer."""
    people = act.unknown[:2]
    releases = {each: await act.sign(each) for each in people}
    await act.house.settled()
    first = (await act.ask(READER, LISTED, {})).body["data"]["participants"]
    assert first["pageInfo"]["hasNextPage"]
    told = {edge["node"]["id"] for edge in first["edges"]}
    for each in set(people) - told:
        await act.revoke(releases[each])
    rest: set[str] = set()
    after = first["pageInfo"]["endCursor"]
    while after is not None:
        page = (await act.ask(READER, LISTED, {"after": after})).body["data"]["participants"]
        rest |= {edge["node"]["id"] for edge in page["edges"]}
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert not rest & (set(people) - told)
    for each in told & set(people):
        await act.revoke(releases[each])


async def test_ni_11_what_others_sign_and_take_back_changes_nothing_that_is_observed(
    act: Act,
) -> None:
    mine, hidden = act.unknown[:2]
    kept = await act.sign(mine)
    await act.house.settled()

    async def observe() -> list[tuple[int, bytes]]:
        found = [
            seen(await act.ask(READER, query, {"id": each}))
            for query in (NOTES, WIDE)
            for each in (mine, hidden)
        ]
        first = (await act.ask(READER, LISTED, {})).body["data"]["participants"]
        cursor = first["pageInfo"].pop("endCursor")  # sealed anew each time
        page = (await act.ask(READER, LISTED, {"after": cursor})).body["data"]["participants"]
        page["pageInfo"].pop("endCursor")
        return [*found, (first["totalCount"], orjson.dumps([first, page]))]

    before = await observe()
    police = {"recipientAgencyId": str(demo_id("agency", "cedar-police"))}
    third = await act.sign(hidden, **police, purposes=["LEAD_COORD"], categories=["IDENTITY"])
    await act.house.settled()
    assert await observe() == before
    await act.revoke(third)
    await act.note(hidden, "Nobody there reads this")
    await act.house.settled()
    assert await observe() == before
    # The dual: what is signed for the reader does change what is seen.
    theirs = await act.sign(hidden)
    await act.house.settled()
    assert await observe() != before
    await act.revoke(theirs)
    await act.revoke(kept)


@asynccontextmanager
async def broken(act: Act, service: str, table: str) -> AsyncIterator[str]:
    """A table of one service is not there: real errors of a real database."""
    owner = await asyncpg.connect(act.house.services[service].owner_dsn)
    gone = f"{table}_of_db_internal"
    try:
        await owner.execute(f"alter table {table} rename to {gone}")
        yield gone
    finally:
        await owner.execute(f"alter table {gone} rename to {table}")
        await owner.close()


FAULTS = [
    ("participants", "case_note"), ("participants", "participant"), ("cases", "lead_link"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "table"), FAULTS, ids=[each[1] for each in FAULTS])
async def test_ni_05_lk_27_under_a_fault_hidden_and_absent_are_alike_and_nothing_is_told(
    act: Act, service: str, table: str
) -> None:
    """The error says which part is away, alike for whoever is asked about."""
    hidden, absent = act.unknown[0], str(uuid4())
    subject = f"persona:{READER}"
    async with broken(act, service, table) as gone:
        answers = [
            await act.gateway.ask(subject, WIDE, {"id": each}, purpose=CARE)
            for each in (hidden, absent, hidden, absent)
        ]
        said = [_without_correlation(answer.body) for answer in answers]
        assert said[0] == said[1] == said[2] == said[3]
        assert len({answer.status for answer in answers}) == 1
        whole = orjson.dumps([answer.body for answer in answers]).lower()
        for word in (
            gone,
            "undefined",
            "does not exist",
            "select ",
            "asyncpg",
            "postgres",
            ".sock",
        ):
            assert word.encode() not in whole
        if table == "participant":
            assert any(answer.body.get("errors") for answer in answers)


async def test_ni_05_while_decisions_are_away_hidden_and_absent_are_alike(act: Act) -> None:
    mine = act.unknown[0]
    release = await act.sign(mine)
    await act.house.settled()

    async def away() -> Instead:
        return Instead(503, b'{"detail": "password of the database"}')

    async with act.house.gateway() as fresh:
        act.house.door.before[DECISIONS] = away
        try:
            answers = [
                await fresh.ask(f"persona:{READER}", NOTES, {"id": each}, purpose=CARE)
                for each in (act.unknown[1], str(uuid4()), mine)
            ]
        finally:
            act.house.door.before.clear()
    hidden, absent, known = (_without_correlation(answer.body) for answer in answers)
    assert hidden == absent
    assert (known["data"] or {}).get("participant") is None
    assert b"password" not in orjson.dumps([answer.body for answer in answers])
    await act.revoke(release)


def _without_correlation(body: Any) -> Any:
    if isinstance(body, dict):
        return {k: _without_correlation(v) for k, v in body.items() if k != "correlationId"}
    if isinstance(body, list):
        return [_without_correlation(each) for each in body]
    return body


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Collect every statement that a service sends to its database."""
    found: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def _work_of_a_look(act: Act, participant: str, times: int = 6) -> tuple[int, int, int]:
    """Return the least of what a look costs: statements, calls to consent, bytes.

    What runs beside it may add to one look and never takes away.
    """
    costs = []
    for _ in range(times):
        calls = len(act.house.door.calls)
        with counted_statements() as statements:
            answer = await act.ask(READER, WIDE, {"id": participant})
        costs.append((len(statements), len(act.house.door.calls) - calls, len(text_of(answer))))
    return min(c[0] for c in costs), min(c[1] for c in costs), min(c[2] for c in costs)


async def test_lk_16_ni_10_a_hidden_record_makes_no_more_work_than_none(act: Act) -> None:
    """Time is not asserted on machines that are shared: the work that makes it up is."""
    hidden, absent = act.unknown[0], str(uuid4())
    await _work_of_a_look(act, absent, 1)  # whatever is prepared once
    assert await _work_of_a_look(act, hidden) == await _work_of_a_look(act, absent)


async def test_lk_16_ni_10_a_record_that_is_fetched_before_it_is_hidden_would_be_noticed(
    act: Act,
) -> None:
    """Planted twin: one that is read is told apart by its work, so the count has eyes."""
    mine, absent = act.unknown[0], str(uuid4())
    release = await act.sign(mine)
    await act.house.settled()
    await _work_of_a_look(act, absent, 1)
    assert await _work_of_a_look(act, mine) != await _work_of_a_look(act, absent)
    await act.revoke(release)


LOGS_OF_AN_AGENCY = """query Logs($agency: ID!) {
  claimMismatches(first: 50) { totalCount edges { node { __typename } } }
  agencyHistory(agencyId: $agency, first: 50) { totalCount edges { node { __typename } } }
  roleRequests(first: 50) { totalCount edges { node { __typename } } }
  accessReviews(first: 50) { totalCount edges { node { __typename } } }
  dormantGrants(agencyId: $agency, first: 50) { totalCount edges { node { __typename } } }
  agencyRoleCounts(agencyId: $agency) { __typename } }"""


async def test_ni_12_records_that_an_agency_reads_say_nothing_of_anybodys_record(act: Act) -> None:
    hidden = act.unknown[0]
    agency = str(demo_id("agency", "cedar-police"))

    async def observe() -> tuple[int, bytes]:
        return seen(
            await act.ask("agency_admin", LOGS_OF_AN_AGENCY, {"agency": agency}, "HSYSADMIN")
        )

    await act.ask(OFFICER, NOTES, {"id": hidden}, "LEAD_COORD")  # that they were here is theirs
    before = await observe()
    release = await act.sign(hidden)
    await act.note(hidden, "Somebody writes")
    for who, purpose in ((READER, CARE), (OFFICER, "LEAD_COORD")):  # seen by one, denied to one
        await act.ask(who, NOTES, {"id": hidden}, purpose)
    await act.revoke(release)
    assert await observe() == before


async def test_lk_29_ids_that_the_product_makes_are_random(act: Act) -> None:
    """Nobody joins two agencies' data by the order or the time that an id tells."""
    participant = act.unknown[0]
    made = [await act.note(participant, f"note {number}") for number in range(3)]
    release = await act.sign(participant)
    await act.revoke(release)
    for each in (*made, release["id"]):
        assert UUID(each).version == 4


EXPLAIN = """query Why($id: ID!, $to: RecipientInput!) {
  explain(participantId: $id, subject: $to, purpose: "LEAD_COORD",
    coordinate: "Participant.notes") { isPermitted verdicts { step ruleIds } } }"""
TO = {"role": "LEO", "agencyId": str(demo_id("agency", "cedar-police"))}


async def _recorded(act: Act, participant: str) -> list[tuple[str, str]]:
    """Return role and outcome of what the ledger holds about somebody, in order."""
    rows = await act.house.services["consent"].rows(
        "select e.entry->>'role' as role, e.entry->'parts'->(a.part::int)->>'outcome' as outcome"
        " from ledger_about a join ledger_entry e using (lane, sequence)"
        " join participant_pseudonym p using (pseudonym)"
        " where p.participant_id = cast(:id as uuid) order by a.recorded_at",
        id=participant,
    )
    return [(row["role"], row["outcome"]) for row in rows]


async def test_au_14_an_explanation_is_recorded_and_so_is_one_that_is_refused(
    act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks why about somebody they may not ask about is told nothing, which is kept."""
    agreement = replace(packaged_agreement(), version=act.gateway.preparer.table.version)
    monkeypatch.setattr(explanations, "packaged_agreement", lambda: agreement)
    participant, absent = act.unknown[-1], str(uuid4())  # nobody asked for them yet
    before = await _recorded(act, participant)
    told = await act.ask(WRITER, EXPLAIN, {"id": participant, "to": TO})
    assert told.body["data"]["explain"]["isPermitted"] is False
    assert (await _recorded(act, participant))[len(before) :] == [("CM", "RELEASED")]
    refused = [
        await act.ask(STRANGER, EXPLAIN, {"id": each, "to": TO}) for each in (participant, absent)
    ]
    assert seen(refused[0]) == seen(refused[1])
    assert refused[0].body["data"] == {"explain": None}
    assert (await _recorded(act, participant))[len(before) + 1 :] == [("CM", "ATTEMPT")]
    assert await _recorded(act, absent) == [("CM", "ATTEMPT")]
