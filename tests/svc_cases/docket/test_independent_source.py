"""A filing against somebody in LEAD stands on a source of its own, whichever way it is filed.

Who knows of the match says the source; who does not is never asked, for the question would tell.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from infra.identity_token import Caller
from svc_cases.cases.tables import LegalCase
from svc_cases.coordination import commands
from svc_cases.docket import recording
from tests.fixtures.cases_service import (
    PROSECUTOR,
    TODAY,
    new_case,
    new_match,
    new_participant,
    officer,
    prosecutor,
    released_to,
)
from tests.fixtures.service_app import ServiceApp, new_key
from tests.svc_cases.docket.test_recording import FILED, clerk, record, row

SOURCE = "PD 26-90417"
DECIDE = """mutation($input: RecordFilingDecisionInput!) { recordFilingDecision(input: $input) {
  leadLink { version coordinationStatus }
  userErrors { code } } }"""
DECIDED = """query($n: String!) { caseByNumber(number: $n) { leadLink { coordinationStatus
  filingDecision { decision } } } }"""
KEPT = text(
    "select decision, independent_source, filing_decision.reason from filing_decision"
    " join lead_link on lead_link.id = link_id join legal_case on legal_case.id = case_id"
    " where number = :number order by recorded_at"
)
PUBLIC = """query($n: String!) { caseByNumber(number: $n) { id version status filedOn incidentOn
  defendantName charges { statute description status } hearings { courtroom } } }"""


async def file_by_decision(
    service: ServiceApp, link_id: str, version: int = 1, **given: Any
) -> dict[str, Any]:
    """Decide to file, as the liaison; returns what is answered."""
    variables = {
        "input": {
            "linkId": link_id, "expectedVersion": version, "decision": "FILED",
            "reason": "It is due.", "filedOn": FILED, "idempotencyKey": new_key(), **given,
        }
    }  # fmt: skip
    answer = await service.graphql(prosecutor(), DECIDE, variables)
    found: dict[str, Any] = answer.data["recordFilingDecision"]
    return found


def codes(result: dict[str, Any]) -> list[str]:
    return [error["code"] for error in result["userErrors"]]


async def known_to_liaison(service: ServiceApp) -> UUID:
    """Return a participant whose release names the office."""
    whose = new_participant()
    await service.apply_facts([released_to(whose, PROSECUTOR)])
    return whose


async def held_case(service: ServiceApp) -> tuple[LegalCase, str, UUID]:
    """Return a case that is held, its match and whose it is; the liaison sees it."""
    held, whose = await new_case(service, filed_on=None), await known_to_liaison(service)
    link_id, _ = await new_match(service, held, whose)
    return held, link_id, whose


async def seen(service: ServiceApp, asking: Caller, query: str, number: str) -> Any:
    return (await service.graphql(asking, query, {"n": number})).data["caseByNumber"]


async def kept(service: ServiceApp, number: str) -> list[tuple[str, ...]]:
    """Return the decisions about a case, the oldest first: decision, source and reason."""
    async with service.chassis.database.read() as session:
        return [tuple(each) for each in await session.execute(KEPT, {"number": number})]


async def test_the_liaison_files_a_participant_s_case_with_its_source(cases: ServiceApp) -> None:
    given = row(participantId=str(await known_to_liaison(cases)))
    for nothing in ({}, {"independentSource": None}, {"independentSource": "  "}):
        assert await record(cases, prosecutor(), {**given, **nothing}) == (None, ["TEXT_LENGTH"])
    made, wrong = await record(cases, prosecutor(), {**given, "independentSource": SOURCE})
    assert (made is not None, wrong) == (True, [])
    told = await seen(cases, prosecutor(), DECIDED, given["number"])
    decided = {"coordinationStatus": "FILED", "filingDecision": {"decision": "FILED"}}
    assert told["leadLink"] == decided
    assert await kept(cases, given["number"]) == [("FILED", SOURCE, recording.FILED_WITH_ROW)]
    # The source is the match's, and no part of the public record.
    public = await seen(cases, officer(), PUBLIC, given["number"])
    assert public["filedOn"] == FILED
    assert SOURCE.encode() not in orjson.dumps(public)


async def test_a_source_goes_with_a_filed_case_of_somebody_and_with_nothing_else(
    cases: ServiceApp,
) -> None:
    whose = str(await known_to_liaison(cases))
    for asking, given in (
        (clerk(), row(independentSource=SOURCE)),
        (prosecutor(), row(independentSource=SOURCE, filedOn=None, participantId=whose)),
    ):
        assert await record(cases, asking, given) == (None, ["SOURCE_OUT_OF_PLACE"])


async def test_a_held_case_is_filed_by_its_decision_where_its_match_is_known(
    cases: ServiceApp,
) -> None:
    held, link_id, whose = await held_case(cases)
    for more in ({}, {"participantId": str(whose), "independentSource": SOURCE}):
        refused = await record(cases, prosecutor(), row(number=held.number, **more))
        assert refused == (None, ["FILING_DECISION_NEEDED"])
    assert await seen(cases, officer(), PUBLIC, held.number) is None
    assert codes(await file_by_decision(cases, link_id, independentSource=SOURCE)) == []
    assert await kept(cases, held.number) == [("FILED", SOURCE, "It is due.")]
    # A liaison who may not know of the match is answered as for a new number.
    hidden = await new_case(cases, filed_on=None)
    await new_match(cases, hidden)
    made, wrong = await record(cases, prosecutor(), row(number=hidden.number))
    assert (made is not None, wrong) == (True, [])


@pytest.mark.parametrize("decided", [None, "HELD_FOR_LEAD", "DECLINED"])
async def test_the_source_of_a_filing_by_the_docket_is_added_once(
    cases: ServiceApp, decided: str | None
) -> None:
    held, link_id, _ = await held_case(cases)
    version = 1
    if decided is not None:
        await file_by_decision(cases, link_id, decision=decided, filedOn=None)
        version = 2
    made, _ = await record(cases, clerk(), row(number=held.number))
    assert made is not None
    public = await seen(cases, officer(), PUBLIC, held.number)
    assert codes(await file_by_decision(cases, link_id, version)) == ["TEXT_LENGTH"]
    elsewhen = {"independentSource": SOURCE, "filedOn": str(TODAY - timedelta(days=2))}
    other_day = await file_by_decision(cases, link_id, version, **elsewhen)
    assert codes(other_day) == ["DATE_CONTRADICTS"]
    held_again = await file_by_decision(cases, link_id, version, decision="HELD_FOR_LEAD")
    assert codes(held_again) == ["ILLEGAL_STEP"]
    added = await file_by_decision(cases, link_id, version, independentSource=SOURCE)
    assert added["leadLink"] == {"version": version + 1, "coordinationStatus": "FILED"}
    assert (await kept(cases, held.number))[version - 1 :] == [("FILED", SOURCE, "It is due.")]
    again = await file_by_decision(cases, link_id, version + 1, independentSource=SOURCE)
    assert codes(again) == ["ILLEGAL_STEP"]
    # What everybody sees of the case is what the docket made of it.
    assert await seen(cases, officer(), PUBLIC, held.number) == public


UNSOURCED = text(
    "select number from legal_case join lead_link on lead_link.case_id = legal_case.id"
    " where number = any(:numbers) and filed_on is not null and not exists ("
    "  select 1 from filing_decision where link_id = lead_link.id and decision = 'FILED'"
    "  and length(independent_source) > 0)"
)


async def assert_the_liaison_files_nothing_without_a_source(service: ServiceApp) -> None:
    """The liaison tries every way to file somebody's case without a source: none is filed."""
    held, link_id, _ = await held_case(service)
    await file_by_decision(service, link_id)
    await file_by_decision(service, link_id, independentSource=" ")
    fresh = row(participantId=str(await known_to_liaison(service)))
    await record(service, prosecutor(), fresh)
    await record(service, prosecutor(), {**fresh, "independentSource": " "})
    by_row, _, _ = await held_case(service)
    await record(service, prosecutor(), row(number=by_row.number))
    named, _, whose = await held_case(service)
    more = {"participantId": str(whose), "independentSource": SOURCE}
    await record(service, prosecutor(), row(number=named.number, **more))
    numbers = [held.number, fresh["number"], by_row.number, named.number]
    async with service.chassis.database.read() as session:
        found = await session.scalars(UNSOURCED, {"numbers": numbers})
    assert list(found) == []


async def test_the_liaison_files_nothing_without_a_source(cases: ServiceApp) -> None:
    await assert_the_liaison_files_nothing_without_a_source(cases)


async def _unchecked(*_given: object) -> None:
    return None


@pytest.mark.parametrize(
    ("module", "name", "broken"),
    [
        (commands, "checked_source", lambda source: source or ""),
        (recording, "checked_source", lambda source: source or ""),
        (recording, "_check_undecided", _unchecked),
    ],
)
async def test_planted_way_round_the_source_is_caught(
    cases: ServiceApp,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    broken: Callable[..., Any],
) -> None:
    monkeypatch.setattr(module, name, broken)
    with pytest.raises(AssertionError):
        await assert_the_liaison_files_nothing_without_a_source(cases)
