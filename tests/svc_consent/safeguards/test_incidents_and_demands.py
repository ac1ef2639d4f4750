"""Misuse freezes at once; demands hold and answer alike; requests start clocks and stay."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from infra.authority.predicate import agency_holder
from infra.errors import RuleError
from infra.identity_token import Caller
from infra.vocabulary import Basis, Role
from svc_consent.safeguards import commands, rules
from svc_consent.safeguards.rules import who_must_be_told
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.release_case import Case, new_case
from tests.fixtures.service_app import ServiceAppFactory

READ = """query Read($of: [_Any!]!) { _entities(representations: $of) { ... on Participant {
  incidents { id what frozenAt liftedAt isBreach version notices { who dueOn citation }
    agency { name } }
  legalDemands { id kind issuedBy holdEndedAt version }
  amendmentRequests { id what isAccepted answer }
  handouts { kind what language }
  duties { edges { node { id kind } } } } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def case(world: ConsentWorld) -> Case:
    made = await new_case(world)
    await world.permit(made.participant, agency_holder(made.manager.agency_id), Basis.OWN_AGENCY)
    return made


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


def supervisor(case: Case) -> Caller:
    return case.acting(role=Role.SUP, ground="o")


async def read(case: Case, acting: Caller | None = None) -> dict[str, Any]:
    of = [{"__typename": "Participant", "id": case.participant}]
    answer = await case.world.service.graphql(acting or case.acting(), READ, {"of": of})
    found: dict[str, Any] = answer.data["_entities"][0]
    return found


async def report(case: Case, acting: Caller | None = None, **changes: Any) -> dict[str, Any]:
    given = {
        "participantId": case.participant, "agencyId": case.officer.agency_id,
        "what": "Used what LEAD told them for an arrest", **changes,
    }  # fmt: skip
    return await case.run("reportMisuse", given, "isRecorded", acting)


async def test_report_freezes_the_agency_for_that_person_until_it_is_lifted(case: Case) -> None:
    await case.sign(case.form())
    assert await case.officer_sees() == ["IDENTITY"]
    assert (await report(case))["isRecorded"] is True
    assert await case.officer_sees() == []
    (incident,) = (await read(case))["incidents"]
    assert incident["frozenAt"] is not None
    given = {
        "incidentId": incident["id"], "expectedVersion": incident["version"],
        "isBreach": False, "outcome": "A misunderstanding", "liftsFreeze": True,
    }  # fmt: skip
    selection = "incident { liftedAt isBreach }"
    assert codes(await case.run("assessIncident", given, selection)) == ["FORBIDDEN"]
    assert await case.officer_sees() == []
    assessed = await case.run("assessIncident", given, selection, supervisor(case))
    assert assessed["incident"]["liftedAt"] is not None
    assert await case.officer_sees() == ["IDENTITY"]


async def test_freeze_closes_nothing_to_others(case: Case) -> None:
    other = await case.world.make_person("PRO", await case.world.make_agency("PROS"))
    theirs = case.provision(recipientAgencyId=other.agency_id)
    await case.sign(case.form(provisions=[case.provision(), theirs]))
    await report(case)
    assert await case.sees(other, ["IDENTITY"]) == ["IDENTITY"]
    assert await case.officer_sees() == []


async def test_new_release_does_not_thaw(case: Case) -> None:
    await report(case)
    await case.sign(case.form())
    assert await case.officer_sees() == []


async def test_anybody_reports_and_the_answer_says_nothing(case: Case) -> None:
    neighbour = case.acting(role=Role.COM, subject=str(uuid4()))
    known = await report(case, neighbour, anonymous=True)
    absent = await report(case, neighbour, participantId=str(uuid4()), anonymous=True)
    assert known == absent
    assert len((await read(case))["incidents"]) == 1
    assert (await read(case, neighbour))["incidents"] == []


async def test_agency_that_serves_is_assessed_but_not_frozen_out(case: Case) -> None:
    await report(case, agencyId=case.manager.agency_id)
    (incident,) = (await read(case))["incidents"]
    assert incident["frozenAt"] is None


async def test_breach_says_who_must_be_told_by_when(case: Case) -> None:
    await report(case)
    (incident,) = (await read(case))["incidents"]
    given = {
        "incidentId": incident["id"], "expectedVersion": incident["version"],
        "isBreach": True, "outcome": "A breach", "affected": 1,
    }  # fmt: skip
    await case.run("assessIncident", given, "incident { id }", supervisor(case))
    told = await read(case)
    (incident,) = told["incidents"]
    assert [n["who"] for n in incident["notices"]] == [
        "each person affected",
        "the Secretary of Health and Human Services, with the year's log",
    ]
    kinds = {edge["node"]["kind"] for edge in told["duties"]["edges"]}
    assert {"MISUSE_ASSESSMENT", "TELL_PARTICIPANT", "TELL_AUTHORITIES"} <= kinds
    assert await case.officer_sees() == []


@pytest.mark.parametrize(
    ("affected", "told"),
    [
        (1, ["2026-05-01", "2027-03-01"]),
        (499, ["2026-05-01", "2027-03-01"]),
        (500, ["2026-05-01", "2026-05-01"]),
        (501, ["2026-04-01", "2026-05-01", "2026-05-01", "2026-05-01"]),
    ],
)
def test_deadlines_follow_from_how_many_are_affected(affected: int, told: list[str]) -> None:
    notices = who_must_be_told(affected, date(2026, 3, 2))
    assert [notice.due_on.isoformat() for notice in notices] == told
    assert all(notice.citation for notice in notices)


async def counts_days_of_the_site(case: Case, zone: str) -> list[str]:
    """Return by when somebody must be told of a report of New Year's Day at four, UTC."""
    await report(case)
    (incident,) = (await read(case))["incidents"]
    given = {
        "incidentId": incident["id"], "expectedVersion": incident["version"],
        "isBreach": True, "outcome": "A breach", "affected": 1,
    }  # fmt: skip
    payload = await case.run("assessIncident", given, "incident { id }", supervisor(case))
    assert codes(payload) == []
    at = datetime(2026, 1, 1, 4, tzinfo=UTC)
    change_at = "update incident set reported_at = :at where id = :id"
    change_zone = "update site set time_zone = :zone where id = :id"
    await case.world.execute(change_at, at=at, id=UUID(incident["id"]))
    await case.world.execute(change_zone, zone=zone, id=case.world.site_id)
    try:
        (incident,) = (await read(case))["incidents"]
    finally:
        await case.world.execute(change_zone, zone="UTC", id=case.world.site_id)
    return [each["dueOn"] for each in incident["notices"]]


EVENING_BEFORE = ["2026-03-01", "2026-03-01"]
"""At a site of the west it was New Year's Eve: 60 days from then, and from the end of that year."""


async def test_days_of_a_breach_run_from_that_of_the_site(case: Case) -> None:
    assert await counts_days_of_the_site(case, "America/Los_Angeles") == EVENING_BEFORE


async def test_days_of_a_breach_in_utc_are_a_day_and_a_year_later(case: Case) -> None:
    assert await counts_days_of_the_site(case, "UTC") == ["2026-03-02", "2027-03-01"]


async def test_planted_day_of_utc_is_caught(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "discovered_on", lambda reported_at, _zone: reported_at.date())
    assert await counts_days_of_the_site(case, "America/Los_Angeles") != EVENING_BEFORE


def test_breach_that_affects_nobody_is_none() -> None:
    with pytest.raises(RuleError):
        who_must_be_told(0, date(2026, 3, 2))


async def demand(case: Case, acting: Caller | None = None, **changes: Any) -> dict[str, Any]:
    given = {
        "participantId": case.participant, "kind": "SUBPOENA", "issuedBy": "Superior Court",
        "scope": "All case notes", **changes,
    }  # fmt: skip
    return await case.run("recordLegalDemand", given, "reply replyVersion", acting)


async def test_demand_gets_one_neutral_answer_and_releases_nothing(case: Case) -> None:
    clerk = case.acting(role=Role.CRT, subject=str(uuid4()))
    before = await case.world.head()
    known = await demand(case, clerk)
    assert known == await demand(case, clerk, participantId=str(uuid4()))
    assert "neither confirms nor denies" in known["reply"]
    assert await case.world.head() == before
    (row,) = (await read(case))["legalDemands"]
    assert (row["kind"], row["holdEndedAt"]) == ("SUBPOENA", None)
    assert (await read(case, clerk))["legalDemands"] == []


async def test_hold_ends_by_counsel_s_decision_once(case: Case) -> None:
    await demand(case)
    (row,) = (await read(case))["legalDemands"]
    given = {"demandId": row["id"], "expectedVersion": row["version"], "outcome": "Quashed"}
    selection = "demand { holdEndedAt version }"
    assert codes(await case.run("endLegalHold", given, selection)) == ["FORBIDDEN"]
    ended = await case.run("endLegalHold", given, selection, supervisor(case))
    assert ended["demand"]["holdEndedAt"] is not None
    again = {**given, "expectedVersion": 2}
    assert codes(await case.run("endLegalHold", again, selection, supervisor(case))) == ["ENDED"]


async def test_officer_takes_no_demand_in(case: Case) -> None:
    assert codes(await demand(case, case.acting(role=Role.LEO))) == ["FORBIDDEN"]


async def test_request_to_amend_stays_beside_the_record_whatever_the_answer(case: Case) -> None:
    given = {
        "participantId": case.participant,
        "category": "HOUSING",
        "what": "I never lived there",
    }
    assert codes(await case.run("requestAmendment", given, "request { id }")) == []
    (request,) = (await read(case))["amendmentRequests"]
    answer = {"requestId": request["id"], "isAccepted": False, "answer": "The record is right"}
    await case.run("answerAmendment", answer, "request { id }")
    (kept,) = (await read(case))["amendmentRequests"]
    assert (kept["what"], kept["isAccepted"]) == ("I never lived there", False)
    again = await case.run("answerAmendment", answer, "request { id }")
    assert codes(again) == ["ANSWERED"]


async def test_reading_aloud_and_paper_copies_are_recorded(case: Case) -> None:
    given = {
        "participantId": case.participant, "kind": "ASSISTED_READING",
        "what": "The accounting of March", "language": "es",
    }  # fmt: skip
    assert codes(await case.run("recordHandout", given, "handout { id }")) == []
    assert (await read(case))["handouts"] == [
        {"kind": "ASSISTED_READING", "what": "The accounting of March", "language": "es"}
    ]


async def test_request_for_recipients_starts_a_clock(case: Case) -> None:
    given = {"participantId": case.participant}
    assert codes(await case.run("requestRecipients", given, "isRecorded")) == []
    kinds = [edge["node"]["kind"] for edge in (await read(case))["duties"]["edges"]]
    assert kinds == ["RECIPIENT_LIST"]


def _freeze_of_nobody(incident: Any) -> Any:
    from dataclasses import replace

    return replace(REAL_FREEZE(incident), holder=agency_holder(str(uuid4())))


REAL_FREEZE = commands._freeze


@pytest.mark.parametrize(
    ("check", "module", "name", "broken"),
    [
        (test_report_freezes_the_agency_for_that_person_until_it_is_lifted, commands, "_freeze",
         _freeze_of_nobody),
        (test_hold_ends_by_counsel_s_decision_once, rules, "CLOSES_INCIDENTS", frozenset(Role)),
        (test_officer_takes_no_demand_in, rules, "RECORDS_DEMANDS", frozenset(Role)),
    ],
)  # fmt: skip
async def test_planted_bug_is_caught(
    case: Case, monkeypatch: pytest.MonkeyPatch, check: Any, module: Any, name: str, broken: Any
) -> None:
    monkeypatch.setattr(module, name, broken)
    with pytest.raises(AssertionError):
        await check(case)
