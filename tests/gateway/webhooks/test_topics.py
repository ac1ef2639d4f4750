"""What agencies' programs are told of beside releases, and what stays silence."""

from typing import Any
from uuid import uuid4

import pytest

from infra.authority.facts import VisibilityFact, put_visibility, subject_holder
from infra.vocabulary import Basis, Category
from svc_consent.disclosures import commands as ledger
from svc_consent.webhooks import rules
from svc_consent.webhooks.rules import Topic
from svc_consent.webhooks.tables import WebhookEndpoint
from tests.fixtures.consent_world import LONG_AGO
from tests.gateway.webhooks.office import Office, Provider


async def test_who_comes_into_an_agency_s_hands_is_told_to_its_program(provider: Provider) -> None:
    office = provider.office
    await provider.arrive(Basis.OWN_AGENCY, office.holder)
    await office.sender.send_due()
    assert provider.types() == ["work.arrived"]


async def _call(provider: Provider) -> None:
    """Have the agency called to somebody, as a handoff does it: in one go, for a day."""
    office, source = provider.office, uuid4()
    participant = uuid4()
    holders = {
        Basis.ASSIGNMENT: subject_holder(provider.supervisor.subject),
        Basis.OWN_AGENCY: office.holder,
    }
    facts = [
        VisibilityFact(
            uuid4(), participant, holder, basis, LONG_AGO, category=category, source_id=source
        )
        for basis, holder in holders.items()
        for category in (Category.REFERRAL, Category.IDENTITY)
    ]
    await office.world.consent.change([], [put_visibility(each) for each in facts])


async def _a_call_is_told_as_such(provider: Provider) -> None:
    await _call(provider)
    await provider.office.sender.send_due()
    assert provider.types() == ["handoff.requested"]
    [entry] = await provider.office.told()
    assert entry["parts"][0]["categories"] == ["REFERRAL"]


async def test_a_call_to_come_is_told_as_such(provider: Provider) -> None:
    await _a_call_is_told_as_such(provider)


async def test_planted_a_call_decided_as_if_somebody_were_enrolled_is_caught(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: what it gives away is that somebody was referred, and no more is decided."""
    wrong = {**rules.TOLD, Topic.HANDOFF_REQUESTED: Category.ENROLLMENT}
    monkeypatch.setattr(rules, "TOLD", wrong)
    with pytest.raises(AssertionError):
        await _a_call_is_told_as_such(provider)


async def _assignments_elsewhere_are_silence(provider: Provider) -> None:
    office = provider.office
    holder = subject_holder(provider.supervisor.subject)
    theirs = await provider.arrive(Basis.ASSIGNMENT, holder)  # but in nobody's hands there
    await office.sender.send_due()
    assert office.receiver.received == []
    await provider.arrive(Basis.OWN_AGENCY, office.holder, participant=theirs)
    await provider.arrive(Basis.ASSIGNMENT, holder, participant=theirs)
    await office.sender.send_due()
    assert sorted(provider.types()) == ["assignment.made", "work.arrived"]


async def test_an_assignment_is_told_to_the_agency_that_serves_the_person(
    provider: Provider,
) -> None:
    await _assignments_elsewhere_are_silence(provider)


async def test_planted_an_assignment_that_counts_as_a_ground_is_caught(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: whoever is assigned is told, in whose hands the person may be."""
    gate = ledger.pass_gate

    async def blind(*given: Any) -> dict[str, Any]:
        answer = await gate(*given)
        return {**answer, "verdicts": [{**each, "lapsed": []} for each in answer["verdicts"]]}

    monkeypatch.setattr(ledger, "pass_gate", blind)
    with pytest.raises(AssertionError):
        await _assignments_elsewhere_are_silence(provider)


async def test_what_was_sent_last_is_kept_and_what_was_withheld_is_not(office: Office) -> None:
    office.receiver.answers += [503]
    participant, row = await office.gain()
    await office.sender.send_due()
    database = office.world.consent.service.chassis.database
    async with database.read() as session:
        before = await session.get_one(WebhookEndpoint, office.endpoint_id)
    assert (before.last_topic, before.last_status) == ("RELEASE_GIVEN", 503)
    await office.world.consent.take_back(participant, office.holder, row)
    await office.time_passes()
    await office.sender.send_due()
    async with database.read() as session:
        after = await session.get_one(WebhookEndpoint, office.endpoint_id)
    assert (after.last_event_id, after.last_at) == (before.last_event_id, before.last_at)
