"""What is to be sent now: found in the order of facts, decided and recorded, then handed out.

``claim`` is the only way to a message that can be sent, and each message is good for one attempt:
whoever tries again has to claim again, and it is decided again. Nothing is remembered of an
earlier verdict.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.database import Database, WriteSession
from infra.errors import bug
from infra.vocabulary import Role
from svc_consent.agencies.repository.directory import database_now
from svc_consent.authority.decision import Asker
from svc_consent.authority.rules import agency_key, subject_key
from svc_consent.disclosures import commands as ledger
from svc_consent.disclosures.rules import Call, Record, Stage, Verdict
from svc_consent.explanations.agreement import packaged_agreement
from svc_consent.hot_pool import HotPool
from svc_consent.webhooks import repository, rules
from svc_consent.webhooks.repository import Claimed
from svc_consent.webhooks.rules import DeliveryState, News, Topic
from svc_consent.webhooks.tables import WebhookDelivery, WebhookEndpoint

MAX_CLAIMED = 16
_OPERATION = "Webhook"


@dataclass(frozen=True, slots=True)
class Message:
    """One attempt: where to, with which headers, what."""

    delivery_id: UUID
    claim_id: UUID
    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The parts that sending needs."""

    database: Database
    pool: HotPool
    key: bytes
    lane: str

    async def claim(self) -> list[Message]:
        """Return messages that may leave now; the disclosure of each is in the ledger.

        Raises:
            AuthorityUnavailableError: the gate does not answer; what was held is due in a minute.
        """
        async with self.database.write() as session:
            now = await database_now(session)
            await _find_news(session, now)
            claimed = await repository.claim(session, now, MAX_CLAIMED)
            revision = await repository.head(session)
        if not claimed:
            return []
        calls = [_call(each, revision) for each in claimed]
        verdicts = (await ledger.pass_gate(self.pool, self.lane, calls))["verdicts"]
        async with self.database.write() as session:
            return await self._handed_out(session, claimed, verdicts)

    async def _handed_out(
        self, session: WriteSession, claimed: Sequence[Claimed], verdicts: Sequence[Any]
    ) -> list[Message]:
        now = await database_now(session)
        messages = []
        for each, verdict in zip(claimed, verdicts, strict=True):
            found = await repository.delivery_for_update(session, each.delivery.id)
            if found is None or found.delivery.claim_id != each.delivery.claim_id:
                continue
            if verdict["verdict"] != Verdict.RELEASED:
                # Who answers for the endpoint changed, or is no longer there: look again later.
                _retry(found, None, now)
            elif verdict["lapsed"]:
                _settle(found, DeliveryState.WITHHELD, now)
            else:
                messages.append(self._message(found, now))
        return messages

    def _message(self, claimed: Claimed, now: datetime) -> Message:
        delivery, endpoint = claimed.delivery, claimed.endpoint
        body = rules.envelope(
            delivery.id, endpoint.site_id, Topic(delivery.topic), delivery.created_at
        )
        secrets = [rules.secret_of(self.key, endpoint.id, endpoint.generation)]
        if endpoint.old_secret_until is not None and now < endpoint.old_secret_until:
            secrets.append(rules.secret_of(self.key, endpoint.id, endpoint.generation - 1))
        headers = rules.signed_headers(delivery.id, secrets, now, body)
        return Message(delivery.id, _claim_of(delivery), endpoint.url, headers, body)

    async def settle(self, delivery_id: UUID, claim_id: UUID, status: int | None) -> None:
        """Note what became of an attempt; news of an older attempt counts for nothing.

        Args:
            delivery_id: which event.
            claim_id: which attempt, as it was handed out.
            status: of the receiver's answer; None if there was none.
        """
        async with self.database.write() as session:
            found = await repository.delivery_for_update(session, delivery_id)
            if found is None or found.delivery.claim_id != claim_id:
                return
            now = await database_now(session)
            found.delivery.last_status = status
            endpoint = found.endpoint
            endpoint.last_event_id, endpoint.last_topic = delivery_id, found.delivery.topic
            endpoint.last_status, endpoint.last_at = status, now
            _retry(found, status, now)
            if rules.is_gone(status):
                found.endpoint.removed_at = now
                found.endpoint.version += 1
                await session.flush()
                await repository.settle_all(session, found.endpoint.id, now)


async def _find_news(session: WriteSession, now: datetime) -> None:
    """Turn new grounds into events for the endpoints of those who gained them."""
    cursor = await repository.cursor_for_update(session)
    if cursor is None:
        return
    await repository.tidy(session, now)
    endpoints = await repository.standing_endpoints(session)
    if not endpoints:
        cursor.revision = await repository.head(session)
        return
    # What was before the oldest of them is nobody's news, however much of it there is.
    cursor.revision = max(cursor.revision, min(each.since_revision for each in endpoints))
    wanted = {topic for endpoint in endpoints for topic in endpoint.topics}
    for revision, operations in await repository.revisions_after(session, cursor.revision):
        cursor.revision = revision
        for news in rules.news_of(operations):
            if news.topic.value not in wanted:
                continue
            whose = await _whose(session, news, now)
            for endpoint in endpoints:
                is_theirs = _is_among(endpoint, whose)
                is_wanted = news.topic.value in endpoint.topics
                if is_theirs and is_wanted and revision > endpoint.since_revision:
                    await repository.add_delivery(session, endpoint, news, revision, now)


async def _whose(
    session: WriteSession, news: News, now: datetime
) -> Sequence[tuple[str, str | None]]:
    """Return the agencies that news may be for, each with the site that it counts at."""
    if news.account_id:
        return list(await repository.workplaces(session, UUID(news.account_id), now))
    return [(news.agency_id, news.site_id)]


def _is_among(endpoint: WebhookEndpoint, whose: Collection[tuple[str, str | None]]) -> bool:
    return any(
        agency_id == str(endpoint.agency_id) and site_id in (None, str(endpoint.site_id))
        for agency_id, site_id in whose
    )


def _call(claimed: Claimed, revision: int) -> Call:
    """Return the question to the gate: may this agency be told that there is somebody new?"""
    delivery, endpoint = claimed.delivery, claimed.endpoint
    agreement = packaged_agreement()
    role, subject = Role(endpoint.role), str(endpoint.account_id)
    topic = Topic(delivery.topic)
    told = rules.TOLD[topic]
    cell = agreement.cells[role.value][told]
    return Call(
        # A name of its own for each attempt: the verdict on an earlier one must not be repeated.
        release_id=str(_claim_of(delivery)),
        asker=Asker(
            subject=subject,
            agency_id=str(endpoint.agency_id),
            role=role.value,
            purpose=endpoint.purpose,
            access={told.value: cell.grounds},
            site_id=str(endpoint.site_id),
        ),
        grant_id=str(endpoint.grant_id),
        site_id=str(endpoint.site_id),
        operation_name=_OPERATION,
        operation_hash=hashlib.sha256(delivery.topic.encode()).hexdigest(),
        policy_version=agreement.version,
        stage=Stage.RELEASE,
        keys={subject_key(subject): revision, agency_key(endpoint.agency_id): revision},
        valid_until=None,
        coordinates={told.value: [f"{_OPERATION}.{topic.value}"]},
        records=(Record(str(delivery.participant_id), (told.value,), 1),),
    )


def _claim_of(delivery: WebhookDelivery) -> UUID:
    if delivery.claim_id is None:
        bug("an event is tried that nobody has claimed")
    return delivery.claim_id


def _retry(claimed: Claimed, status: int | None, now: datetime) -> None:
    state, next_at = rules.after_attempt(claimed.delivery.attempts, status, now)
    if next_at is None:
        _settle(claimed, state, now)
        return
    delivery = claimed.delivery
    delivery.next_attempt_at, delivery.claim_id, delivery.claimed_until = next_at, None, None


def _settle(claimed: Claimed, state: DeliveryState, now: datetime) -> None:
    delivery = claimed.delivery
    delivery.state, delivery.settled_at = state.value, now
    delivery.claim_id, delivery.claimed_until = None, None
    if state is not DeliveryState.DEAD:  # a dead one may be sent again, and is decided then
        delivery.participant_id = None
