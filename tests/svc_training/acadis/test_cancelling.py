"""Whom we cancel gives the place up there too: once, whatever happens; nothing is overwritten."""

import contextlib
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest

import svc_training.acadis.sync as syncing
from infra import clock
from svc_training.acadis import outgoing, repository, sending
from svc_training.acadis.outgoing import Wanted
from svc_training.acadis.provider import CancelAnswer, Cancelled
from svc_training.acadis.rest_v1 import ProviderError, RestV1
from svc_training.acadis.sync import sync
from svc_training.assignments.rules import AssignmentStatus
from svc_training.personnel.tables import Personnel
from tests.fixtures.acadis_stand_in import AcadisStandIn
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.training_service import CASE_MANAGEMENT, training_manager
from tests.svc_training.acadis.speaking import (
    cancelled,
    differences,
    one_run,
    registered,
    speaking,
    status_of,
)
from tests.svc_training.acadis.test_files import RECONCILE
from tests.svc_training.assignments.test_assigning import assign, person

TIMEOUT = 0.5


def deletions(acadis: AcadisStandIn, who: str) -> int:
    """Return how often it was asked to give a person's place up."""
    return sum(
        1 for each in acadis.requests if each.startswith("DELETE ") and each.endswith(f"/{who}")
    )


async def test_who_is_cancelled_here_has_no_place_there(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    await registered(training, "9101-1", person("CF001"))
    await one_run(training, acadis)
    assert acadis.places() == [("CF001", "9101-1")]
    await cancelled(training, "9101-1", "CF001")
    acadis.misbehave("500", "429:1")
    report, pauses = await one_run(training, acadis)
    assert (report.cancelled, len(pauses)) == ({"CANCELLED": 1}, 2)
    assert acadis.places() == []
    asked = deletions(acadis, "CF001")
    report, _ = await one_run(training, acadis)
    assert (report.cancelled, deletions(acadis, "CF001")) == ({}, asked)
    assert await differences(training, "CF001") == []


async def test_planted_exchange_without_cancellations_is_caught(
    training: ServiceApp, acadis: AcadisStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> dict[str, int]:
        return {}

    monkeypatch.setattr(syncing, "send_cancellations", nothing)
    await registered(training, "9101-1", person("CF002"))
    await one_run(training, acadis)
    await cancelled(training, "9101-1", "CF002")
    await one_run(training, acadis)
    assert acadis.places() != []


async def come_back(training: ServiceApp, acadis: AcadisStandIn, who: str) -> None:
    """Register somebody, cancel, and register them again, each with a run of the exchange."""
    await registered(training, "9101-1", person(who))
    await one_run(training, acadis)
    await cancelled(training, "9101-1", who)
    await one_run(training, acadis)
    await registered(training, "9101-1", person(who))
    await one_run(training, acadis)


async def test_who_comes_back_has_a_place_again(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    await come_back(training, acadis, "CF003")
    assert ("CF003", "9101-1") in acadis.places()
    await cancelled(training, "9101-1", "CF003")
    report, _ = await one_run(training, acadis)
    assert report.cancelled == {"CANCELLED": 1}
    assert ("CF003", "9101-1") not in acadis.places()


async def test_planted_key_that_forgets_the_cancellation_is_caught(
    training: ServiceApp, acadis: AcadisStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(wanted: Wanted) -> str:
        return f"{wanted.person} {wanted.session_number}"

    monkeypatch.setattr(sending, "enrollment_key", forgetful)
    await come_back(training, acadis, "CF004")
    assert ("CF004", "9101-1") not in acadis.places()


async def refused(training: ServiceApp, acadis: AcadisStandIn, who: str) -> Any:
    """Cancel somebody whom they have down as having attended; returns what comes of it."""
    await registered(training, "9101-1", person(who))
    await one_run(training, acadis)
    acadis.standing[who, "9101-1"] = "ATTENDED"
    await cancelled(training, "9101-1", who)
    report, _ = await one_run(training, acadis)
    return report.cancelled


async def test_refused_cancellation_is_listed_and_overwrites_nothing(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    assert await refused(training, acadis, "CF005") == {"REFUSED": 1}
    wanted = [("STATUS_DIFFERS", "9101-1", "CANCELLED", "ATTENDED")]
    assert await differences(training, "CF005") == wanted
    assert ("CF005", "9101-1") in acadis.places()
    assert await status_of(training, "9101-1", "CF005") == []  # cancelled here, as before
    report, _ = await one_run(training, acadis)
    assert (report.cancelled, deletions(acadis, "CF005")) == ({}, 1)
    assert await differences(training, "CF005") == wanted


async def test_planted_refusal_that_nobody_hears_of_is_caught(
    training: ServiceApp, acadis: AcadisStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> bool:
        return False

    monkeypatch.setattr(repository, "list_conflict", nothing)
    await refused(training, acadis, "CF006")
    assert await differences(training, "CF006") == []


async def test_cancellation_that_they_call_late_is_listed(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    acadis.late_sessions.add("9101-2")
    await registered(training, "9101-2", person("CF001"))
    await one_run(training, acadis)
    await cancelled(training, "9101-2", "CF001")
    report, _ = await one_run(training, acadis)
    assert report.cancelled == {"LATE_CANCELLED": 1}
    assert await differences(training, "CF001") == [
        ("STATUS_DIFFERS", "9101-2", "CANCELLED", "LATE_CANCELLED")
    ]


async def test_answer_that_never_came_is_asked_for_again(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    await registered(training, "9101-1", person("CF007"))
    await one_run(training, acadis)
    await cancelled(training, "9101-1", "CF007")
    acadis.misbehave("slow")  # the place is given up there, and nobody says so
    report, _ = await one_run(training, acadis, timeout_seconds=TIMEOUT)
    assert report.cancelled == {"NOT_ENROLLED": 1}
    assert ("CF007", "9101-1") not in acadis.places()


async def misdirected(
    training: ServiceApp, acadis: AcadisStandIn, who: str, adapter: type[RestV1] = RestV1
) -> None:
    """Cancel somebody, and have the wish arrive where nobody knows of any places."""
    await registered(training, "9101-1", person(who))
    await one_run(training, acadis)
    await cancelled(training, "9101-1", who)
    acadis.misbehave("404")
    async with speaking(acadis, adapter=adapter) as provider:
        with contextlib.suppress(ProviderError):
            await sync(training.chassis.database, provider)
    await one_run(training, acadis)


async def test_wrong_address_is_no_word_about_a_place(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    await misdirected(training, acadis, "CF008")
    assert ("CF008", "9101-1") not in acadis.places()


class Credulous(RestV1):
    """An adapter with a planted bug: whatever is not found is a place that is given up."""

    async def cancel(self, person: str, session_number: str) -> Cancelled:
        """Take an error for an answer."""
        try:
            return await super().cancel(person, session_number)
        except ProviderError:
            return Cancelled(CancelAnswer.NOT_ENROLLED, CancelAnswer.NOT_ENROLLED.value)


async def test_planted_belief_in_any_404_is_caught(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    await misdirected(training, acadis, "CF014", Credulous)
    assert ("CF014", "9101-1") in acadis.places()


async def unanswered(training: ServiceApp, acadis: AcadisStandIn, who: str) -> None:
    """Have somebody registered there without our hearing it, and cancel them."""
    await registered(training, "9101-1", person(who))
    acadis.misbehave("slow", *["503"] * 5)
    with pytest.raises(ProviderError):
        await one_run(training, acadis, timeout_seconds=TIMEOUT)
    assert (who, "9101-1") in acadis.places()
    await cancelled(training, "9101-1", who)
    await one_run(training, acadis)


async def test_place_whose_answer_was_lost_is_given_up_too(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    await unanswered(training, acadis, "CF009")
    assert ("CF009", "9101-1") not in acadis.places()


async def test_planted_wish_that_is_noted_only_after_its_answer_is_caught(
    training: ServiceApp, acadis: AcadisStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = outgoing.put_enrollments

    async def late(session: Any, ids: Sequence[Any], state: str, **more: Any) -> None:
        if state != outgoing.ASKED:
            await kept(session, ids, state, **more)

    monkeypatch.setattr(outgoing, "put_enrollments", late)
    await unanswered(training, acadis, "CF010")
    assert ("CF010", "9101-1") in acadis.places()


OTHER = training_manager(CASE_MANAGEMENT, subject="test|other-manager")


async def employed_twice(training: ServiceApp, acadis: AcadisStandIn, who: str) -> None:
    """Register somebody of two rosters for both agencies, and cancel for one of them."""
    twice, now = uuid4(), clock.now()
    async with training.chassis.database.write() as session:
        session.add(
            Personnel(
                id=twice, agency_id=CASE_MANAGEMENT, external_id=who, given_name="Twice",
                family_name="Employed", appointment_type="CIVILIAN", is_certified=False,
                version=1, created_at=now, updated_at=now,
            )
        )  # fmt: skip
    await registered(training, "9101-1", person(who))
    await registered(training, "9101-1", str(twice), asking=OTHER)
    await one_run(training, acadis)
    await cancelled(training, "9101-1", who)
    await one_run(training, acadis)


async def test_place_that_another_agency_wants_stays(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    """One person may be on two rosters; the place is the person's."""
    await employed_twice(training, acadis, "CF011")
    assert acadis.places() == [("CF011", "9101-1")]
    await cancelled(training, "9101-1", "CF011", asking=OTHER)
    report, _ = await one_run(training, acadis)
    assert (report.cancelled, acadis.places()) == ({"CANCELLED": 1}, [])


async def test_planted_cancellation_that_looks_at_one_agency_is_caught(
    training: ServiceApp, acadis: AcadisStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "_WANTS_NO_PLACE", tuple(AssignmentStatus))
    await employed_twice(training, acadis, "CF013")
    assert ("CF013", "9101-1") not in acadis.places()


async def test_place_that_they_gave_by_themselves_is_given_up(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    """They registered whom we had assigned; and again after we had cancelled, which is listed."""
    row = {"person_external_id": "CF012", "session_number": "9101-2", "status": "ACCEPTED"}
    await assign(training, "9101-2", personnelIds=[person("CF012")])
    acadis.enrolled["theirs"] = ("CF012", "9101-2")
    acadis.add("assignments", **row)
    await one_run(training, acadis)
    await cancelled(training, "9101-2", "CF012")
    report, _ = await one_run(training, acadis)
    assert (report.cancelled, acadis.places()) == ({"CANCELLED": 1}, [])
    acadis.enrolled["theirs again"] = ("CF012", "9101-2")
    acadis.add("assignments", **row)
    for _ in range(2):
        report, _ = await one_run(training, acadis)
        assert (report.cancelled, acadis.places()) == ({}, [("CF012", "9101-2")])
    answer = await training.graphql(training_manager(), RECONCILE)
    there = answer.data["reconcileReport"]["onlyThere"]
    assert ("CF012", "9101-2") in [(e["personExternalId"], e["sessionNumber"]) for e in there]
