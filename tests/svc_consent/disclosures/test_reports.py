"""The accounting against a recomputation from the raw ledger; statutory reports; suspension."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import DateTime, literal, text

from infra.authority.predicate import agency_holder
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Purpose, Role
from svc_consent.disclosures.repository import accounting
from tests.fixtures.consent_world import ConsentWorld, Person, in_hands_of, soon
from tests.fixtures.release_case import Case, new_case
from tests.fixtures.service_app import ServiceAppFactory, caller

READ = """query Read(
  $of: [_Any!]!, $report: AccountingReport, $agency: ID, $since: DateTime,
  $outcomes: [DisclosureOutcome!], $years: Int! = 3
) {
  _entities(representations: $of) { ... on Participant {
    accounting(
      first: 100, report: $report, agencyId: $agency, since: $since, outcomes: $outcomes
    ) {
      totalCount edges { node { at kind outcome releaseVersions recipient { id } } } }
    recipients(years: $years) { times lastAt agency { id } } } } }"""
Line = tuple[str, str, str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


class Record:
    """A participant with a login, known to four kinds of people on different grounds."""

    def __init__(self, case: Case, self_: Person, people: dict[str, Person]) -> None:
        self.case, self.self_, self.people = case, self_, people

    def acting(self) -> Caller:
        return caller(
            Role.PAR, {Category.AUDIT: "s"}, subject=self.self_.subject, agency_id="",
            site_id=str(self.case.world.site_id), purpose=Purpose.PATRQT,
        )  # fmt: skip

    async def ask(self, who: str, categories: tuple[str, ...] = ("IDENTITY",)) -> None:
        ground, purpose = GROUNDS[who]
        person = self.self_ if who == "self" else self.people[who]
        world = self.case.world
        access = dict.fromkeys(("IDENTITY", "SUD"), ground)
        call = world.gate_call(
            person, await world.head(), [self.case.participant], categories=categories,
            access=access, purpose=purpose,
        )  # fmt: skip
        await world.gate(call)

    async def read(self, acting: Caller | None = None, **variables: Any) -> dict[str, Any]:
        of = [{"__typename": "Participant", "id": self.case.participant}]
        answer = await self.case.world.service.graphql(
            acting or self.acting(), READ, {"of": of, **variables}
        )
        found: dict[str, Any] = answer.data["_entities"][0]
        return found

    async def lines(self, acting: Caller | None = None, **variables: Any) -> list[Line]:
        found = (await self.read(acting, **variables))["accounting"]
        assert found["totalCount"] == len(found["edges"])
        return [_line(edge["node"]) for edge in found["edges"]]

    async def put_entries_at(self, at: datetime) -> None:
        """Have everything about the participant recorded at an instant, as only the owner can."""
        owner = await asyncpg.connect(self.case.world.service.owner_dsn)
        try:
            await owner.execute("alter table ledger_about disable trigger user")
            await owner.execute(
                "update ledger_about set recorded_at = $1 where pseudonym ="
                " (select pseudonym from participant_pseudonym where participant_id = $2::uuid)",
                at, self.case.participant,
            )  # fmt: skip
            await owner.execute("alter table ledger_about enable trigger user")
        finally:
            await owner.close()

    async def recomputed(self) -> list[tuple[Line, dict[str, Any], dict[str, Any]]]:
        """Every part of every entry, read by nothing that the accounting uses."""
        async with self.case.world.service.chassis.database.read() as session:
            pseudonym = await session.scalar(
                text("select pseudonym::text from participant_pseudonym where participant_id = :p"),
                {"p": self.case.participant},
            )
            entries = [
                row[0] for row in await session.execute(text("select entry from ledger_entry"))
            ]
        found = []
        for entry in entries:
            for part in entry["parts"]:
                if part["participant"] == pseudonym:
                    at = datetime.fromisoformat(entry["recordedAt"]).astimezone(UTC).isoformat()
                    line = (at, part["kind"], part["outcome"], entry["agencyId"])
                    found.append((line, entry, part))
        return sorted(found, key=lambda each: each[0], reverse=True)


def _line(node: dict[str, Any]) -> Line:
    recipient = node["recipient"]["id"] if node["recipient"] else ""
    at = datetime.fromisoformat(node["at"]).astimezone(UTC).isoformat()
    return at, node["kind"], node["outcome"], recipient


GROUNDS = {
    "officer": ("r", "LEAD_COORD"), "manager": ("a", "CAREMGT"), "medic": ("b", "BTG"),
    "provider": ("r", "TREAT"), "project": ("g", "LEAD_COORD"), "self": ("s", "PATRQT"),
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def record(world: ConsentWorld) -> Record:
    return await new_record(world)


async def new_record(world: ConsentWorld) -> Record:
    case = await new_case(world)
    people = {"officer": case.officer, "manager": case.manager}
    for name, role, kind in (
        ("medic", "MED", "EMS"), ("provider", "SVC", "SUD"), ("project", "PM", "PMA"),
    ):  # fmt: skip
        people[name] = await world.make_person(role, await world.make_agency(kind))
    self_ = await world.make_person("PAR", "")
    await world.permit(case.participant, in_hands_of(self_), Basis.SELF)
    made = Record(case, self_, people)
    await _sign_and_permit(made)
    return made


async def _sign_and_permit(record: Record) -> dict[str, Any]:
    """Let everybody know the participant on their ground; return the officer's release."""
    case, people, world = record.case, record.people, record.case.world
    medic, project = people["medic"], people["project"]
    await world.permit(case.participant, in_hands_of(medic), Basis.BREAK_GLASS, source=uuid4())
    await world.permit(case.participant, agency_holder(project.agency_id), Basis.SCREENING)
    general = case.form(provisions=[case.provision(categories=["IDENTITY", "SUD"])])
    signed = await case.sign(general)
    tpo = case.provision(recipientAgencyId=people["provider"].agency_id, purposes=["TREAT"])
    await case.sign(
        case.form(kind="TPO", formVersion="TPO@2026-01", provisions=[tpo], standsBeside=True)
    )
    release: dict[str, Any] = signed["release"]
    return release


async def test_accounting_is_the_ledger_recomputed(record: Record) -> None:
    dice = random.Random(5)
    for _ in range(25):
        who = dice.choice(sorted(GROUNDS))
        await record.ask(who, dice.choice([("IDENTITY",), ("IDENTITY", "SUD"), ("SUD",)]))
    expected = [line for line, _, _ in await record.recomputed()]
    assert len(expected) > 25
    assert sorted(await record.lines()) == sorted(expected)
    officer = record.people["officer"].agency_id
    assert await record.lines(agency=officer) == [each for each in expected if each[3] == officer]
    since = expected[10][0]
    assert sorted(await record.lines(since=since)) == sorted(e for e in expected if e[0] >= since)


async def test_accounting_by_outcome_is_what_was_told_or_what_was_tried(record: Record) -> None:
    officer, world = record.people["officer"], record.case.world
    await record.ask("officer")
    tried = {
        **world.gate_call(officer, await world.head()),
        "denied": [record.case.participant],
    }
    await world.gate(tried)
    expected = [line for line, _, _ in await record.recomputed()]
    outcomes = {line[2] for line in expected}
    assert outcomes >= {"RELEASED", "ATTEMPT"}
    for outcome in outcomes:
        assert await record.lines(outcomes=[outcome]) == [e for e in expected if e[2] == outcome]
    both = await record.lines(outcomes=["ATTEMPT", "RELEASED"])
    assert both == [e for e in expected if e[2] in {"ATTEMPT", "RELEASED"}]
    assert await record.lines(outcomes=[]) == []


KINDS = dict.fromkeys(("officer", "medic", "provider", "project"), "DISCLOSURE") | dict.fromkeys(
    ("manager", "self"), "USE"
)
Noted = tuple[str, str, str]
"""Kind, outcome, agency."""


class Clients:
    """Whoever asks keeps a list of what they were told, and whoever suspends of what they said.

    Two records are of one person, as after a merge, which moves nothing; some calls are about both.
    """

    def __init__(self, dice: random.Random, records: list[Record]) -> None:
        self.dice, self.records = dice, records
        self.told: dict[str, list[tuple[Noted, bool]]] = {r.case.participant: [] for r in records}
        self.suspended: list[tuple[str, str, datetime]] = []

    async def ask(self) -> None:
        """Ask for one or both, and note what came, and whether it rested on a release."""
        who = self.dice.choice(sorted(GROUNDS))
        categories = self.dice.choice([("IDENTITY",), ("IDENTITY", "SUD"), ("SUD",)])
        asked = self.dice.sample(list(self.told), self.dice.randint(1, 2))
        ground, purpose = GROUNDS[who]
        record = self.records[0]
        person = record.self_ if who == "self" else record.people[who]
        world = record.case.world
        call = world.gate_call(
            person, await world.head(), asked, categories=categories,
            access=dict.fromkeys(("IDENTITY", "SUD"), ground), purpose=purpose,
        )  # fmt: skip
        (verdict,) = await world.gate(call)
        assert verdict["verdict"] == "RELEASED"
        lapsed = {each["participant"]: set(each["categories"]) for each in verdict["lapsed"]}
        for participant in asked:
            withheld = lapsed.get(participant, set())
            for outcome, is_so in (
                ("RELEASED", set(categories) - withheld), ("WITHHELD", withheld),
            ):  # fmt: skip
                if is_so:
                    rests = outcome == "RELEASED" and who in ("officer", "provider")
                    line = (KINDS[who], outcome, person.agency_id)
                    self.told[participant].append((line, rests))

    async def suspend(self) -> None:
        """Suspend one agency's part of one accounting for some time."""
        record = self.dice.choice(self.records)
        agency = record.people[self.dice.choice(["officer", "project", "medic"])].agency_id
        ends_at = soon(self.dice.randint(600, 86_400))
        assert (await suspend(record, agencyId=agency, endsAt=ends_at.isoformat()))["isRecorded"]
        self.suspended.append((record.case.participant, agency, ends_at))

    def shown_at(self, participant: str, at: datetime) -> list[Noted]:
        """Say what the participant is to be shown at a moment, by what the clients know."""
        hidden = {a for p, a, ends_at in self.suspended if p == participant and at < ends_at}
        return sorted(
            line
            for line, rests in self.told[participant]
            if rests or line[0] == "USE" or line[2] not in hidden
        )

    async def agree(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Compare with the reports, now and when each suspension has ended or is about to."""
        moments = [soon(0)]
        for _, _, ends_at in self.dice.sample(self.suspended, min(2, len(self.suspended))):
            moments += [ends_at - A_MOMENT, ends_at]
        for record in self.records:
            participant = record.case.participant
            whole = sorted(line for line, _ in self.told[participant])
            staff = record.case.acting()
            for at in moments:
                now = literal(at, DateTime(timezone=True))
                monkeypatch.setattr(accounting, "_now", lambda now=now: now)
                assert noted(await record.lines()) == self.shown_at(participant, at)
                assert noted(await record.lines(staff)) == whole, "suspended is not deleted"
        monkeypatch.undo()


def noted(lines: list[Line]) -> list[Noted]:
    return sorted((kind, outcome, agency) for _, kind, outcome, agency in lines)


async def random_history(record: Record, monkeypatch: pytest.MonkeyPatch, seed: int) -> Clients:
    """Ask and suspend at random; a release is taken back on the way; reports agree throughout."""
    case = Case(record.case.world, record.case.manager, record.case.officer)
    merged = Record(case, record.self_, record.people)
    await case.world.permit(case.participant, in_hands_of(case.manager), Basis.ASSIGNMENT)
    await case.world.permit(case.participant, in_hands_of(record.self_), Basis.SELF)
    release = await _sign_and_permit(merged)
    clients = Clients(random.Random(seed), [record, merged])
    for number in range(30):
        await (clients.suspend() if number % 7 == 3 else clients.ask())
        if number == 15:
            assert not (await case.revoke(release))["userErrors"]
        if number % 10 == 9:
            await clients.agree(monkeypatch)
    return clients


async def test_reports_of_a_random_history_are_what_clients_have_noted(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = await random_history(record, monkeypatch, seed=10)
    lines = [line for each in clients.told.values() for line, _ in each]
    assert {outcome for _, outcome, _ in lines} == {"RELEASED", "WITHHELD"}
    at = soon(0)
    assert any(len(clients.shown_at(p, at)) < len(each) for p, each in clients.told.items())


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_reports_of_many_random_histories_are_what_clients_have_noted(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(100):
        await random_history(await new_record(world), monkeypatch, seed)


@pytest.mark.parametrize("planted", ["staff", "for ever", "withheld"])
async def test_planted_report_of_a_random_history_is_caught(
    record: Record, monkeypatch: pytest.MonkeyPatch, planted: str
) -> None:
    """Planted: kept from staff too; hidden though the end has come; what was withheld left out."""
    sound, begins = accounting._not_suspended, accounting._now
    for_themselves = caller(Role.PAR, {}, subject="p", agency_id="", site_id="s")

    def for_ever(acting: Caller, participant: UUID) -> list[Any]:
        at, accounting._now = accounting._now, begins
        try:
            return sound(acting, participant)
        finally:
            accounting._now = at

    name, broken = {
        "staff": ("_not_suspended", lambda _acting, of: sound(for_themselves, of)),
        "for ever": ("_not_suspended", for_ever),
        "withheld": ("_wanted", lambda _: [accounting._PART["outcome"].astext == "RELEASED"]),
    }[planted]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounting, name, broken)
        with pytest.raises(AssertionError):
            await random_history(record, monkeypatch, seed=10)


async def _release_kinds(record: Record) -> dict[str, str]:
    async with record.case.world.service.chassis.database.read() as session:
        return {
            r[0]: r[1] for r in await session.execute(text("select id::text, kind from release"))
        }


async def test_statutory_reports_are_exactly_what_their_law_asks_for(record: Record) -> None:
    for who in sorted(GROUNDS) * 2:
        await record.ask(who)
    kinds = await _release_kinds(record)
    with_consent, without = [], []
    for line, entry, part in await record.recomputed():
        told = part["kind"] == "DISCLOSURE" and part["outcome"] in ("RELEASED", "UNKNOWN")
        if not told or entry["role"] in ("PAR", "REP"):
            continue
        rests_on = {kinds[s] for ids in part["sources"].values() for s in ids if s in kinds}
        if rests_on - {"TPO"}:
            with_consent.append(line)
        if not rests_on and entry["purpose"] not in ("TREAT", "COC", "CAREMGT"):
            without.append(line)
    assert {line[3] for line in with_consent} == {record.people["officer"].agency_id}
    assert {line[3] for line in without} == {
        record.people["medic"].agency_id, record.people["project"].agency_id,
    }  # fmt: skip
    assert await record.lines(report="PART2_2_25") == with_consent
    assert await record.lines(report="HIPAA_164_528") == without


MOVED_TO = datetime(2031, 3, 1, 12, tzinfo=UTC)
"""Where the clock of the database is put: leap days lie in the three and the six years before."""
A_MOMENT = timedelta(microseconds=1)
REACHES_BACK_TO = {
    "PART2_2_25": datetime(2028, 3, 1, 12, tzinfo=UTC),
    "HIPAA_164_528": datetime(2025, 3, 1, 12, tzinfo=UTC),
}
"""The same day and time, three and six calendar years before (42 CFR 2.25, 45 CFR 164.528)."""


async def _reaches_back_exactly(
    record: Record, monkeypatch: pytest.MonkeyPatch, report: str, who: str, years: int
) -> None:
    await record.ask(who)
    agency = record.people[who].agency_id
    since = REACHES_BACK_TO[report]
    monkeypatch.setattr(accounting, "_now", lambda: literal(MOVED_TO, DateTime(timezone=True)))

    async def is_told() -> tuple[bool, bool]:
        found = await record.read(report=report, years=years)
        told = any(
            each["node"]["recipient"] and each["node"]["recipient"]["id"] == agency
            for each in found["accounting"]["edges"]
        )
        return told, agency in {each["agency"]["id"] for each in found["recipients"]}

    await record.put_entries_at(since)
    assert await is_told() == (True, True)
    await record.put_entries_at(since - A_MOMENT)
    assert await is_told() == (False, False)


@pytest.mark.parametrize(
    ("report", "who", "years"), [("PART2_2_25", "officer", 3), ("HIPAA_164_528", "project", 6)]
)
async def test_report_reaches_back_calendar_years_to_the_moment(
    record: Record, monkeypatch: pytest.MonkeyPatch, report: str, who: str, years: int
) -> None:
    await _reaches_back_exactly(record, monkeypatch, report, who, years)


async def test_report_that_counts_days_for_years_would_be_noticed(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: years of 366 days reach back too far."""
    monkeypatch.setattr(
        accounting, "_years_ago", lambda years: accounting._now() - timedelta(days=366 * years)
    )
    with pytest.raises(AssertionError):
        await _reaches_back_exactly(record, monkeypatch, "PART2_2_25", "officer", 3)


async def test_suspension_begins_and_ends_to_the_moment(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in ("officer", "project"):
        await record.ask(who)
    officer, project = (record.people[name].agency_id for name in ("officer", "project"))
    for agency in (officer, project):
        assert (await suspend(record, agencyId=agency))["isRecorded"] is True
    async with record.case.world.service.chassis.database.read() as session:
        (begin, end), *_ = await session.execute(
            text("select starts_at, ends_at from accounting_suspension where agency_id = :agency"),
            {"agency": project},
        )
    seen = {}
    for at in (begin - A_MOMENT, begin, end - A_MOMENT, end):
        now = literal(at, DateTime(timezone=True))
        monkeypatch.setattr(accounting, "_now", lambda now=now: now)
        seen[at] = {line[3] for line in await record.lines()} & {officer, project}
    assert seen == {
        begin - A_MOMENT: {officer, project}, begin: {officer},
        end - A_MOMENT: {officer}, end: {officer, project},
    }  # fmt: skip


async def test_list_of_recipients_names_agencies_not_people(record: Record) -> None:
    for who in ("officer", "officer", "medic", "manager", "self"):
        await record.ask(who)
    found = (await record.read())["recipients"]
    told = {each["agency"]["id"]: each["times"] for each in found}
    assert told == {
        record.people["officer"].agency_id: 2, record.people["medic"].agency_id: 1,
    }  # fmt: skip


async def suspend(record: Record, acting: Caller | None = None, **changes: Any) -> dict[str, Any]:
    given = {
        "participantId": record.case.participant, "agencyId": record.people["project"].agency_id,
        "official": "Chief A", "statement": "It would impede our work", "isWritten": False,
        "endsAt": soon(86_400).isoformat(), **changes,
    }  # fmt: skip
    supervisor = acting or record.case.acting(role=Role.SUP)
    return await record.case.run("suspendAccounting", given, "isRecorded", supervisor)


async def test_suspension_leaves_out_what_no_release_covered_until_it_ends(record: Record) -> None:
    for who in ("officer", "project", "medic"):
        await record.ask(who)
    whole = await record.lines()
    project, officer = (record.people[name].agency_id for name in ("project", "officer"))
    assert (await suspend(record))["isRecorded"] is True
    assert await record.lines() == [line for line in whole if line[3] != project]
    staff = await record.lines(record.case.acting())
    assert staff == whole
    assert (await suspend(record, agencyId=officer))["isRecorded"] is True
    assert officer in {line[3] for line in await record.lines()}
    # As if the end had come: the row cannot be changed by the service, the owner's test can.
    owner = await asyncpg.connect(record.case.world.service.owner_dsn)
    try:
        await owner.execute("update accounting_suspension set ends_at = clock_timestamp()")
    finally:
        await owner.close()
    assert await record.lines() == whole


async def test_spoken_statement_holds_for_thirty_days_at_most(record: Record) -> None:
    far = (datetime.now(UTC) + timedelta(days=31)).isoformat()
    refused = await suspend(record, endsAt=far)
    assert [error["code"] for error in refused["userErrors"]] == ["ORAL_TOO_LONG"]
    assert (await suspend(record, endsAt=far, isWritten=True))["isRecorded"] is True


async def test_case_manager_and_participant_suspend_nothing(record: Record) -> None:
    for acting in (record.case.acting(), record.acting()):
        refused = await suspend(record, acting)
        assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN"]


async def test_planted_suspension_that_covers_a_release_is_caught(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import false

    monkeypatch.setattr(accounting, "_rests_on_release", lambda *_: false())
    with pytest.raises(AssertionError):
        await test_suspension_leaves_out_what_no_release_covered_until_it_ends(record)


async def test_planted_report_that_forgets_its_exclusions_is_caught(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounting, "_wanted", lambda _: [])
    with pytest.raises(AssertionError):
        await test_statutory_reports_are_exactly_what_their_law_asks_for(record)
