"""Whether somebody is in LEAD changes no byte of the public record.

Everything that LEAD can do to a case is done, and the public answers of a caller without
coordination are compared before and after, byte for byte. Each leak that could be built in is
planted once, and the same comparison must find it.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import exists, select

from infra.authority.changes import delete_visibility
from infra.authority.predicate import agency_holder
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category
from svc_cases.cases import repository
from svc_cases.cases.tables import LegalCase
from svc_cases.coordination.tables import LeadLink
from tests.fixtures.cases_service import (
    PROSECUTOR,
    assigned,
    case_manager,
    new_case,
    new_match,
    new_participant,
    officer,
    permit,
    prosecutor,
    released_to,
)
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.statements import statements_of

HEARING_AT = datetime(2027, 6, 1, 17, tzinfo=UTC)
PUBLIC = """
query($number: String!, $id: ID!) {
  caseByNumber(number: $number) { ...all }
  legalCase(id: $id) { ...all }
  docket(court: "cedar-court", on: "2027-06-01", first: 100) {
    totalCount pageInfo { hasNextPage hasPreviousPage } edges { node { ...all } }
  }
}
fragment all on LegalCase {
  id caseNumber filedOn incidentOn closedOn status defendantName version
  court { code } charges { statute status nibrs chargeClass } hearings { at kind courtroom }
}
"""
ENTITIES = """
query($references: [_Any!]!) {
  _entities(representations: $references) { ... on LegalCase { caseNumber status version } }
}
"""
MUTATIONS = {
    "unmatchCase": "UnmatchCaseInput",
    "recordFilingDecision": "RecordFilingDecisionInput",
    "recordWarrantStatus": "RecordWarrantStatusInput",
}


def bystanders() -> list[Caller]:
    """Callers who may know the docket and nothing of coordination."""
    return [officer(), prosecutor(is_liaison=False)]


async def observe(service: ServiceApp, case: LegalCase) -> list[bytes]:
    """Return all that the bystanders can see of a case and of the docket it is on."""
    seen = []
    for asking in bystanders():
        variables = {"number": case.number, "id": str(case.id)}
        answer = await service.graphql(asking, PUBLIC, variables)
        seen.append(orjson.dumps(answer.data))
        references = [{"__typename": "LegalCase", "id": str(case.id)}]
        answer = await service.graphql(asking, ENTITIES, {"references": references})
        seen.append(orjson.dumps(answer.data))
    return seen


async def change(service: ServiceApp, asking: Caller, name: str, **given: Any) -> None:
    """Run a mutation on a match; it must have its effect."""
    document = f"""mutation($input: {MUTATIONS[name]}!) {{
      {name}(input: $input) {{ userErrors {{ code message }} }}
    }}"""
    answer = await service.graphql(
        asking, document, {"input": {"idempotencyKey": new_key(), **given}}
    )
    assert answer.data[name]["userErrors"] == []


async def enroll(service: ServiceApp, participant_id: UUID) -> None:
    """Give the facts that come with an enrollment and a release to the prosecutor."""
    released = permit(
        participant_id,
        agency_holder(PROSECUTOR),
        Basis.RELEASE,
        id=participant_id,
        category=Category.LEGAL_COORD,
    )
    await service.apply_facts([*assigned(participant_id), released])


async def live_with_lead(service: ServiceApp, case: LegalCase) -> None:
    """Do to a case all that LEAD can do to it, short of the prosecutor's public filing."""
    participant_id = new_participant()
    await enroll(service, participant_id)
    link_id, _ = await new_match(service, case, participant_id)
    await change(
        service,
        case_manager(),
        "recordWarrantStatus",
        linkId=link_id,
        status="ACTIVE",
        source="PUBLIC_COURT",
    )
    if case.filed_on is None:
        for version, decision in enumerate(("HELD_FOR_LEAD", "DECLINED"), start=1):
            await change(
                service,
                prosecutor(),
                "recordFilingDecision",
                linkId=link_id,
                decision=decision,
                reason="Worked out together.",
                expectedVersion=version,
            )
    await service.apply_facts([delete_visibility(participant_id)])


async def end_with_lead(service: ServiceApp, case: LegalCase) -> None:
    """End every live match of a case."""
    statement = select(LeadLink).where(LeadLink.case_id == case.id, LeadLink.ended_at.is_(None))
    async with service.chassis.database.read() as session:
        rows = (await session.scalars(statement)).all()
    for row in rows:
        await change(
            service,
            case_manager(),
            "unmatchCase",
            linkId=str(row.id),
            reason="Not this person.",
            expectedVersion=row.version,
        )


async def assert_lead_cannot_be_observed(service: ServiceApp, case: LegalCase) -> None:
    before = await observe(service, case)
    await live_with_lead(service, case)
    assert await observe(service, case) == before
    await end_with_lead(service, case)
    assert await observe(service, case) == before


async def test_a_filed_case_looks_the_same_with_and_without_lead(cases: ServiceApp) -> None:
    case = await new_case(cases, hearing_at=HEARING_AT)
    await assert_lead_cannot_be_observed(cases, case)


async def test_a_case_before_filing_looks_the_same_with_and_without_lead(
    cases: ServiceApp,
) -> None:
    case = await new_case(cases, filed_on=None, hearing_at=HEARING_AT)
    await assert_lead_cannot_be_observed(cases, case)


def _hiding_matched(caller: Caller) -> Any:
    matched = exists().where(LeadLink.case_id == LegalCase.id, LeadLink.ended_at.is_(None))
    return LegalCase.filed_on.is_not(None) & ~matched


def _showing_held(caller: Caller) -> Any:
    matched = exists().where(LeadLink.case_id == LegalCase.id)
    return LegalCase.filed_on.is_not(None) | matched


@pytest.mark.parametrize(("leak", "is_filed"), [(_hiding_matched, True), (_showing_held, False)])
async def test_a_planted_join_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch, leak: Callable[..., Any], is_filed: bool
) -> None:
    given: dict[str, Any] = {} if is_filed else {"filed_on": None}
    case = await new_case(cases, hearing_at=HEARING_AT, **given)
    monkeypatch.setattr(repository, "is_public", leak)
    with pytest.raises(AssertionError):
        await assert_lead_cannot_be_observed(cases, case)


async def test_a_status_written_into_the_case_is_caught(cases: ServiceApp) -> None:
    case = await new_case(cases, hearing_at=HEARING_AT)
    before = await observe(cases, case)
    async with cases.chassis.database.write() as session:
        stored = await session.get_one(LegalCase, case.id)
        stored.version += 1  # as if a hold had touched the docket entry
    assert await observe(cases, case) != before


async def assert_public_statements_know_no_match(
    service: ServiceApp, act: Callable[[], Awaitable[object]]
) -> None:
    async with statements_of(service) as statements:
        await act()
    for statement in statements:
        for table in ("lead_link", "warrant", "filing_decision", "counsel_of_record"):
            assert table not in statement


async def test_public_statements_read_no_table_of_coordination(cases: ServiceApp) -> None:
    case = await new_case(cases, hearing_at=HEARING_AT)
    await assert_public_statements_know_no_match(cases, lambda: observe(cases, case))


async def test_a_planted_statement_on_matches_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await new_case(cases, hearing_at=HEARING_AT)
    monkeypatch.setattr(repository, "is_public", _hiding_matched)
    with pytest.raises(AssertionError):
        await assert_public_statements_know_no_match(cases, lambda: observe(cases, case))


async def test_a_release_without_the_prosecutor_hides_the_match_from_the_prosecutor(
    cases: ServiceApp,
) -> None:
    case = await new_case(cases)
    document = """query($number: String!) {
      caseByNumber(number: $number) { caseNumber leadLink { id coordinationStatus } }
    }"""
    variables = {"number": case.number}
    _, participant_id = await new_match(cases, case)
    hidden = await cases.graphql(prosecutor(), document, variables)
    assert hidden.data["caseByNumber"] == {"caseNumber": case.number, "leadLink": None}
    fact = released_to(participant_id, PROSECUTOR, id=participant_id)
    await cases.apply_facts([fact])
    shown = await cases.graphql(prosecutor(), document, variables)
    assert shown.data["caseByNumber"]["leadLink"]["coordinationStatus"] == "FILED"
    await cases.apply_facts([delete_visibility(participant_id)])
    gone = await cases.graphql(prosecutor(), document, variables)
    assert gone.data == hidden.data
