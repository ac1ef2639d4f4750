"""The services take a synthetic site: all rows are there, once, in one change of the facts."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from infra.authority.follower import applied_revision
from infra.authority.tables import Visibility
from infra.bulk_copy import CopyRows
from infra.dev.synth.batch import Batch, Outline, build_batch
from infra.dev.synth.loading import Wanted, day_of, loaded_of, remember
from infra.errors import BugError
from svc_cases import synthetic as cases
from svc_cases.cases.tables import LegalCase
from svc_consent import synthetic as consent
from svc_consent.releases.tables import Provision
from svc_participants import synthetic as participants
from svc_participants.care.notes.tables import CaseNoteRow
from svc_participants.people.tables import AliasRow, ParticipantRow
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory
from tests.infra.dev.synth.fact_rows import rows_of

ON = date(2026, 11, 22)


@pytest.fixture(scope="module")
def batch() -> Batch:
    return build_batch(Outline(seed=5, number=0, size=60, on=ON))


def told(batch: Batch, **more: Any) -> dict[str, Any]:
    """What the loader reads: the batch as it is after the pipe."""
    whole = {
        **batch.of_all(), "people": batch.people, "cases": batch.cases,
        "mous": batch.places.mous, **more,
    }  # fmt: skip
    found: dict[str, Any] = orjson.loads(orjson.dumps(whole))
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(
    request: pytest.FixtureRequest, service_app: ServiceAppFactory
) -> AsyncIterator[ServiceApp]:
    async with service_app(request.param, with_consent=False) as running:
        yield running


async def _count(service: ServiceApp, table: Any) -> int:
    async with service.chassis.database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize("service", ["svc_consent"], indirect=True)
async def test_consent_takes_a_site_in_one_change(service: ServiceApp, batch: Batch) -> None:
    async with service.chassis.database.read() as session:
        before = await applied_revision(session)
    first = await consent.load(service.chassis, told(batch), batch.facts)
    assert first == {"revision": before + 1, "loaded": 60}
    provisions = [e for p in batch.people for r in p.get("releases", ()) for e in r["provisions"]]
    for _ in range(2):
        assert await _count(service, Provision) == len(provisions)
        assert await _count(service, Visibility) == len(rows_of(batch.facts))
        again = await consent.load(service.chassis, told(batch), batch.facts)
        assert again == {"revision": before + 1, "loaded": 0}
    async with service.chassis.database.read() as session:
        assert await applied_revision(session) == before + 1
        listed = await session.scalar(text("select operations from authority_change"))
    assert {each["table"] for each in listed} == {"agency_window"}


@pytest.mark.parametrize("service", ["svc_participants"], indirect=True)
async def test_participants_takes_a_site_once(service: ServiceApp, batch: Batch) -> None:
    for loaded in (60, 0):
        answer = await participants.load(service.chassis, told(batch, revision=3), batch.facts)
        assert answer == {"loaded": loaded}
        assert await _count(service, ParticipantRow) == 60
        assert await _count(service, Visibility) == len(rows_of(batch.facts))
    notes = sum(person.get("note_count", 0) for person in batch.people)
    assert await _count(service, CaseNoteRow) == notes
    async with service.chassis.database.read() as session:
        assert await session.scalar(select(func.max(Visibility.revision))) == 3
        late = select(func.count()).where(CaseNoteRow.occurred_on > ON)
        assert await session.scalar(late) == 0


@pytest.mark.parametrize("service", ["svc_cases"], indirect=True)
async def test_cases_takes_a_site_once(service: ServiceApp, batch: Batch) -> None:
    for loaded in (len(batch.cases), 0):
        answer = await cases.load(service.chassis, told(batch, revision=3), batch.facts)
        assert answer == {"loaded": loaded}
        assert await _count(service, LegalCase) == len(batch.cases)


@pytest.mark.parametrize("service", ["svc_participants"], indirect=True)
async def test_a_site_that_fails_half_way_leaves_nothing(service: ServiceApp, batch: Batch) -> None:
    other = build_batch(Outline(seed=6, number=0, size=20, on=ON))
    broken = other.facts.replace(b"permit", b"perhap", 1)
    before = await _count(service, ParticipantRow)
    with pytest.raises(DBAPIError):
        await _guarded(service, told(other, revision=1), broken)
    assert await _count(service, ParticipantRow) == before
    whole = await participants.load(service.chassis, told(other, revision=1), other.facts)
    assert whole == {"loaded": 20}


async def _guarded(service: ServiceApp, batch: dict[str, Any], facts: bytes) -> None:
    """Run a load whose driver's own error comes through as it is."""
    try:
        await participants.load(service.chassis, batch, facts)
    except Exception as error:
        raise DBAPIError(None, None, error) from error


def test_a_new_column_is_not_forgotten() -> None:
    with pytest.raises(BugError, match="kind"):
        CopyRows(AliasRow, "id", "participant_id", "name")


async def test_what_copy_would_read_otherwise_stops_the_loader() -> None:
    rows = CopyRows(AliasRow, "id", "participant_id", "name", "kind")
    for stray in ("a\tb", "a\nb", "a\\b"):
        rows.add("1", "2", stray, "OTHER")
        with pytest.raises(BugError):
            await rows.copy(None)  # type: ignore[arg-type]
        rows = CopyRows(AliasRow, "id", "participant_id", "name", "kind")


def test_a_run_for_fewer_people_takes_nobody_away(tmp_path: Path) -> None:
    file, day = tmp_path / "synth.json", date(2026, 11, 2)
    remember(file, Wanted(3000, 7, day))
    remember(file, Wanted(1000, 7, day))
    remember(file, Wanted(500, 8, day))
    assert (loaded_of(file, 7), loaded_of(file, 8), loaded_of(file, 9)) == (3000, 500, 0)


def test_the_day_of_a_world_is_that_of_its_first_run(tmp_path: Path) -> None:
    file, day = tmp_path / "synth.json", date(2026, 11, 2)
    assert day_of(file, 7, day) == day
    remember(file, Wanted(500, 7, day))
    assert day_of(file, 7, date(2027, 1, 1)) == day
