"""What training opens is handed over: before anybody is told, when it is lost."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from infra.dev.demo.world import build_world, world_json
from svc_training.background import BackgroundWork
from svc_training.clearances.rules import FOREVER, Held, changes, ends_at, of_all
from svc_training.seed import seed
from tests.fixtures.service_app import (
    Answer,
    ConsentStandIn,
    ServiceApp,
    ServiceAppFactory,
    new_key,
)
from tests.fixtures.training_service import POLICE, account, training_manager

EXEMPT = """mutation ($input: ExemptFromTrainingInput!) { exemptFromTraining(input: $input) {
  requirement { key } userErrors { code } } }"""
CHANGE = """mutation ($input: ChangePersonnelInput!) { changePersonnel(input: $input) {
  personnel { id version } userErrors { code } } }"""
PEOPLE = """{ personnel(first: 100) { edges { node { id externalId accountId version givenName
  familyName appointmentType isCertified } } } }"""
OWN = "{ myTrainingClearances { kind heldUntil } }"
LEAD_101 = "lead-101-before-owg"
days = st.one_of(st.none(), st.dates(date(2020, 1, 1), FOREVER))


@given(st.lists(days))
def test_a_clearance_needs_every_requirement_that_leads_to_it(found: list[date | None]) -> None:
    until = of_all(found)
    assert (until is None) == (not found or None in found)
    assert until is None or all(until <= day for day in found if day is not None)


def test_a_last_day_ends_at_midnight_where_the_academy_is() -> None:
    assert ends_at(date(2026, 7, 1)) == datetime(2026, 7, 2, 7, tzinfo=UTC)
    assert ends_at(date(2026, 12, 31)) == datetime(2027, 1, 1, 8, tzinfo=UTC)
    assert ends_at(FOREVER) is None


def test_only_what_changed_is_handed_over_and_losses_first() -> None:
    kept, lost = (Held(uuid4(), "account", "agency", "OWG", FOREVER) for _ in range(2))
    new = Held(uuid4(), "account", "agency", "OWG", date(2027, 1, 1))
    operations = changes({kept.id: kept, lost.id: lost}, {kept.id: kept, new.id: new})
    assert [(each["op"], each["table"]) for each in operations] == [
        ("delete", "clearance"),
        ("put", "clearance"),
    ]
    assert operations[0]["id"] == str(lost.id)
    assert operations[1]["row"] == {
        "id": str(new.id), "subject": "account", "agency_id": "agency", "kind": "OWG",
        "ends_at": "2027-01-02T08:00:00+00:00",
    }  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def cleared(
    service_app: ServiceAppFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ServiceApp]:
    """The service with one officer exempt, and so cleared; nothing goes on unasked."""
    file = tmp_path / "world.json"
    file.write_text(world_json(build_world(datetime.now(UTC).date())), encoding="utf-8")

    async def idle(_self: BackgroundWork) -> None:
        return None

    monkeypatch.setattr(BackgroundWork, "start", idle)
    async with service_app("svc_training") as service:
        await seed(service.chassis, file)
        await BackgroundWork(service.chassis.database, service.chassis.handover).settle()
        who = await person(service, account("officer"))
        answer = await run(service, EXEMPT, personnelId=who["id"], key=LEAD_101,
                           reason="Taught it")  # fmt: skip
        assert answer.data["exemptFromTraining"]["userErrors"] == []
        yield service


async def person(service: ServiceApp, account_id: str) -> dict[str, Any]:
    """Return somebody's entry as the training manager reads it."""
    answer = await service.graphql(training_manager(), PEOPLE)
    nodes: list[dict[str, Any]] = [edge["node"] for edge in answer.data["personnel"]["edges"]]
    (found,) = [node for node in nodes if node["accountId"] == account_id]
    return found


async def run(service: ServiceApp, mutation: str, **given: Any) -> Answer:
    variables = {"input": {"idempotencyKey": new_key(), **given}}
    return await service.graphql(training_manager(), mutation, variables)


def consent_of(service: ServiceApp) -> ConsentStandIn:
    """Return the consent service's stand-in, which is there."""
    assert service.consent is not None
    return service.consent


def held(service: ServiceApp) -> set[str]:
    """Return whose clearances the consent service has, played from what it was handed."""
    rows: dict[str, str] = {}
    for operation in consent_of(service).handed_over:
        if operation.get("table") != "clearance":
            continue
        if operation["op"] == "delete":
            rows.pop(str(operation["id"]), None)
        else:
            row: Any = operation["row"]
            assert (row["agency_id"], row["kind"]) == (POLICE, "OWG")
            rows[row["id"]] = row["subject"]
    return set(rows.values())


async def deactivate(service: ServiceApp) -> Answer:
    who = await person(service, account("officer"))
    return await run(
        service, CHANGE, personnelId=who["id"], expectedVersion=who["version"],
        givenName=who["givenName"], familyName=who["familyName"],
        appointmentType=who["appointmentType"], isCertified=who["isCertified"],
        externalId=who["externalId"], accountId=who["accountId"], isActive=False,
    )  # fmt: skip


async def test_who_is_cleared_is_known_before_the_answer(cleared: ServiceApp) -> None:
    assert account("officer") in held(cleared)


async def test_the_end_of_an_exemption_takes_the_clearance_before_the_answer(
    cleared: ServiceApp,
) -> None:
    who = await person(cleared, account("officer"))
    await run(cleared, EXEMPT, personnelId=who["id"], key=LEAD_101)
    assert account("officer") not in held(cleared)


async def no_loss_is_acknowledged_before_it_is_handed_over(service: ServiceApp) -> None:
    consent_of(service).is_refusing = True
    answer = await deactivate(service)
    assert "SERVICE_UNAVAILABLE" in answer.error_codes
    consent_of(service).is_refusing = False
    assert service.chassis.handover is not None
    await service.chassis.handover.flush()
    assert account("officer") not in held(service)


async def test_no_loss_is_acknowledged_before_it_is_handed_over(cleared: ServiceApp) -> None:
    await no_loss_is_acknowledged_before_it_is_handed_over(cleared)


async def test_planted_hand_over_after_the_acknowledgement_is_caught(
    cleared: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the entry only marked, and its clearance lost when somebody comes to assess it."""

    async def later(*_given: Any) -> None:
        return None

    monkeypatch.setattr("svc_training.personnel.commands.clearances.withdraw", later)
    with pytest.raises(AssertionError):
        await no_loss_is_acknowledged_before_it_is_handed_over(cleared)


async def test_a_change_that_decides_nothing_keeps_the_clearance(cleared: ServiceApp) -> None:
    who = await person(cleared, account("officer"))
    answer = await run(
        cleared, CHANGE, personnelId=who["id"], expectedVersion=who["version"],
        givenName="Renamed", familyName=who["familyName"],
        appointmentType=who["appointmentType"], isCertified=who["isCertified"],
        externalId=who["externalId"], accountId=who["accountId"], isActive=True,
    )  # fmt: skip
    assert answer.data["changePersonnel"]["userErrors"] == []
    assert account("officer") in held(cleared)
