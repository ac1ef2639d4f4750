"""Letters to a court: of approved words alone, approved by somebody else, for a named court."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.authority.changes import delete_visibility
from infra.authority.predicate import agency_holder
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category
from svc_cases.letters import repository
from svc_cases.letters.rules import LETTER_CATEGORIES
from tests.fixtures.cases_service import (
    CASE_MANAGEMENT,
    COURT,
    case_manager,
    new_case,
    new_match,
    officer,
    permit,
    probation,
    prosecutor,
    released_to,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp, new_key

APPROVED = {
    "nothingToAdd": False,
    "statement": "He has a room, and keeps in touch.",
    "whatWouldHelp": "A later date.",
}
MATERIAL = """query($references: [_Any!]!) { _entities(representations: $references) {
  ... on Participant { courtLetterMaterial { statement whatWouldHelp sealed } } } }"""
LETTERS = """query($references: [_Any!]!) { _entities(representations: $references) {
  ... on Participant { courtLetters { id statement status isCourtNamed caseNumber } } } }"""
LETTER = "letter { id status version statement whatWouldHelp recipientName documentSha256 }"
_KINDS = {
    "draftCourtLetter": "DraftCourtLetterInput",
    "approveCourtLetter": "CourtLetterStepInput",
    "withdrawCourtLetter": "CourtLetterStepInput",
    "deliverCourtLetter": "DeliverCourtLetterInput",
}
HANDED = {"recipientName": "Clerk Example", "method": "CLERK", "documentSha256": "a" * 64}


def with_plan(asking: Caller) -> Caller:
    """The same caller, who reads goals and plan on the grounds of legal coordination."""
    grounds = asking.access.get(Category.LEGAL_COORD, "")
    access = MappingProxyType({**asking.access, Category.GOALS_PLAN: grounds})
    return replace(asking, access=access)


def author() -> Caller:
    return with_plan(case_manager())


def approver() -> Caller:
    return with_plan(supervisor())


async def run(service: ServiceApp, asking: Caller, name: str, **given: Any) -> dict[str, Any]:
    document = f"""mutation($input: {_KINDS[name]}!) {{
      {name}(input: $input) {{ {LETTER} userErrors {{ code }} }} }}"""
    variables = {"input": {"idempotencyKey": new_key(), **given}}
    answer = await service.graphql(asking, document, variables)
    assert answer.data is not None, answer
    result: dict[str, Any] = answer.data[name]
    return result


def codes(result: dict[str, Any]) -> list[str]:
    return [error["code"] for error in result["userErrors"]]


async def material(
    service: ServiceApp, asking: Caller, whose: UUID, summary: Any = APPROVED
) -> Any:
    reference = {"__typename": "Participant", "id": str(whose), "progressSummary": summary}
    answer = await service.graphql(asking, MATERIAL, {"references": [reference]})
    return answer.data["_entities"][0]["courtLetterMaterial"]


async def matched(service: ServiceApp) -> tuple[str, UUID]:
    return await new_match(service, await new_case(service))


async def drafted(service: ServiceApp) -> tuple[str, UUID]:
    link_id, whose = await matched(service)
    sealed = (await material(service, author(), whose))["sealed"]
    result = await run(service, author(), "draftCourtLetter", linkId=link_id, sealed=sealed)
    assert codes(result) == [], result
    return result["letter"]["id"], whose


async def approved(service: ServiceApp) -> tuple[str, UUID]:
    letter_id, whose = await drafted(service)
    result = await run(
        service, approver(), "approveCourtLetter", letterId=letter_id, expectedVersion=1
    )
    assert codes(result) == [], result
    return letter_id, whose


def named(whose: UUID) -> list[Any]:
    return [released_to(whose, str(COURT), category=each) for each in LETTER_CATEGORIES]


async def test_a_letter_says_the_approved_words_and_nothing_else(cases: ServiceApp) -> None:
    link_id, whose = await matched(cases)
    sealed = (await material(cases, author(), whose))["sealed"]
    result = await run(cases, author(), "draftCourtLetter", linkId=link_id, sealed=sealed)
    letter = result["letter"]
    assert letter["statement"] == APPROVED["statement"]
    assert letter["whatWouldHelp"] == APPROVED["whatWouldHelp"]


async def test_words_that_were_not_approved_make_no_letter(cases: ServiceApp) -> None:
    link_id, whose = await matched(cases)
    _, other = await matched(cases)
    foreign = (await material(cases, author(), other))["sealed"]
    colleague = (await material(cases, approver(), whose))["sealed"]
    for sealed in ("He is using again.", foreign, colleague):
        result = await run(cases, author(), "draftCourtLetter", linkId=link_id, sealed=sealed)
        assert codes(result) == ["MATERIAL_OUTDATED"]


async def test_without_an_approved_summary_there_is_no_material(cases: ServiceApp) -> None:
    _, whose = await matched(cases)
    for summary in (None, {}, {"statement": None}):
        assert await material(cases, author(), whose, summary) is None


async def test_who_does_not_work_the_case_gets_no_material(cases: ServiceApp) -> None:
    _, whose = await matched(cases)
    stranger = with_plan(case_manager("case_manager_unassigned"))
    assert await material(cases, stranger, whose) is None


async def test_nobody_approves_the_own_letter(cases: ServiceApp) -> None:
    letter_id, _ = await drafted(cases)
    given = {"letterId": letter_id, "expectedVersion": 1}
    assert codes(await run(cases, author(), "approveCourtLetter", **given)) == ["OWN_LETTER"]
    assert codes(await run(cases, approver(), "approveCourtLetter", **given)) == []


async def test_a_draft_is_not_delivered(cases: ServiceApp) -> None:
    letter_id, whose = await drafted(cases)
    await cases.apply_facts(named(whose))
    given = {"letterId": letter_id, "expectedVersion": 1, **HANDED}
    assert codes(await run(cases, author(), "deliverCourtLetter", **given)) == ["ILLEGAL_STEP"]


async def assert_named_court_only(service: ServiceApp) -> None:
    """A letter goes to a court that a release names for everything that it tells."""
    letter_id, whose = await approved(service)
    given = {"letterId": letter_id, "expectedVersion": 2, **HANDED}
    await service.apply_facts(named(whose)[:-1])
    refused = await run(service, author(), "deliverCourtLetter", **given)
    assert codes(refused) == ["COURT_NOT_NAMED"]
    await service.apply_facts(named(whose))
    done = await run(service, author(), "deliverCourtLetter", **given)
    assert (done["letter"] or {}).get("status") == "DELIVERED"
    assert done["letter"]["documentSha256"] == HANDED["documentSha256"]


async def test_a_letter_goes_to_a_court_that_is_named(cases: ServiceApp) -> None:
    await assert_named_court_only(cases)


async def test_a_delivery_to_any_court_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def always(*_: Any) -> bool:
        return True

    monkeypatch.setattr(repository, "may_tell_court", always)
    with pytest.raises(AssertionError):
        await assert_named_court_only(cases)


async def test_a_release_that_is_gone_names_no_court(cases: ServiceApp) -> None:
    letter_id, whose = await approved(cases)
    facts = named(whose)
    await cases.apply_facts(facts)
    (shown,) = await letters(cases, author(), whose)
    assert shown["isCourtNamed"] is True
    await cases.apply_facts([delete_visibility(UUID(facts[0]["row"]["id"]))])
    (shown,) = await letters(cases, author(), whose)
    assert shown["isCourtNamed"] is False
    given = {"letterId": letter_id, "expectedVersion": 2, **HANDED}
    refused = await run(cases, author(), "deliverCourtLetter", **given)
    assert codes(refused) == ["COURT_NOT_NAMED"]


async def letters(service: ServiceApp, asking: Caller, whose: UUID) -> list[dict[str, Any]]:
    reference = {"__typename": "Participant", "id": str(whose)}
    answer = await service.graphql(asking, LETTERS, {"references": [reference]})
    found = answer.data["_entities"][0]["courtLetters"]
    return list(found or ())


async def test_a_letter_that_a_court_has_is_not_withdrawn(cases: ServiceApp) -> None:
    letter_id, whose = await approved(cases)
    await cases.apply_facts(named(whose))
    given = {"letterId": letter_id, "expectedVersion": 2}
    await run(cases, author(), "deliverCourtLetter", **given, **HANDED)
    late = {"letterId": letter_id, "expectedVersion": 3}
    assert codes(await run(cases, author(), "withdrawCourtLetter", **late)) == ["ILLEGAL_STEP"]


async def test_justice_partners_read_no_letters(cases: ServiceApp) -> None:
    _, whose = await approved(cases)
    facts = [released_to(whose, asking.agency_id) for asking in (prosecutor(), probation())]
    await cases.apply_facts(facts)
    for asking in (prosecutor(), probation(), officer()):
        assert await letters(cases, with_plan(asking), whose) == []
    assert len(await letters(cases, author(), whose)) == 1


async def test_hidden_and_absent_letters_are_refused_alike(cases: ServiceApp) -> None:
    letter_id, whose = await drafted(cases)
    await cases.apply_facts([permit(whose, agency_holder(CASE_MANAGEMENT), Basis.OWN_AGENCY)])
    stranger = with_plan(case_manager("case_manager_unassigned"))
    results = [
        await run(cases, stranger, "approveCourtLetter", letterId=each, expectedVersion=1)
        for each in (letter_id, str(uuid4()), "no id")
    ]
    assert results[0] == results[1] == results[2]
    assert codes(results[0]) == ["NOT_FOUND"]


async def test_a_case_that_no_court_has_gets_no_letter(cases: ServiceApp) -> None:
    link_id, whose = await new_match(cases, await new_case(cases, filed_on=None))
    sealed = (await material(cases, author(), whose))["sealed"]
    result = await run(cases, author(), "draftCourtLetter", linkId=link_id, sealed=sealed)
    assert codes(result) == ["NOT_FILED"]
