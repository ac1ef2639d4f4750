"""A version that somebody was assessed by says what it said then, or nothing starts with it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from infra.migrations import downgrade, migrate
from infra.settings import Secret
from svc_participants.care.assessments import commands, digests
from svc_participants.care.assessments.digests import digest_of
from svc_participants.care.assessments.instruments import (
    Instrument,
    InstrumentError,
    packaged,
    read,
)
from svc_participants.care.assessments.shelf import SHELF, UsedVersions
from tests.fixtures.participants_service import (
    SITE,
    at_intake,
    case_manager,
    codes,
    enrolled,
    take_intake,
)
from tests.fixtures.postgres import ServiceDatabaseFactory
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory
from tests.svc_participants.care.test_care_migrations import PACKAGE_DIR, run
from tests.svc_participants.care.test_own_instruments import (
    ELSEWHERE,
    EXAMPLE,
    PACKAGED,
    assessed_under,
    folder_of,
    for_site,
    has_all_that_was_used,
    record,
)
from tests.svc_participants.test_migrations import _refuses

OLD, NEW = "the last 30 nights", "the last 30 days"
"""A word of the README's example, and what it is changed to."""
FORMS = {
    ("lead-intake", 1): "38a05cfd3b24a470c796665d93ea80a7817008b9875f25e340c91c96b378e9c9",
    ("phq-2", 1): "ed46ce8652890ad02bc029dad293ea4ad0be77a2235190015dd841dd51bd610f",
}


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that starts with these files; what was there before comes back."""
    monkeypatch.setattr(SHELF, "_all", SHELF.all())
    return lambda *files: SHELF.fill(folder_of(tmp_path, *files))


def test_the_forms_of_the_service_say_what_they_said() -> None:
    """Another digest of a version that was released stops every site that used it."""
    assert {version: digest_of(each) for version, each in packaged().items()} == FORMS


@pytest.mark.parametrize(
    ("of", "old", "new"),
    [
        (EXAMPLE, 'key = "cedar-checkin"', 'key = "cedar-check"'),
        (EXAMPLE, "version = 1", "version = 2"),
        (EXAMPLE, "Check-in after a month", "Check-in after two months"),
        (EXAMPLE, "Own wording of the site.", "Somebody else's."),
        (EXAMPLE, "version = 1", "version = 1\nintake = true"),
        (EXAMPLE, 'title = "How it is going"', 'title = "How it goes"'),
        (EXAMPLE, '"PSYCHOSOCIAL"', '"SUD"'),
        (EXAMPLE, OLD, NEW),
        (EXAMPLE, "required = true", "required = false"),
        (EXAMPLE, 'title = "Nights inside"', 'title = "Nights"'),
        (EXAMPLE, "Mostly outside.", "Outside."),
        (EXAMPLE, "most = 14, meaning = \"Mostly outside.\" },\n  { least = 15",
         "most = 15, meaning = \"Mostly outside.\" },\n  { least = 16"),
        (PACKAGED, 'kind = "CHOICES"', 'kind = "CHOICE"'),
        (PACKAGED, 'code = "state_id"', 'code = "card"'),
        (PACKAGED, "Identity card or licence", "Identity card"),
        (PACKAGED, 'text = "Sometimes", points = 1', 'text = "Sometimes", points = 2'),
        (PACKAGED, "most = 50", "most = 60"),
    ],
)  # fmt: skip
def test_whatever_is_asked_or_counted_otherwise_is_another_digest(
    of: str, old: str, new: str
) -> None:
    assert old in of
    assert digest_of(read(of, "a")) != digest_of(read(of.replace(old, new, 1), "b"))


def test_comments_layout_and_sites_are_no_part_of_it() -> None:
    other = "# Of the council.\n" + EXAMPLE.replace(ELSEWHERE, SITE).replace(" = ", "  =  ")
    explicit = other.replace("version  =  1", "version = 1\nintake = false", 1)
    assert digest_of(read(EXAMPLE, "a")) == digest_of(read(explicit, "b"))


async def refuses_an_edit(
    service: ServiceApp, put: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> str | None:
    """Assess somebody, edit the file in place, start; return what the start says, None: nothing."""
    key = f"own-{uuid4()}"
    sound, edited = for_site(SITE, key), for_site(SITE, key).replace(OLD, NEW)
    who, _ = await enrolled(service)
    put(sound)
    assert codes(await record(service, who, key)) == []
    await has_all_that_was_used(service, monkeypatch)
    await UsedVersions(service.chassis.database, None).start()
    put(for_site(ELSEWHERE, key))  # another site's from now on: asked alike
    await has_all_that_was_used(service, monkeypatch)
    await UsedVersions(service.chassis.database, None).start()
    put(edited)
    await has_all_that_was_used(service, monkeypatch)
    used = UsedVersions(service.chassis.database, None)
    try:
        await used.start()
    except InstrumentError as error:
        is_named, is_ready = f": {key} 1 " in str(error), await used.is_ready()
        return str(error) if is_named and not is_ready else None
    return None


async def test_a_version_that_was_edited_in_place_stops_the_start(
    participants: ServiceApp,
    put: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = await refuses_an_edit(participants, put, monkeypatch)
    assert said is not None
    assert said.startswith(f"{tmp_path}/own-0.toml: own-")
    assert said.endswith("put back what it said, and give the new wording a new version")
    assert said in capsys.readouterr().err


async def refuses_other_wording_of_another_process(
    service: ServiceApp, put: Callable[..., None], _: pytest.MonkeyPatch
) -> str | None:
    """Assess somebody in two processes with other files; return the second one's refusal."""
    key = f"own-{uuid4()}"
    who, _stay = await enrolled(service)
    put(for_site(SITE, key))
    assert codes(await record(service, who, key)) == []
    put(for_site(SITE, key).replace(OLD, NEW))
    return next(iter(codes(await record(service, who, key))), None)


async def test_no_process_assesses_by_wording_of_its_own(
    participants: ServiceApp, put: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = await refuses_other_wording_of_another_process(participants, put, monkeypatch)
    assert said == "INSTRUMENT_UNKNOWN"


@pytest.mark.parametrize("check", [refuses_an_edit, refuses_other_wording_of_another_process])
async def test_planted_digest_that_is_alike_for_all_is_caught(
    participants: ServiceApp, put: Callable[..., None], monkeypatch: pytest.MonkeyPatch, check: Any
) -> None:
    def alike(each: Instrument) -> str:
        return "alike" if each.key.startswith("own-") else digest_of(each)

    for module in (digests, commands):
        monkeypatch.setattr(module, "digest_of", alike)
    assert await check(participants, put, monkeypatch) is None


async def test_a_version_that_was_used_before_is_kept_from_the_next_start_on(
    participants: ServiceApp, put: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    who, _ = await at_intake(participants)
    draft = await take_intake(participants, case_manager(), who)
    version = 1000 + uuid4().int % 1_000_000
    earlier = PACKAGED.replace("version = 1", f"version = {version}", 1)
    await assessed_under(participants, version, draft["id"])  # nothing was kept of it
    try:
        put(earlier)
        await has_all_that_was_used(participants, monkeypatch)
        await UsedVersions(participants.chassis.database, None).start()
        put(earlier.replace('title = "', 'title = "Our ', 1))
        await has_all_that_was_used(participants, monkeypatch)
        with pytest.raises(InstrumentError, match=f"lead-intake {version} says other"):
            await UsedVersions(participants.chassis.database, None).start()
    finally:
        await assessed_under(participants, 1, draft["id"])


async def test_a_form_of_the_service_that_was_changed_stops_it_too(
    service_app: ServiceAppFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    async with service_app("svc_participants") as service:
        async with service.chassis.database.write() as session:
            await session.execute(
                text("insert into used_instrument values ('phq-2', 1, 'what it said before')")
            )
        where = (service.owner_dsn, service.settings.database_dsn.reveal())
        with pytest.raises(InstrumentError, match=r"forms/phq-2-1\.toml: phq-2 1 says other"):
            async with service_app("svc_participants", database=where):
                pass
    assert "phq-2 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change", ["update used_instrument set digest = digest", "delete from used_instrument"]
)
async def test_what_was_kept_is_neither_changed_nor_deleted(
    participants: ServiceApp, change: str
) -> None:
    assert await _refuses(participants, change)


PERSON, AGENCY = str(uuid4()), str(uuid4())
BEFORE = (
    (
        "insert into participant (id, site_id, name_quality, birth_date_quality, created_at,"
        f" version) values ('{PERSON}', '{AGENCY}', 'FULL', 'FULL', now(), 1)"
    ),
    (
        "insert into assessment (id, participant_id, agency_id, recorded_at, recorded_by,"
        " instrument, instrument_version, taken_on, state, wording, version) values"
        f" (gen_random_uuid(), '{PERSON}', '{AGENCY}', now(), 'x', 'phq-2', 1, '2026-01-01',"
        " 'DRAFT', 1, 1)"
    ),
)
KEPT = ("select instrument, instrument_version, state from assessment",)
USED = ("insert into used_instrument values ('phq-2', 1, 'a')",)


async def test_the_table_comes_and_goes_around_what_is_there(
    service_database: ServiceDatabaseFactory,
) -> None:
    dsn, _ = await asyncio.to_thread(service_database, "participants")
    owner = Secret(dsn)
    await asyncio.to_thread(migrate, PACKAGE_DIR, owner, "0015")
    await run(dsn, BEFORE)
    there = await run(dsn, KEPT)
    for _ in range(2):
        await asyncio.to_thread(migrate, PACKAGE_DIR, owner, "0016")
        assert await run(dsn, KEPT) == there
        await run(dsn, USED)
        await asyncio.to_thread(downgrade, PACKAGE_DIR, owner, "0015")
        assert await run(dsn, KEPT) == there
