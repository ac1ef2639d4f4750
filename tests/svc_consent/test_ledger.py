"""The ledger: nobody can change it with the service's own rights, and tampering is found."""

import json
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from infra.signing_keys import SigningKeys
from infra.vocabulary import Category, Role
from svc_consent.disclosures import verification as walk
from svc_consent.disclosures.heads import PINNED_KEYS, HeadSigner, head_text, pinned_keys
from svc_consent.disclosures.repository import chains
from svc_consent.disclosures.repository.chains import StoredEntry
from svc_consent.disclosures.rules import canonical, link
from svc_consent.disclosures.schema import ledger as ledger_schema
from svc_consent.disclosures.verification import Report, verify_ledger
from svc_consent.hot_pool import HotPool
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.service_app import ServiceAppFactory, caller
from tests.svc_consent.tampering import EDITS, lane_of

APPEND_ONLY = ("ledger_entry", "ledger_about", "ledger_signed_head", "ledger_key")


class Ledger:
    """A running service with the owner's way into its database."""

    def __init__(self, world: ConsentWorld, owner: Any, signer: HeadSigner) -> None:
        self.world, self.owner, self.signer = world, owner, signer
        self.pin_dir: Path = world.service.settings.key_dir / PINNED_KEYS

    async def fill(self, lane: str, calls: int = 6) -> None:
        """Write a lane of its own with two people in each entry, signed in the middle."""
        officer = await self.world.make_person("LEO", await self.world.make_agency("LE"))
        people = [str(uuid4()), str(uuid4())]
        for each in people:
            await self.world.release(each, officer.agency_id)
        head = await self.world.head()
        for number in range(calls):
            await self.world.gate(self.world.gate_call(officer, head, people), lane=lane)
            if number == calls - 2:
                await self.signer.sign_due(seconds=0)

    async def verify(self) -> Report:
        return await verify_ledger(self.owner, pinned_keys(self.pin_dir))

    async def first_bad(self, lane: str) -> tuple[int, str] | None:
        flaws = [flaw for flaw in (await self.verify()).flaws if flaw.lane == lane]
        return (flaws[0].sequence, flaws[0].reason) if flaws else None


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ledger(service_app: ServiceAppFactory) -> AsyncIterator[Ledger]:
    async with service_app("svc_consent") as service:
        world = ConsentWorld(service)
        await world.make_site()
        settings = service.settings
        keys = SigningKeys("consent", settings.key_dir, settings.public_key_dir)
        pool = HotPool(settings.database_dsn, application_name="test", size=2)
        await pool.start()
        owner = await asyncpg.connect(service.owner_dsn)
        yield Ledger(world, owner, HeadSigner(pool, keys, settings.key_dir / PINNED_KEYS))
        await owner.close()
        await pool.stop()


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement",
    [
        "update {} set {} = {}",
        "delete from {}",
        "truncate {}",
        "drop table {}",
        "alter table {} disable trigger all",
    ],
)
async def test_service_can_add_and_read_and_nothing_else(
    ledger: Ledger, table: str, statement: str
) -> None:
    runtime = await asyncpg.connect(ledger.world.service.settings.database_dsn.reveal())
    columns = {
        "ledger_entry": "hash", "ledger_about": "part", "ledger_signed_head": "hash",
        "ledger_key": "jwk",
    }  # fmt: skip
    try:
        await runtime.fetch(f"select * from {table} limit 1")
        column = columns[table]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await runtime.execute(statement.format(table, column, column))
    finally:
        await runtime.close()


@pytest.mark.parametrize(
    "statement",
    [
        "update participant_pseudonym set pseudonym = gen_random_uuid()",
        "update authority_change set keys = '{}'",
        "delete from authority_change",
        "truncate authority_change",
    ],
)
async def test_service_cannot_rewrite_pseudonyms_or_the_past_of_the_feed(
    ledger: Ledger, statement: str
) -> None:
    runtime = await asyncpg.connect(ledger.world.service.settings.database_dsn.reveal())
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await runtime.execute(statement)
    finally:
        await runtime.close()


async def test_planted_right_to_rewrite_is_caught(ledger: Ledger) -> None:
    for table in ("participant_pseudonym", "authority_change"):
        column = {"participant_pseudonym": "pseudonym", "authority_change": "keys"}[table]
        await ledger.owner.execute(f"grant update on {table} to gt_consent")
        try:
            with pytest.raises(pytest.fail.Exception):
                await test_service_cannot_rewrite_pseudonyms_or_the_past_of_the_feed(
                    ledger, f"update {table} set {column} = {column} where false"
                )
        finally:
            await ledger.owner.execute(f"revoke update on {table} from gt_consent")


async def test_whole_ledger_verifies(ledger: Ledger) -> None:
    await ledger.fill("whole")
    assert await ledger.first_bad("whole") is None
    report = await ledger.verify()
    assert report.entries >= 6
    assert report.heads >= 1


Tamper = Callable[[Any, str], Awaitable[None]]


async def _change(owner: Any, lane: str) -> None:
    await owner.execute(
        "update ledger_entry set entry = jsonb_set(entry, '{subject}', '\"other\"')"
        " where lane = $1 and sequence = 3", lane,
    )  # fmt: skip


async def _take_away(owner: Any, lane: str) -> None:
    await owner.execute("delete from ledger_about where lane = $1 and sequence = 3", lane)
    await owner.execute("delete from ledger_entry where lane = $1 and sequence = 3", lane)


async def _rewrite_the_rest(owner: Any, lane: str) -> None:
    """Change an entry and compute every later hash anew, head included."""
    rows = await owner.fetch(
        "select sequence, entry::text from ledger_entry where lane = $1 order by sequence", lane
    )
    previous = bytes(32)
    for sequence, text in rows:
        entry = json.loads(text)
        if sequence == 3:
            entry["subject"] = "other"
        previous = link(previous, canonical(entry))
        await owner.execute(
            "update ledger_entry set entry = $3::text::jsonb, hash = $4"
            " where lane = $1 and sequence = $2", lane, sequence, json.dumps(entry), previous,
        )  # fmt: skip
    await owner.execute("update ledger_lane set hash = $2 where lane = $1", lane, previous)


async def _cut_off(owner: Any, lane: str, keep: int = 4) -> None:
    """Cut the end off and set the head back, below the head that was signed."""
    await owner.execute("delete from ledger_about where lane = $1 and sequence > $2", lane, keep)
    await owner.execute("delete from ledger_entry where lane = $1 and sequence > $2", lane, keep)
    await owner.execute(
        "update ledger_lane set sequence = $2, hash = (select hash from ledger_entry"
        " where lane = $1 and sequence = $2) where lane = $1", lane, keep,
    )  # fmt: skip


async def _hide_from_accounting(owner: Any, lane: str) -> None:
    await owner.execute(
        "delete from ledger_about where lane = $1 and sequence = 2 and part = 1", lane
    )


async def _tell_another_accounting(owner: Any, lane: str) -> None:
    await owner.execute(
        "update ledger_about set pseudonym = gen_random_uuid() where lane = $1 and sequence = 2"
        " and part = 0", lane,
    )  # fmt: skip


async def _move(owner: Any, lane: str) -> None:
    for old, new in ((2, -2), (3, 2), (-2, 3)):
        await owner.execute(
            "update ledger_entry set sequence = $3 where lane = $1 and sequence = $2",
            lane,
            old,
            new,
        )


async def _take_the_lane_away(owner: Any, lane: str) -> None:
    for table in ("ledger_about", "ledger_entry", "ledger_lane"):
        await owner.execute(f"delete from {table} where lane = $1", lane)


@pytest.mark.parametrize(
    ("tamper", "first_bad"),
    [
        (_change, 3),
        (_take_away, 3),
        (_rewrite_the_rest, 5),
        (_cut_off, 5),
        (_hide_from_accounting, 2),
        (_tell_another_accounting, 2),
        (_move, 2),
        (_take_the_lane_away, 1),
    ],
)
async def test_tampering_is_found_at_the_first_bad_entry(
    ledger: Ledger, tamper: Tamper, first_bad: int
) -> None:
    lane = f"lane-{uuid4().hex[:8]}"
    await ledger.fill(lane)
    await tamper(ledger.owner, lane)
    found = await ledger.first_bad(lane)
    assert found is not None
    assert found[0] == first_bad
    await _take_the_lane_away(ledger.owner, lane)
    await ledger.owner.execute("delete from ledger_signed_head where lane = $1", lane)


async def edited(ledger: Ledger, times: int, seed: int) -> None:
    """Do something to a lane at random, each kind in turn; the walk names the first bad entry."""
    lane, dice = f"lane-{uuid4().hex[:8]}", random.Random(seed)
    await ledger.fill(lane, calls=5)
    await ledger.fill(lane, calls=7)
    try:
        for number in range(times):
            edit, undoing = EDITS[number % len(EDITS)], ledger.owner.transaction()
            await undoing.start()
            try:
                stands = await lane_of(ledger.owner, lane, dice)
                expected = await edit(stands)
                found = await ledger.first_bad(lane)
                assert found is not None, f"{seed}, {number}: {edit.__name__} is not found"
                assert found[0] == expected, f"{seed}, {number}: {edit.__name__}: {found}"
            finally:
                await undoing.rollback()
        assert await ledger.first_bad(lane) is None
    finally:
        await _take_the_lane_away(ledger.owner, lane)
        await ledger.owner.execute("delete from ledger_signed_head where lane = $1", lane)


async def test_any_edit_at_random_is_found_at_the_first_bad_entry(ledger: Ledger) -> None:
    await edited(ledger, 12 * len(EDITS), seed=6)


async def test_edits_are_found_as_well_where_the_walk_reads_in_small_parts(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chains, "_BATCH", 2)
    monkeypatch.setattr(chains, "_AHEAD", 5)
    await edited(ledger, 4 * len(EDITS), seed=8)
    await _told_at_another_time(ledger)

    def of_any_time(index: Any, sequence: int, _recorded_at: Any) -> Any:
        return index._rows.pop(sequence, ("[]",))[0]

    monkeypatch.setattr(chains._Index, "about", of_any_time)  # planted
    with pytest.raises(AssertionError):
        await _told_at_another_time(ledger)


async def _told_at_another_time(ledger: Ledger) -> None:
    lane = f"lane-{uuid4().hex[:8]}"
    await ledger.fill(lane)
    await ledger.owner.execute(
        "update ledger_about set recorded_at = recorded_at + interval '1 microsecond'"
        " where lane = $1 and sequence = 4 and part = 0", lane,
    )  # fmt: skip
    found = await ledger.first_bad(lane)
    await _take_the_lane_away(ledger.owner, lane)
    await ledger.owner.execute("delete from ledger_signed_head where lane = $1", lane)
    assert found is not None
    assert found[0] == 4


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_any_of_ten_thousand_edits_is_found_at_the_first_bad_entry(ledger: Ledger) -> None:
    await edited(ledger, 10_000, seed=int(os.environ.get("GT_SOAK_SEED", "1")))


async def test_walk_that_looks_at_hashes_alone_would_be_noticed(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: who is told of an entry may be anybody."""

    def hashes_alone(
        _lane: str, _expected: int, previous: bytes, row: StoredEntry
    ) -> tuple[str | None, bytes]:
        computed = link(previous, canonical(json.loads(row.text)))
        return (None if computed == row.hash else "changed"), computed

    monkeypatch.setattr(walk, "_compare", hashes_alone)
    with pytest.raises(AssertionError, match="is not found"):
        await edited(ledger, len(EDITS), seed=6)


async def test_forged_key_in_the_database_does_not_help(ledger: Ledger, tmp_path: Path) -> None:
    lane = "forged"
    await ledger.fill(lane)
    await _rewrite_the_rest(ledger.owner, lane)
    forger = SigningKeys("consent", tmp_path / "forger", tmp_path / "public").current()
    private: Any = forger.private.raw_value
    for row in await ledger.owner.fetch("select * from ledger_signed_head where lane = $1", lane):
        hash_ = await ledger.owner.fetchval(
            "select hash from ledger_entry where lane = $1 and sequence = $2", lane, row["sequence"]
        )
        text = head_text(lane, row["sequence"], hash_, row["signed_at"].isoformat())
        await ledger.owner.execute(
            "update ledger_signed_head set hash = $2, kid = $3, signature = $4 where lane = $1",
            lane, hash_, forger.kid, private.sign(text),
        )  # fmt: skip
    await ledger.owner.execute(
        "insert into ledger_key values ($1, $2::text::jsonb, now())",
        forger.kid, json.dumps(forger.private.as_dict(private=False)),
    )  # fmt: skip
    found = await ledger.first_bad(lane)
    assert found is not None
    # The planted twin: a walk that believes the database's copy of the key sees nothing.
    believing = await verify_ledger(ledger.owner, None)
    assert [flaw for flaw in believing.flaws if flaw.lane == lane] == []
    await _take_the_lane_away(ledger.owner, lane)
    await ledger.owner.execute("delete from ledger_signed_head where lane = $1", lane)


async def test_command_names_the_first_bad_entry_and_fails(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import asyncio

    from svc_consent.audit import audit

    settings = ledger.world.service.settings
    monkeypatch.setenv("GT_DATABASE_DSN", settings.database_dsn.reveal())
    monkeypatch.setenv("GT_KEY_DIR", str(settings.key_dir))
    await ledger.fill("command")
    assert await asyncio.to_thread(audit, ["verify"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("ledger ok: ")
    await _change(ledger.owner, "command")
    assert await asyncio.to_thread(audit, ["verify"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "lane command, entry 3" in lines[0]
    assert lines[-1].startswith("ledger BAD: ")


async def test_head_is_signed_when_the_ledger_has_grown_enough(ledger: Ledger) -> None:
    await ledger.fill("grown", calls=3)
    await ledger.signer.sign_due(seconds=0)
    assert await ledger.signer.sign_due(entries=2, seconds=3600) == 0
    await ledger.fill("grown", calls=2)
    assert await ledger.signer.sign_due(entries=1, seconds=3600) >= 1


async def test_entry_names_fields_and_never_the_participant(ledger: Ledger) -> None:
    officer = await ledger.world.make_person("LEO", await ledger.world.make_agency("LE"))
    participant = str(uuid4())
    await ledger.world.release(participant, officer.agency_id)
    call = ledger.world.gate_call(officer, await ledger.world.head(), [participant])
    await ledger.world.gate(call)
    row = await ledger.owner.fetchrow(
        "select e.entry::text, p.pseudonym::text from ledger_entry e, participant_pseudonym p"
        " where e.release_id = $1 and p.participant_id = $2", call["releaseId"], participant,
    )  # fmt: skip
    assert participant not in row[0]
    assert row[1] in row[0]


async def test_planted_right_to_change_the_past_is_caught(ledger: Ledger) -> None:
    await ledger.owner.execute("grant update on ledger_entry to gt_consent")
    try:
        with pytest.raises(pytest.fail.Exception):
            await test_service_can_add_and_read_and_nothing_else(
                ledger, "ledger_entry", "update {} set {} = {} where false"
            )
    finally:
        await ledger.owner.execute("revoke update on ledger_entry from gt_consent")


VERIFICATION = """{ ledgerVerification { lanes entries heads isWhole
  flaws { lane sequence reason } latestHeads { lane sequence hash keyId } } }"""


async def verification(ledger: Ledger, role: Role) -> Any:
    person = await ledger.world.make_person(role.value, await ledger.world.make_agency("PMA"))
    asking = caller(
        role, {Category.AGENCY_ROLES: "*"}, subject=person.subject, agency_id=person.agency_id,
        site_id=str(ledger.world.site_id),
    )  # fmt: skip
    answer = await ledger.world.service.graphql(asking, VERIFICATION)
    return answer.data["ledgerVerification"]


async def test_privacy_officer_reads_what_the_walk_finds_and_nobody_else_does(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = f"read-{uuid4().hex[:8]}"
    await ledger.fill(lane)
    expected = await verify_ledger(ledger.owner, None)
    found = await verification(ledger, Role.PRV)
    assert (found["lanes"], found["entries"], found["isWhole"]) == (
        expected.lanes, expected.entries, True,
    )  # fmt: skip
    assert [flaw["lane"] for flaw in found["flaws"]] == [flaw.lane for flaw in expected.flaws]
    (head,) = [each for each in found["latestHeads"] if each["lane"] == lane]
    assert head["sequence"] > 0
    assert len(head["hash"]) == 64
    assert await verification(ledger, Role.AGA) is None
    monkeypatch.setattr(ledger_schema, "_MOST", 3)
    bounded = await verification(ledger, Role.PRV)
    assert (bounded["entries"] + bounded["heads"], bounded["isWhole"]) == (3, False)
