"""Mutations: who may, what they refuse, and that a refusal tells nothing."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from infra.authority.predicate import agency_holder
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category
from svc_cases.cases.tables import LegalCase
from svc_cases.counsel import repository as counsel_repository
from tests.fixtures.cases_service import (
    CASE_MANAGEMENT,
    DEFENDER,
    OTHER_PROSECUTOR,
    PROSECUTOR,
    TODAY,
    account,
    assigned,
    case_manager,
    defender,
    new_case,
    new_match,
    new_participant,
    officer,
    permit,
    probation,
    prosecutor,
    released_to,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp, new_key

LINK = "leadLink { id version coordinationStatus warrants { id status source issuedOn version } }"
ENTRY = "legalCase { id version filedOn incidentOn status charges { status } hearings { kind } }"
DOCUMENTS = {
    name: f"""mutation($input: {kind}!) {{
      {name}(input: $input) {{ {payload} userErrors {{ code message field }} }}
    }}"""
    for name, kind, payload in (
        ("matchCase", "MatchCaseInput", LINK),
        ("unmatchCase", "UnmatchCaseInput", LINK),
        ("recordFilingDecision", "RecordFilingDecisionInput", LINK),
        ("recordWarrantStatus", "RecordWarrantStatusInput", LINK),
        ("recordCounsel", "RecordCounselInput", "counsel { id version isEnded }"),
        ("endCounsel", "EndCounselInput", "counsel { id version isEnded }"),
        ("addHearing", "AddHearingInput", ENTRY),
        ("correctIncidentDate", "CorrectDateInput", ENTRY),
        ("correctFilingDate", "CorrectDateInput", ENTRY),
    )
}


async def run(service: ServiceApp, asking: Caller, name: str, **given: Any) -> dict[str, Any]:
    variables = {"input": {"idempotencyKey": new_key(), **given}}
    answer = await service.graphql(asking, DOCUMENTS[name], variables)
    result: dict[str, Any] = answer.data[name]
    return result


def codes(result: dict[str, Any]) -> list[str]:
    return [error["code"] for error in result["userErrors"]]


async def released_match(
    service: ServiceApp, case: LegalCase, agency_id: str = PROSECUTOR
) -> tuple[str, UUID]:
    link_id, participant_id = await new_match(service, case)
    await service.apply_facts([released_to(participant_id, agency_id)])
    return link_id, participant_id


# Matching


async def assert_matching_needs_assignment(service: ServiceApp) -> None:
    """Neither a release nor a colleague's caseload is enough to match a case to a participant."""
    case, whose = await new_case(service), new_participant()
    await service.apply_facts([released_to(whose, CASE_MANAGEMENT), *assigned(whose)])
    colleague = case_manager("case_manager_unassigned")
    given = {"participantId": str(whose), "caseNumber": case.number}
    assert codes(await run(service, colleague, "matchCase", **given)) == ["NOT_FOUND"]
    assert codes(await run(service, case_manager(), "matchCase", **given)) == []


async def test_matching_needs_assignment(cases: ServiceApp) -> None:
    await assert_matching_needs_assignment(cases)


async def test_matching_by_release_alone_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = counsel_repository.holds_participant

    async def by_any_ground(session: Any, caller: Caller, whose: UUID, _ground: Basis) -> bool:
        return await right(session, caller, whose, Basis.RELEASE)

    monkeypatch.setattr(counsel_repository, "holds_participant", by_any_ground)
    with pytest.raises(AssertionError):
        await assert_matching_needs_assignment(cases)


async def test_a_supervisor_matches_for_the_own_agency(cases: ServiceApp) -> None:
    case, whose = await new_case(cases), new_participant()
    fact = permit(whose, agency_holder(CASE_MANAGEMENT), Basis.OWN_AGENCY)
    await cases.apply_facts([fact])
    given = {"participantId": str(whose), "caseNumber": case.number}
    assert codes(await run(cases, supervisor(), "matchCase", **given)) == []


async def test_hidden_and_absent_participants_are_refused_alike(cases: ServiceApp) -> None:
    case = await new_case(cases)
    _, hidden = await new_match(cases, case)
    stranger = case_manager("case_manager_unassigned")
    results = [
        await run(cases, stranger, "matchCase", participantId=each, caseNumber=case.number)
        for each in (str(hidden), str(uuid4()), "no id at all")
    ]
    assert results[0] == results[1] == results[2]
    assert codes(results[0]) == ["NOT_FOUND"]


async def test_a_second_participant_of_a_case_is_not_told_of_the_first(cases: ServiceApp) -> None:
    case = await new_case(cases)
    first, _ = await new_match(cases, case)
    second, _ = await new_match(cases, case)
    assert first != second


async def test_the_same_match_is_made_once(cases: ServiceApp) -> None:
    case = await new_case(cases)
    _, whose = await new_match(cases, case)
    given = {"participantId": str(whose), "caseNumber": case.number}
    assert codes(await run(cases, case_manager(), "matchCase", **given)) == ["ALREADY_MATCHED"]


async def test_an_unknown_number_is_not_matched(cases: ServiceApp) -> None:
    whose = new_participant()
    await cases.apply_facts(assigned(whose))
    result = await run(
        cases, case_manager(), "matchCase", participantId=str(whose), caseNumber="nothing"
    )
    assert result["userErrors"][0]["field"] == ["caseNumber"]


async def test_a_repeated_key_has_the_effect_once(cases: ServiceApp) -> None:
    case, whose = await new_case(cases), new_participant()
    await cases.apply_facts(assigned(whose))
    given: dict[str, Any] = {
        "participantId": str(whose),
        "caseNumber": case.number,
        "idempotencyKey": new_key(),
    }
    once = await run(cases, case_manager(), "matchCase", **given)
    assert await run(cases, case_manager(), "matchCase", **given) == once
    given["isDivertedArrest"] = True
    again = await run(cases, case_manager(), "matchCase", **given)
    assert codes(again) == ["IDEMPOTENCY_KEY_REUSED"]


async def test_other_roles_match_nothing(cases: ServiceApp) -> None:
    case = await new_case(cases)
    link_id, whose = await new_match(cases, case)
    given = {"participantId": str(whose), "caseNumber": case.number}
    for asking in (officer(), probation(), prosecutor(), defender()):
        assert codes(await run(cases, asking, "matchCase", **given)) == ["NOT_ALLOWED"]
        ending = {"linkId": link_id, "reason": "x", "expectedVersion": 1}
        assert codes(await run(cases, asking, "unmatchCase", **ending)) == ["NOT_ALLOWED"]


async def test_another_version_is_refused(cases: ServiceApp) -> None:
    link_id, _ = await new_match(cases, await new_case(cases))
    ending = {"linkId": link_id, "reason": "Not this person.", "expectedVersion": 7}
    result = await run(cases, case_manager(), "unmatchCase", **ending)
    assert codes(result) == ["VERSION_CONFLICT"]


# Filing decisions


async def decide(
    service: ServiceApp, asking: Caller, link_id: str, decision: str, version: int, **given: Any
) -> dict[str, Any]:
    return await run(
        service,
        asking,
        "recordFilingDecision",
        linkId=link_id,
        decision=decision,
        reason="Worked out together.",
        expectedVersion=version,
        **given,
    )


async def test_the_liaison_holds_and_then_files(cases: ServiceApp) -> None:
    case = await new_case(cases, filed_on=None)
    link_id, _ = await released_match(cases, case)
    held = await decide(cases, prosecutor(), link_id, "HELD_FOR_LEAD", 1)
    assert held["leadLink"]["coordinationStatus"] == "HELD_FOR_LEAD"
    filing = {"filedOn": str(TODAY - timedelta(days=1))}
    without = await decide(cases, prosecutor(), link_id, "FILED", 2, **filing)
    assert without["userErrors"][0]["field"] == ["independentSource"]
    filing["independentSource"] = "Report 26-1234"
    filed = await decide(cases, prosecutor(), link_id, "FILED", 2, **filing)
    assert filed["leadLink"]["coordinationStatus"] == "FILED"
    query = "query($n: String!) { caseByNumber(number: $n) { status charges { status } } }"
    public = await cases.graphql(officer(), query, {"n": case.number})
    assert public.data["caseByNumber"] == {
        "status": "PENDING",
        "charges": [{"status": "PENDING"}],
    }
    again = await decide(cases, prosecutor(), link_id, "HELD_FOR_LEAD", 3)
    assert codes(again) == ["ILLEGAL_STEP"]


async def test_an_illegal_step_names_the_legal_ones(cases: ServiceApp) -> None:
    link_id, _ = await released_match(cases, await new_case(cases, filed_on=None))
    refused = await decide(cases, prosecutor(), link_id, "STATUTE_EXPIRED", 1)
    (error,) = refused["userErrors"]
    assert error["code"] == "ILLEGAL_STEP"
    assert "DECLINED, FILED, HELD_FOR_LEAD" in error["message"]


async def test_nobody_but_the_own_office_s_liaison_decides(cases: ServiceApp) -> None:
    link_id, participant_id = await released_match(cases, await new_case(cases, filed_on=None))
    await cases.apply_facts([released_to(participant_id, OTHER_PROSECUTOR)])
    for asking in (case_manager(), defender(), officer(), prosecutor(is_liaison=False)):
        refused = await decide(cases, asking, link_id, "DECLINED", 1)
        assert codes(refused) == ["NOT_ALLOWED"]
    elsewhere = prosecutor(agency_id=OTHER_PROSECUTOR)
    assert codes(await decide(cases, elsewhere, link_id, "DECLINED", 1)) == ["NOT_FOUND"]


async def test_a_decision_without_a_release_finds_no_match(cases: ServiceApp) -> None:
    link_id, _ = await new_match(cases, await new_case(cases, filed_on=None))
    hidden = await decide(cases, prosecutor(), link_id, "DECLINED", 1)
    absent = await decide(cases, prosecutor(), str(uuid4()), "DECLINED", 1)
    assert hidden == absent
    assert codes(hidden) == ["NOT_FOUND"]


# Warrants


async def warrant(
    service: ServiceApp, asking: Caller, link_id: str, status: str, **given: Any
) -> dict[str, Any]:
    given = {"source": "PUBLIC_COURT", **given}
    return await run(service, asking, "recordWarrantStatus", linkId=link_id, status=status, **given)


async def test_a_warrant_goes_from_active_to_quashed(cases: ServiceApp) -> None:
    link_id, _ = await new_match(cases, await new_case(cases))
    first = await warrant(cases, case_manager(), link_id, "ACTIVE", issuedOn=str(TODAY))
    (known,) = first["leadLink"]["warrants"]
    step = {"warrantId": known["id"], "expectedVersion": 1}
    jumped = await warrant(cases, case_manager(), link_id, "QUASHED", **step)
    assert codes(jumped) == ["ILLEGAL_STEP"]
    await warrant(cases, case_manager(), link_id, "QUASH_REQUESTED", **step)
    step["expectedVersion"] = 2
    last = await warrant(cases, case_manager(), link_id, "QUASHED", **step)
    (seen,) = last["leadLink"]["warrants"]
    assert (seen["status"], seen["issuedOn"]) == ("QUASHED", str(TODAY))
    stale = await warrant(cases, case_manager(), link_id, "SERVED", **step)
    assert codes(stale) == ["VERSION_CONFLICT"]


async def test_a_cjis_source_is_refused_by_name(cases: ServiceApp) -> None:
    link_id, _ = await new_match(cases, await new_case(cases))
    refused = await warrant(cases, case_manager(), link_id, "ACTIVE", source="CJIS")
    assert codes(refused) == ["CJIS_SOURCE_REFUSED"]


async def test_the_database_refuses_a_cjis_source_as_well(cases: ServiceApp) -> None:
    link_id, _ = await new_match(cases, await new_case(cases))
    await warrant(cases, case_manager(), link_id, "ACTIVE")
    connection = await asyncpg.connect(cases.settings.database_dsn.reveal())
    try:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("update warrant set source = 'CJIS'")
    finally:
        await connection.close()


async def test_the_liaison_states_a_warrant_only_where_warrants_are_released(
    cases: ServiceApp,
) -> None:
    link_id, participant_id = await new_match(cases, await new_case(cases))

    coordination = released_to(participant_id, PROSECUTOR, category=Category.LEGAL_COORD)
    await cases.apply_facts([coordination])
    given = {"source": "PARTNER_STATEMENT"}
    hidden = await warrant(cases, prosecutor(), link_id, "ACTIVE", **given)
    assert codes(hidden) == ["NOT_FOUND"]
    await cases.apply_facts([released_to(participant_id, PROSECUTOR, category=Category.WARRANTS)])
    assert codes(await warrant(cases, prosecutor(), link_id, "ACTIVE", **given)) == []
    for asking in (officer(), defender(), probation(), prosecutor(is_liaison=False)):
        assert codes(await warrant(cases, asking, link_id, "ACTIVE", **given)) == ["NOT_ALLOWED"]


# Counsel of record


async def record_counsel(
    service: ServiceApp, whose: UUID, handle: str = "defender", **given: Any
) -> dict[str, Any]:
    given = {"confirmedOn": str(TODAY - timedelta(days=1)), **given}
    return await run(
        service,
        case_manager(),
        "recordCounsel",
        participantId=str(whose),
        defenderAccountId=account(handle),
        agencyId=DEFENDER,
        **given,
    )


async def test_counsel_is_handed_over_and_taken_back(cases: ServiceApp) -> None:
    consent = cases.consent
    assert consent is not None
    link_id, whose = await new_match(cases, await new_case(cases))
    await cases.apply_facts([released_to(whose, DEFENDER)])
    by_id = "query($id: ID!) { leadLink(id: $id) { id } }"
    made = await record_counsel(cases, whose)
    counsel_id = made["counsel"]["id"]
    row: Any = consent.handed_over[-1]["row"]
    assert (row["id"], row["basis"], row["holder"]) == (
        counsel_id,
        "c",
        f"subject:{account('defender')}",
    )
    assert (row["category"], row["purpose"], row["participant_id"]) == (None, None, str(whose))
    await settle(cases)
    assert (await cases.graphql(defender(), by_id, {"id": link_id})).data["leadLink"] is not None
    twice = await record_counsel(cases, whose)
    assert codes(twice) == ["ALREADY_COUNSEL"]
    other = defender("defender_not_counsel")
    ending = {"counselId": counsel_id, "expectedVersion": 1}
    assert codes(await run(cases, other, "endCounsel", **ending)) == ["NOT_FOUND"]
    ended = await run(cases, defender(), "endCounsel", **ending)
    assert codes(ended) == []
    assert consent.handed_over[-1] == {"op": "delete", "table": "visibility", "id": counsel_id}
    await settle(cases)
    assert (await cases.graphql(defender(), by_id, {"id": link_id})).data["leadLink"] is None


async def settle(service: ServiceApp) -> None:
    """Wait until the service's replica has what was handed over."""
    consent, follower = service.consent, service.chassis.follower
    assert consent is not None
    assert follower is not None
    await follower.wait_for(len(consent.feed), timeout_seconds=5)


async def test_counsel_is_not_acknowledged_before_consent_has_it(cases: ServiceApp) -> None:
    consent = cases.consent
    assert consent is not None
    whose = new_participant()
    await cases.apply_facts(assigned(whose))
    consent.is_refusing = True
    try:
        given = {
            "participantId": str(whose),
            "defenderAccountId": account("defender"),
            "agencyId": DEFENDER,
            "confirmedOn": str(TODAY - timedelta(days=1)),
            "idempotencyKey": new_key(),
        }
        answer = await cases.graphql(case_manager(), DOCUMENTS["recordCounsel"], {"input": given})
        assert answer.error_codes == ["SERVICE_UNAVAILABLE"]
    finally:
        consent.is_refusing = False
    repeated = await run(cases, case_manager(), "recordCounsel", **given)
    assert repeated["counsel"]["isEnded"] is False


async def test_counsel_must_have_confirmed(cases: ServiceApp) -> None:
    whose = new_participant()
    await cases.apply_facts(assigned(whose))
    refused = await record_counsel(cases, whose, confirmedOn=str(TODAY + timedelta(days=3000)))
    assert codes(refused) == ["NOT_CONFIRMED"]


# The docket, by the prosecuting office


async def correct(
    service: ServiceApp, asking: Caller, name: str, case: LegalCase, **given: Any
) -> dict[str, Any]:
    given = {"reason": "The report says so.", "expectedVersion": 1, **given}
    return await run(service, asking, name, caseId=str(case.id), **given)


async def test_a_corrected_filing_date_flips_the_relation_and_keeps_history(
    cases: ServiceApp,
) -> None:

    case = await new_case(cases, incident_on=date(2026, 2, 3), filed_on=date(2026, 5, 11))
    link_id, _ = await new_match(cases, case)
    query = """query($r: [_Any!]!) { _entities(representations: $r) { ... on LeadLink {
      relation incidentTiming dateCorrections { field beforeOn afterOn }
    } } }"""
    reference = {
        "__typename": "LeadLink",
        "id": link_id,
        "participant": {"enrolledOn": "2026-03-20"},
    }
    before = await cases.graphql(case_manager(), query, {"r": [reference]})
    assert before.data["_entities"][0] == {
        "relation": "POST_ENROLLMENT",
        "incidentTiming": "INCIDENT_BEFORE_ENROLLMENT",
        "dateCorrections": [],
    }
    done = await correct(cases, prosecutor(), "correctFilingDate", case, correctedOn="2026-03-01")
    assert done["legalCase"]["filedOn"] == "2026-03-01"
    after = await cases.graphql(case_manager(), query, {"r": [reference]})
    assert after.data["_entities"][0] == {
        "relation": "PRE_EXISTING",
        "incidentTiming": None,
        "dateCorrections": [{"field": "FILING", "beforeOn": "2026-05-11", "afterOn": "2026-03-01"}],
    }


async def test_case_managers_change_no_docket(cases: ServiceApp) -> None:
    case = await new_case(cases)
    await new_match(cases, case)
    for asking in (case_manager(), supervisor(), officer(), defender()):
        refused = await correct(cases, asking, "correctIncidentDate", case, correctedOn=str(TODAY))
        assert codes(refused) == ["NOT_ALLOWED"]


async def test_another_office_s_case_is_not_found(cases: ServiceApp) -> None:
    case = await new_case(cases)
    asking = prosecutor(is_liaison=False, agency_id=OTHER_PROSECUTOR)
    given = {"correctedOn": str(TODAY - timedelta(days=95))}
    refused = await correct(cases, asking, "correctIncidentDate", case, **given)
    assert codes(refused) == ["NOT_FOUND"]
    own = prosecutor(is_liaison=False)
    assert codes(await correct(cases, own, "correctIncidentDate", case, **given)) == []


async def test_before_filing_only_who_sees_the_match_corrects(cases: ServiceApp) -> None:
    case = await new_case(cases, filed_on=None)
    await released_match(cases, case)
    given = {"correctedOn": str(TODAY - timedelta(days=95))}
    blind = prosecutor(is_liaison=False)
    refused = await correct(cases, blind, "correctIncidentDate", case, **given)
    assert codes(refused) == ["NOT_FOUND"]
    done = await correct(cases, prosecutor(), "correctIncidentDate", case, **given)
    assert done["legalCase"]["incidentOn"] == given["correctedOn"]
    unfiled = await correct(
        cases, prosecutor(), "correctFilingDate", case, **given | {"expectedVersion": 2}
    )
    assert codes(unfiled) == ["NOT_FILED"]


@pytest.mark.parametrize(
    ("name", "days_ago"), [("correctFilingDate", 101), ("correctIncidentDate", 89)]
)
async def test_dates_that_contradict_change_nothing(
    cases: ServiceApp, name: str, days_ago: int
) -> None:
    case = await new_case(cases)
    day = str(TODAY - timedelta(days=days_ago))
    refused = await correct(cases, prosecutor(), name, case, correctedOn=day)
    assert codes(refused) == ["DATE_CONTRADICTS"]
    async with cases.chassis.database.read() as session:
        stored = await session.get_one(LegalCase, case.id)
    assert (stored.version, stored.filed_on) == (1, case.filed_on)


async def test_the_office_adds_a_hearing(cases: ServiceApp) -> None:
    case = await new_case(cases)
    given = {
        "caseId": str(case.id),
        "kind": "REVIEW",
        "startsAt": "2027-01-20T09:30:00-08:00",
        "courtroom": "Courtroom 2",
        "expectedVersion": 1,
    }
    done = await run(cases, prosecutor(is_liaison=False), "addHearing", **given)
    assert done["legalCase"]["hearings"] == [{"kind": "REVIEW"}]
    given |= {"startsAt": "2027-01-20T09:30:00", "expectedVersion": 2}
    bare = await run(cases, prosecutor(), "addHearing", **given)
    assert codes(bare) == ["TIME_ZONE_MISSING"]
