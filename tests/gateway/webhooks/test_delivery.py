"""An agency is told that there is something new: decided and recorded at each attempt, or silence.

Real parts: the consent service over its database, the sender of the gateway, a receiver over HTTP.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from gateway.webhooks import WebhookSender
from gateway.webhooks import sender as gateway_sender
from infra.authority.facts import delete_agency_window
from infra.errors import RuleError
from infra.mutation_result import CommandError
from infra.vocabulary import Basis, Category, Purpose, Role
from svc_consent.authority.rules import agency_key
from svc_consent.disclosures import commands as ledger
from svc_consent.webhooks import commands, repository, rules, sending
from svc_consent.webhooks.key import webhook_key
from svc_consent.webhooks.rules import BACK_OFF
from tests.fixtures.gateway_app import GatewayWorld, eventually
from tests.fixtures.public_door import public_app
from tests.gateway.webhooks.office import OWN, Office, register

GUIDE = Path(__file__).parents[3] / "infra" / "docs" / "api.md"


def _is_signed(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """Check a signature as the specification of Standard Webhooks tells receivers to."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{wanted}" in headers["webhook-signature"].split(" ")


def _secret(office: Office, generation: int = 1) -> str:
    key = webhook_key(office.world.consent.service.settings.cursor_key)
    return rules.secret_of(key, office.endpoint_id, generation)


async def test_an_event_says_that_it_happened_and_nothing_else(office: Office) -> None:
    participant, _ = await office.gain()
    assert await office.sender.send_due() == 1
    [(headers, body)] = office.receiver.received
    event = json.loads(body)
    assert event.keys() == {"specversion", "id", "source", "type", "time"}
    assert event["type"] == "org.goldenthread.release.given.v1"
    assert event["id"] == headers["webhook-id"]
    assert headers["content-type"].startswith("application/cloudevents+json")
    assert _is_signed(headers, body, _secret(office))
    assert not _is_signed(headers, body + b" ", _secret(office))
    assert not _is_signed(headers, body, _secret(office, 2))
    everything = body + json.dumps(headers).encode()
    assert participant.encode() not in everything
    assert office.administrator.agency_id.encode() not in everything
    [row] = await office.deliveries()
    assert (row.state, row.participant_id, row.last_status) == ("SENT", None, 204)
    [entry] = await office.told()
    assert (entry["verdict"], entry["role"], entry["purpose"]) == ("RELEASED", "SVC", "COC")
    [part] = entry["parts"]
    assert (part["outcome"], part["kind"]) == ("RELEASED", "DISCLOSURE")
    assert part["categories"] == ["ENROLLMENT"]
    assert await office.sender.send_due() == 0


async def test_what_was_before_an_endpoint_does_not_delay_its_events(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deployment may have years behind it when its first endpoint is registered."""
    monkeypatch.setattr(repository, "MAX_REVISIONS", 2)
    await office.world.consent.execute("update webhook_cursor set revision = 0")
    await office.gain()
    assert await office.sender.send_due() == 1


async def test_the_guides_receiver_knows_a_genuine_event(office: Office) -> None:
    [example] = re.findall(r"```python webhook\n(.*?)```", GUIDE.read_text(), flags=re.DOTALL)
    scope: dict[str, Any] = {}
    exec(example, scope)  # noqa: S102 - the example of our own guide
    is_genuine = scope["is_genuine"]
    await office.gain()
    await office.sender.send_due()
    [(headers, body)] = office.receiver.received
    assert is_genuine(headers, body, _secret(office))
    old = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 600)}
    changed = {**headers, "webhook-id": str(uuid4())}
    for wrong in (
        (headers, body.replace(b"v1", b"v2"), _secret(office)),
        (headers, body, _secret(office, 2)),
        (old, body, _secret(office)),
        (changed, body, _secret(office)),
    ):
        assert not is_genuine(*wrong)


async def test_only_what_the_agency_gains_is_told_to_it(office: Office) -> None:
    world = office.world
    another = await world.person("AGA", "MH")
    await world.consent.release(str(uuid4()), another.agency_id, Category.ENROLLMENT, Purpose.COC)
    participant, row = await office.gain()
    assert await office.sender.send_due() == 1
    await world.consent.take_back(participant, office.holder, row)
    await world.consent.permit(participant, "any", Basis.RELEASE, is_denial=True)
    assert await office.sender.send_due() == 0
    assert len(office.receiver.received) == 1


async def test_what_consent_does_not_cover_is_silence(office: Office) -> None:
    await office.gain(Category.IDENTITY)  # nothing that says: in the programme
    await office.sender.send_due()
    assert office.receiver.received == []
    assert await office.states() == ["WITHHELD"]


async def test_a_failed_attempt_is_repeated_later_and_recorded_again(office: Office) -> None:
    office.receiver.answers += [500, 302, 400]
    await office.gain()
    for number in range(4):
        assert await office.sender.send_due() == 1
        assert await office.sender.send_due() == 0  # not before its time
        [row] = await office.deliveries()
        assert row.attempts == number + 1
        await office.time_passes()
    assert {headers["webhook-id"] for headers, _ in office.receiver.received} == {str(row.id)}
    assert len(office.receiver.received) == 4  # the redirect was not followed
    assert await office.states() == ["SENT"]
    entries = await office.told()
    assert len(entries) == len({each["releaseId"] for each in entries}) == 4


async def _nothing_leaves_after_a_revocation(office: Office) -> None:
    office.receiver.answers += [503]
    participant, row = await office.gain()
    await office.sender.send_due()
    await office.world.consent.take_back(participant, office.holder, row)
    await office.time_passes()
    await office.sender.send_due()
    assert len(office.receiver.received) == 1
    assert await office.states() == ["WITHHELD"]
    assert [each["parts"][0]["outcome"] for each in await office.told()] == ["RELEASED", "WITHHELD"]


async def test_a_release_that_is_revoked_between_attempts_is_never_sent(office: Office) -> None:
    await _nothing_leaves_after_a_revocation(office)


async def test_a_worker_that_does_not_decide_again_would_be_noticed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twins of the test above: one name for all attempts, and no look at the verdict."""
    monkeypatch.setattr(sending, "_claim_of", lambda delivery: delivery.id)
    with pytest.raises(AssertionError):
        await _nothing_leaves_after_a_revocation(office)


async def test_a_worker_that_passes_over_what_lapsed_would_be_noticed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the same."""
    gate = ledger.pass_gate

    async def deaf(*given: Any) -> dict[str, Any]:
        answer = await gate(*given)
        return {**answer, "verdicts": [{**each, "lapsed": []} for each in answer["verdicts"]]}

    monkeypatch.setattr(ledger, "pass_gate", deaf)
    with pytest.raises(AssertionError):
        await _nothing_leaves_after_a_revocation(office)


async def test_without_somebody_who_answers_for_it_nothing_is_sent(office: Office) -> None:
    await office.gain()
    await office.world.take_role_away(office.administrator)
    for _ in range(len(BACK_OFF) + 1):
        await office.sender.send_due()
        await office.time_passes()
    assert office.receiver.received == []
    assert await office.states() == ["DEAD"]


async def test_without_an_agreement_nothing_is_sent(office: Office) -> None:
    await office.gain()
    consent, agency_id = office.world.consent, office.administrator.agency_id
    async with consent.service.chassis.database.read() as session:
        [window] = await session.scalars(
            text("select id from authority_agency_window where agency_id = :id"), {"id": agency_id}
        )
    await consent.change([agency_key(agency_id)], [delete_agency_window(window)])
    await office.sender.send_due()
    assert office.receiver.received == []


async def test_a_dead_event_is_sent_again_if_it_still_may_be(office: Office) -> None:
    rows = [await office.gain() for _ in range(2)]
    office.receiver.answers += [500] * 2 * (len(BACK_OFF) + 1)
    for _ in range(len(BACK_OFF) + 1):
        await office.sender.send_due()
        await office.time_passes()
    assert await office.states() == ["DEAD", "DEAD"]
    assert await office.sender.send_due() == 0
    before = len(office.receiver.received)
    participant, row = rows[0]
    await office.world.consent.take_back(participant, office.holder, row)
    for each in await office.deliveries():
        async with office.world.consent.service.chassis.database.write() as session:
            await commands.replay(session, each.id)
    await office.sender.send_due()
    assert sorted(await office.states()) == ["SENT", "WITHHELD"]
    assert len(office.receiver.received) == before + 1
    for each in await office.deliveries():
        async with office.world.consent.service.chassis.database.write() as session:
            with pytest.raises(CommandError):
                await commands.replay(session, each.id)


async def test_while_a_secret_is_changed_both_sign(office: Office) -> None:
    database = office.world.consent.service.chassis.database
    async with database.write() as session:
        await commands.rotate_secret(session, office.endpoint_id)
    await office.gain()
    await office.sender.send_due()
    await office.world.consent.execute(
        "update webhook_endpoint set old_secret_until = now() where id = :id",
        id=office.endpoint_id,
    )
    await office.gain()
    await office.sender.send_due()
    signed_by = [
        [generation for generation in (1, 2) if _is_signed(*each, _secret(office, generation))]
        for each in office.receiver.received
    ]
    assert signed_by == [[1, 2], [2]]


async def test_a_receiver_that_is_gone_is_told_no_more(office: Office) -> None:
    office.receiver.answers += [410]
    for _ in range(2):
        await office.gain()
    await office.sender.send_due()
    await office.gain()
    await office.time_passes()
    await office.sender.send_due()
    assert len(office.receiver.received) <= 2  # both were under way
    assert "WAITING" not in await office.states()
    assert all(each.participant_id is None for each in await office.deliveries())


async def test_two_gateways_send_each_event_once(office: Office) -> None:
    for _ in range(6):
        await office.gain()
    claimed = await asyncio.gather(*(office.sender.send_due() for _ in range(2)))
    while sum(claimed) < 6:
        claimed = [*claimed, await office.sender.send_due()]
    assert sum(claimed) == 6
    ids = [headers["webhook-id"] for headers, _ in office.receiver.received]
    assert len(ids) == len(set(ids)) == 6


async def test_an_event_whose_sender_fell_silent_is_due_again(office: Office) -> None:
    await office.gain()
    answer = await office.world.consent.ok("/internal/webhooks/claim", {})
    [message] = answer["messages"]
    assert await office.sender.send_due() == 0  # somebody has it
    await office.time_passes()
    assert await office.sender.send_due() == 1
    late = {"deliveryId": message["deliveryId"], "claimId": message["claimId"], "status": 500}
    await office.world.consent.ok("/internal/webhooks/settle", late)
    assert await office.states() == ["SENT"]  # news of the older attempt counts for nothing


async def test_only_the_gateway_claims(gateway_world: GatewayWorld) -> None:
    consent = gateway_world.consent
    for path in ("/internal/webhooks/claim", "/internal/webhooks/settle"):
        status, _ = await consent.call("POST", path, {}, issuer="participants")
        assert status == 401
    for wrong in ({}, {"deliveryId": "x", "claimId": "y"}, {"status": "200"}):
        status, _ = await consent.call("POST", "/internal/webhooks/settle", wrong)
        assert status == 400


@pytest.mark.parametrize(
    ("kind", "role", "purpose"),
    [
        ("LE", Role.LEO, Purpose.LEAD_COORD), ("LE", Role.LEL, Purpose.LEAD_COORD),
        ("PROS", Role.PRO, Purpose.LEAD_LEGAL_COORD), ("DEF", Role.DEF, Purpose.LEAD_LEGAL_COORD),
        ("PROB", Role.PRB, Purpose.LEAD_COORD), ("COURT", Role.CRT, Purpose.LEAD_COORD),
        ("LE", Role.SVC, Purpose.COC), ("SUD", Role.CM, Purpose.CAREMGT),
        ("SUD", Role.SVC, Purpose.LEAD_COORD), ("SUD", Role.SVC, Purpose.HSYSADMIN),
    ],
    ids=str,
)  # fmt: skip
async def test_agencies_without_push_and_other_purposes_are_refused(
    gateway_world: GatewayWorld, kind: str, role: Role, purpose: Purpose
) -> None:
    """GR-7 and GR-8: police, prosecution, probation and courts are pushed nothing about people."""
    administrator = await gateway_world.person("AGA", kind)
    with pytest.raises(CommandError):
        await register(gateway_world, administrator, role=role, purpose=purpose)


async def test_only_an_administrator_who_still_is_one_answers_for_an_endpoint(
    gateway_world: GatewayWorld,
) -> None:
    staff = await gateway_world.person("SVC", "SUD")
    former = await gateway_world.person("AGA", "SUD")
    await gateway_world.take_role_away(former)
    for person in (staff, former):
        with pytest.raises(CommandError):
            await register(gateway_world, person)
    administrator = await gateway_world.person("AGA", "SUD")
    with pytest.raises(CommandError):
        await register(gateway_world, administrator, topics=())
    with pytest.raises(CommandError) as refused:
        await register(gateway_world, administrator, topics=OWN)
    assert refused.value.code == "TOPIC_NOT_ALLOWED"  # a provider's program is told of releases
    with pytest.raises(RuleError):
        await register(gateway_world, administrator, url="http://partner.example/")
    for _ in range(rules.MAX_ENDPOINTS):
        endpoint = await register(gateway_world, administrator)
    with pytest.raises(CommandError):
        await register(gateway_world, administrator)
    async with gateway_world.consent.service.chassis.database.write() as session:
        await commands.remove(session, endpoint.id)
        with pytest.raises(CommandError):
            await commands.rotate_secret(session, endpoint.id)
    await register(gateway_world, administrator)
    await gateway_world.consent.execute("update webhook_endpoint set removed_at = now()")


async def _sends_by_itself(office: Office, seconds: float) -> None:
    async with office.world.gateway() as gateway:
        app = public_app(gateway, is_production=False)
        async with app.router.lifespan_context(app):
            await office.gain()
            await eventually(lambda: bool(office.receiver.received), seconds=seconds)


async def test_a_gateway_that_runs_sends_by_itself(office: Office) -> None:
    """What the program starts with, and not only what it could do if somebody asked it to."""
    await _sends_by_itself(office, 60)


async def test_planted_a_gateway_that_never_starts_to_send_is_caught(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WebhookSender, "start", lambda _self: None)
    with pytest.raises(AssertionError):
        await _sends_by_itself(office, 3)


async def _is_woken_by_a_change(office: Office, monkeypatch: pytest.MonkeyPatch, by: float) -> None:
    monkeypatch.setattr(gateway_sender, "PAUSE_SECONDS", 3600.0)  # else it would look by itself
    has_looked = asyncio.Event()

    async def note() -> None:
        has_looked.set()

    office.world.door.after["/internal/webhooks/claim"] = note
    async with office.world.gateway(follows_feed=True) as gateway:
        app = public_app(gateway, is_production=False)
        async with app.router.lifespan_context(app):
            await asyncio.wait_for(has_looked.wait(), 60)  # what comes now the first look lacks
            await office.gain()
            await eventually(lambda: bool(office.receiver.received), seconds=by)


async def test_an_idle_sender_is_woken_by_what_changes(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _is_woken_by_a_change(office, monkeypatch, 60)


async def test_planted_a_sender_that_sleeps_on_is_caught(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WebhookSender, "changed", lambda _self, _keys: None)
    with pytest.raises(AssertionError):
        await _is_woken_by_a_change(office, monkeypatch, 3)
