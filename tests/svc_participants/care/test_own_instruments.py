"""A site's own instruments: read as those of the service are, offered and taken there alone."""

import dataclasses
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from svc_participants.app import app
from svc_participants.care.assessments import digests, listing, repository, shelf
from svc_participants.care.assessments.instruments import (
    Instrument,
    InstrumentError,
    packaged,
    with_own,
)
from svc_participants.care.assessments.shelf import SHELF, UsedVersions
from tests.architecture.test_layout import ROOT
from tests.fixtures.participants_service import (
    INTAKE,
    SITE,
    at_intake,
    case_manager,
    change,
    codes,
    enroll_today,
    enrolled,
    sign_intake,
    take_intake,
)
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory
from tests.fixtures.site_days import site_today

ELSEWHERE = "3f2a6f3e-7d0b-4c55-9a51-0c7f1f6b2a10"
README = (ROOT / "svc_participants" / "README.md").read_text(encoding="utf-8")
EXAMPLE: str = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)[0]
PACKAGED = (
    ROOT / "svc_participants" / "care" / "assessments" / "forms" / "lead-intake-1.toml"
).read_text(encoding="utf-8")


def for_site(site_id: str, key: str = "cedar-checkin", version: int = 1) -> str:
    """Return the README's example, for another site."""
    own = EXAMPLE.replace(ELSEWHERE, site_id).replace("cedar-checkin", key)
    return own.replace("version = 1", f"version = {version}", 1)


def folder_of(folder: Path, *files: str) -> Path:
    for number, content in enumerate(files):
        (folder / f"own-{number}.toml").write_text(content, encoding="utf-8")
    return folder


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that starts with these files; what was there before comes back."""
    monkeypatch.setattr(SHELF, "_all", SHELF.all())

    def fill(*files: str) -> None:
        for each in tmp_path.iterdir():
            each.unlink()
        SHELF.fill(folder_of(tmp_path, *files))

    return fill


def test_the_example_of_the_readme_is_read_beside_those_of_the_service(tmp_path: Path) -> None:
    (tmp_path / "README.txt").write_text("not looked at")
    found = with_own(folder_of(tmp_path, EXAMPLE))
    assert set(found) == {*packaged(), ("cedar-checkin", 1)}
    own = found["cedar-checkin", 1]
    assert own.is_for(UUID(ELSEWHERE))
    assert not own.is_for(UUID(SITE))
    assert not own.is_for(None)
    assert found["lead-intake", 1].is_for(None)
    assert with_own(folder_of(tmp_path, EXAMPLE, EXAMPLE, PACKAGED)) == found  # says the same


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (f'["{ELSEWHERE}"]', '["cedar"]', "sites are ids of sites"),
        (f'["{ELSEWHERE}"]', "[]", "sites is a list of texts"),
        (f'["{ELSEWHERE}"]', f'"{ELSEWHERE}"', "sites is a list of texts"),
        (f'["{ELSEWHERE}"]', f'["{ELSEWHERE}", "{ELSEWHERE.upper()}"]', "occurs twice"),
        ("sites =", "site =", "unknown site"),
        ("most = 30,", "most = 29,", "bands end at 29"),
        ("title = \"Check-in", "title = \"Another", "version: cedar-checkin 1 exists already"),
        (f'["{ELSEWHERE}"]', f'["{SITE}"]', "version: cedar-checkin 1 exists already"),
    ],
)  # fmt: skip
def test_what_is_wrong_or_contradicts_is_refused_with_its_file(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in EXAMPLE
    with pytest.raises(InstrumentError, match=r"own-1\.toml") as refused:
        with_own(folder_of(tmp_path, EXAMPLE, EXAMPLE.replace(old, new, 1)))
    assert says in str(refused.value)


def test_a_version_of_the_service_is_not_put_in_other_words(tmp_path: Path) -> None:
    other = PACKAGED.replace("intake = true", "intake = false")
    with pytest.raises(InstrumentError, match="lead-intake 1 exists already"):
        with_own(folder_of(tmp_path, other))


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match=r"nowhere: FileNotFoundError"):
        with_own(tmp_path / "nowhere")
    (tmp_path / "own.toml").write_bytes(b'key = "\xff"')
    with pytest.raises(InstrumentError, match=r"own\.toml: UnicodeDecodeError"):
        with_own(tmp_path)


def test_the_command_lists_a_folder_or_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert listing.show([str(folder_of(tmp_path, EXAMPLE))]) == 0
    said = capsys.readouterr().out
    assert f"cedar-checkin 1: Check-in after a month; sites {ELSEWHERE}\n" in said
    assert "phq-2 1: Patient Health Questionnaire, two items; every site\n" in said
    assert listing.show([str(folder_of(tmp_path, EXAMPLE, "key = 1"))]) == 2
    assert "own-1.toml" in capsys.readouterr().err


async def offered(service: ServiceApp) -> set[str]:
    query = "{ assessmentInstruments { key version } }"
    found = (await service.graphql(case_manager(), query)).data["assessmentInstruments"]
    return {each["key"] for each in found}


async def record(service: ServiceApp, who: str, key: str) -> dict[str, Any]:
    return await change(
        service, case_manager(), "recordAssessment",
        "assessment { id version answers { question number } scores { meaning } }",
        participantId=who, instrument=key, instrumentVersion=1,
        takenOn=site_today().isoformat(), answers=[{"item": "nights", "number": 20}],
    )  # fmt: skip


async def keeps_to_its_site(service: ServiceApp, put: Any) -> bool:
    """Whether the own one is offered and taken, and another site's is neither."""
    put(for_site(SITE, "ours"), for_site(ELSEWHERE, "theirs"))
    who, _ = await enrolled(service)
    keys = await offered(service) & {"ours", "theirs", "lead-intake"}
    ours, theirs = await record(service, who, "ours"), await record(service, who, "theirs")
    assert ours["userErrors"] == []
    assert ours["assessment"]["scores"] == [{"meaning": "Mostly inside."}]
    return (keys, codes(theirs)) == ({"ours", "lead-intake"}, ["INSTRUMENT_UNKNOWN"])


async def test_an_instrument_is_offered_and_taken_at_its_site_alone(
    participants: ServiceApp, put: Any
) -> None:
    assert await keeps_to_its_site(participants, put)


async def counts_only_where_it_is_used(service: ServiceApp, put: Any) -> bool:
    """Whether an intake of the own site's counts for enrolling, and one of another site's not."""
    who, enrollment_id = await at_intake(service)
    mine = case_manager()
    put(PACKAGED.replace('"lead-intake"', f'"own-intake"\nsites = ["{SITE}"]'))
    taken = await change(
        service, mine, "recordAssessment", "assessment { id version }", participantId=who,
        instrument="own-intake", instrumentVersion=1, takenOn=site_today().isoformat(),
        answers=list(INTAKE),
    )  # fmt: skip
    assert codes(taken) == []
    await sign_intake(service, mine, taken["assessment"])
    put(PACKAGED.replace('"lead-intake"', f'"own-intake"\nsites = ["{ELSEWHERE}"]'))
    elsewhere = codes(await enroll_today(service, mine, enrollment_id))
    put(PACKAGED.replace('"lead-intake"', f'"own-intake"\nsites = ["{SITE}"]'))
    here = codes(await enroll_today(service, mine, enrollment_id)) if elsewhere else None
    return (elsewhere, here) == (["INTAKE_INCOMPLETE"], [])


async def test_an_intake_counts_where_it_is_used(participants: ServiceApp, put: Any) -> None:
    assert await counts_only_where_it_is_used(participants, put)


@pytest.mark.parametrize("check", [keeps_to_its_site, counts_only_where_it_is_used])
async def test_planted_instrument_of_every_site_is_caught(
    participants: ServiceApp, put: Any, monkeypatch: pytest.MonkeyPatch, check: Any
) -> None:
    monkeypatch.setattr(Instrument, "is_for", lambda _self, _site_id: True)
    assert not await check(participants, put)


async def test_a_version_that_is_no_intake_does_not_count_by_its_key(
    participants: ServiceApp, put: Any
) -> None:
    """One key may be an intake in one version and none in the next."""
    who, enrollment_id = await at_intake(participants)
    mine = case_manager()
    none = PACKAGED.replace("version = 1", "version = 2").replace("intake = true", "")
    put(none)
    taken = await change(
        participants, mine, "recordAssessment", "assessment { id version }", participantId=who,
        instrument="lead-intake", instrumentVersion=2, takenOn=site_today().isoformat(),
        answers=list(INTAKE),
    )  # fmt: skip
    await sign_intake(participants, mine, taken["assessment"])
    assert codes(await enroll_today(participants, mine, enrollment_id)) == ["INTAKE_INCOMPLETE"]
    await sign_intake(participants, mine, await take_intake(participants, mine, who))
    assert codes(await enroll_today(participants, mine, enrollment_id)) == []


async def test_what_was_taken_is_read_and_signed_where_it_is_used_no_more(
    participants: ServiceApp, put: Any
) -> None:
    put(for_site(SITE, "ours"))
    who, _ = await enrolled(participants)
    draft = (await record(participants, who, "ours"))["assessment"]
    put(for_site(ELSEWHERE, "ours"))
    assert codes(await record(participants, who, "ours")) == ["INSTRUMENT_UNKNOWN"]
    signed = await change(
        participants, case_manager(), "signAssessment",
        "assessment { state answers { question number } scores { meaning } }",
        assessmentId=draft["id"], expectedVersion=draft["version"],
    )  # fmt: skip
    assert signed["userErrors"] == []
    question = "On how many of the last 30 nights did you sleep inside?"
    assert signed["assessment"] == {
        "state": "SIGNED",
        "answers": [{"question": question, "number": 20}],
        "scores": [{"meaning": "Mostly inside."}],
    }


def test_a_folder_that_is_wrong_stops_the_start(participants: ServiceApp, tmp_path: Path) -> None:
    settings = dataclasses.replace(
        participants.settings, instruments_dir=folder_of(tmp_path, "key = 1")
    )
    with pytest.raises(InstrumentError, match=r"own-0\.toml"):
        app(dataclasses.replace(participants.chassis, settings=settings))


async def assessed_under(service: ServiceApp, version: int, assessment_id: str) -> None:
    async with service.chassis.database.write() as session:
        await session.execute(
            text("update assessment set instrument_version = :v where id = cast(:id as uuid)"),
            {"v": version, "id": assessment_id},
        )


async def has_all_that_was_used(service: ServiceApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the shelf hold what any test was assessed by until now, too, as it was then."""
    async with service.chassis.database.read() as session:
        used = await repository.used_but(session, SHELF.all())
        kept = await repository.digests(session)
    any_one = packaged()["phq-2", 1]
    others = {
        (key, version): dataclasses.replace(any_one, key=key, version=version)
        for key, version in used
    }

    def digest_of(each: Instrument) -> str:
        version = (each.key, each.version)
        is_other = version in others and version in kept
        return kept[version] if is_other else digests.digest_of(each)

    monkeypatch.setattr(SHELF, "_all", {**SHELF.all(), **others})
    monkeypatch.setattr(shelf, "digest_of", digest_of)


async def test_a_missing_version_that_was_used_stops_the_start(
    participants: ServiceApp,
    service_app: ServiceAppFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    who, _ = await at_intake(participants)
    draft = await take_intake(participants, case_manager(), who)
    await has_all_that_was_used(participants, monkeypatch)
    used = UsedVersions(participants.chassis.database, Path("/etc/own"))
    await assessed_under(participants, 77, draft["id"])
    try:
        assert not await used.is_ready()
        with pytest.raises(InstrumentError, match=r"^/etc/own: .*: lead-intake 77$"):
            await used.start()
        assert "lead-intake 77" in capsys.readouterr().err
        where = (participants.owner_dsn, participants.settings.database_dsn.reveal())
        with pytest.raises(InstrumentError, match="lead-intake 77"):
            async with service_app("svc_participants", database=where):
                pass
    finally:
        await assessed_under(participants, 1, draft["id"])
    await has_all_that_was_used(participants, monkeypatch)  # the other program read its own
    await used.start()
    assert await used.is_ready()


async def test_a_database_that_is_away_stops_no_start(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program waits to be ready instead, and looks then."""
    await has_all_that_was_used(participants, monkeypatch)
    used = UsedVersions(participants.chassis.database, None)

    def away() -> Any:
        raise OSError

    with monkeypatch.context() as gone:
        gone.setattr(participants.chassis.database, "read", away)
        await used.start()
        assert not await used.is_ready()
    assert await used.is_ready()
