"""The favourable-safe summary: what partners read, and that silence has one look."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import RuleError
from infra.vocabulary import Category
from svc_participants.care.keeping import check_step
from svc_participants.care.summaries import repository, rules, schema
from tests.fixtures.participants_service import (
    POLICE,
    case_manager,
    change,
    codes,
    enrolled,
    officer,
    person,
    plant,
    released_to,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.site_days import site_today

TODAY = site_today().isoformat()
SUMMARY = """
query($id: ID!) { participant(id: $id) { progressSummary {
  nothingToAdd statement engagement barriers whatWouldHelp approvedAt } } }
"""
WORDINGS = """
query($id: ID!) { participant(id: $id) {
  progressSummaryWordings { edges { node { state statement } } } } }
"""


async def read(service: ServiceApp, who: str) -> Any:
    answer = await service.graphql(officer(), SUMMARY, {"id": who})
    found = answer.data["participant"]
    return found and found["progressSummary"]


async def write(service: ServiceApp, who: str, **wording: Any) -> dict[str, Any]:
    payload = await change(
        service, case_manager(), "writeProgressSummary", "summary { id state version }",
        participantId=who, **wording,
    )  # fmt: skip
    found: dict[str, Any] = payload["summary"]
    return found


async def approve(service: ServiceApp, summary: dict[str, Any]) -> dict[str, Any]:
    return await change(
        service, case_manager(), "approveProgressSummary", "summary { state approvedAt }",
        summaryId=summary["id"], expectedVersion=summary["version"],
    )  # fmt: skip


async def release(service: ServiceApp, who: str, **period: date) -> None:
    fact = released_to(who, POLICE, category=Category.GOALS_PLAN, **period)
    await service.apply_facts([fact])


async def test_partners_read_the_approved_wording_and_no_draft(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    assert await read(participants, who) is None
    await release(participants, who)
    first = await write(participants, who, statement="Keeps in touch.", engagement="IN_TOUCH")
    assert (await read(participants, who))["nothingToAdd"] is True
    assert (await approve(participants, first))["summary"]["state"] == "APPROVED"
    assert (await read(participants, who))["statement"] == "Keeps in touch."
    second = await write(participants, who, statement="Works on housing.", barriers="No phone.")
    assert (await read(participants, who))["statement"] == "Keeps in touch."
    await approve(participants, second)
    found = await read(participants, who)
    assert (found["statement"], found["barriers"]) == ("Works on housing.", "No phone.")
    edges = (await participants.graphql(supervisor(), WORDINGS, {"id": who})).data["participant"]
    states = [e["node"]["state"] for e in edges["progressSummaryWordings"]["edges"]]
    assert states == ["APPROVED", "REPLACED"]


async def test_a_wording_that_was_taken_back_leaves_nothing_to_add(
    participants: ServiceApp,
) -> None:
    who, _ = await enrolled(participants)
    await release(participants, who)
    summary = await write(participants, who, statement="Keeps in touch.")
    await approve(participants, summary)
    for version, expected in ((2, []), (3, ["STEP_NOT_ALLOWED"])):
        payload = await change(
            participants, case_manager(), "withdrawProgressSummary", "summary { state }",
            summaryId=summary["id"], expectedVersion=version,
        )  # fmt: skip
        assert codes(payload) == expected
    assert (await read(participants, who))["nothingToAdd"] is True


async def test_a_summary_is_not_taken_from_notes(participants: ServiceApp) -> None:
    """GR-4: eight words of a note in a row, whatever their case and punctuation, are refused."""
    who, _ = await enrolled(participants)
    text = "He said that on Monday he had used again behind the station with two friends."
    payload = await change(
        participants, case_manager(), "addCaseNote", "note { id }", participantId=who,
        mode="OFFICE", occurredOn=TODAY, text=text,
    )  # fmt: skip
    assert payload["userErrors"] == []
    taken = await write(
        participants, who, statement="Doing well.",
        barriers="Had trouble: he HAD used, again behind the station with two people.",
    )  # fmt: skip
    assert codes(await approve(participants, taken)) == ["REPEATS_A_NOTE"]
    own = await write(participants, who, statement="He had used the bus, and came with friends.")
    assert codes(await approve(participants, own)) == []


@given(st.lists(st.sampled_from(list(rules.SummaryState)), max_size=12))
def test_random_steps_of_a_wording_go_only_where_they_may(wanted: list[rules.SummaryState]) -> None:
    state, was_read = rules.SummaryState.DRAFT, False
    for each in wanted:
        if each in rules.STEPS[state]:
            check_step(rules.STEPS, state, each, "summaryId")
            state = each
            was_read = was_read or state is rules.SummaryState.APPROVED
        else:
            with pytest.raises(RuleError):
                check_step(rules.STEPS, state, each, "summaryId")
        assert not (was_read and state is rules.SummaryState.DRAFT)


async def silence_has_one_look(service: ServiceApp) -> bool:
    """None written, only a draft, nothing said on purpose, and outside the period: one answer."""
    looks = []
    for wordings, approved, period in (
        ((), False, {}),
        (({"statement": "Not yet."},), False, {}),
        (({"nothingToAdd": True},), True, {}),
        (({"statement": "Before."}, {"nothingToAdd": True}), True, {}),
        (({"statement": "Outside."},), True, {"data_to": date(2020, 1, 1)}),
    ):
        who, _ = await enrolled(service)
        for wording in wordings:
            summary = await write(service, who, **wording)
            if approved:
                await approve(service, summary)
        await release(service, who, **period)
        looks.append(repr(await read(service, who)))
    return len(set(looks)) == 1 and "True" in looks[0]


async def test_silence_signals_nothing(participants: ServiceApp) -> None:
    assert await silence_has_one_look(participants)


async def test_planted_date_beside_nothing_to_add_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twin: were the approval of "nothing to add" dated, it would stand out from no summary."""
    honest = schema.summary_of

    def dated(standing: repository.Standing) -> schema.ProgressSummary:
        summary = honest(standing)
        said_before = len(seen) > 1
        seen.append(1)
        if summary.nothing_to_add and said_before:
            summary.approved_at = datetime(2026, 1, 1, tzinfo=UTC)
        return summary

    seen: list[int] = []
    plant(monkeypatch, schema, "summary_of", dated)
    assert not await silence_has_one_look(participants)


async def test_without_a_release_there_is_no_summary_at_all(participants: ServiceApp) -> None:
    assert await read(participants, person("roi_none")) is None
    assert await read(participants, person("absent")) is None


@pytest.mark.parametrize(
    ("wording", "code"),
    [
        ({}, "TEXT_MISSING"),
        ({"statement": "Fine.", "nothingToAdd": True}, "CONTRADICTS"),
        ({"barriers": "None.", "nothingToAdd": True}, "CONTRADICTS"),
        ({"statement": "x" * 2001}, "TEXT_LENGTH"),
    ],
)
async def test_a_wording_says_something_or_nothing(
    participants: ServiceApp, wording: dict[str, Any], code: str
) -> None:
    payload = await change(
        participants, case_manager(), "writeProgressSummary", "summary { id }",
        participantId=person("p006"), **wording,
    )  # fmt: skip
    assert codes(payload) == [code]


async def test_only_drafts_are_approved_and_only_by_who_works_with_the_person(
    participants: ServiceApp,
) -> None:
    summary = await write(participants, person("p007"), statement="Doing well.")
    foreign = await change(
        participants, case_manager("case_manager_unassigned"), "approveProgressSummary",
        "summary { id }", summaryId=summary["id"], expectedVersion=1,
    )  # fmt: skip
    assert codes(foreign) == ["NOT_FOUND"]
    await approve(participants, summary)
    again = await approve(participants, {**summary, "version": 2})
    assert codes(again) == ["STEP_NOT_ALLOWED"]
