"""Endpoints are made, given a new secret and removed; a dead event is sent again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from infra.database import WriteSession
from infra.mutation_result import CommandError, not_found
from infra.vocabulary import AgencyType, Purpose, Role
from svc_consent.agencies.repository.directory import agencies_by_id, database_now
from svc_consent.agencies.rules import CEILING
from svc_consent.explanations.agreement import packaged_agreement
from svc_consent.webhooks import repository, rules
from svc_consent.webhooks.rules import DeliveryState, Topic
from svc_consent.webhooks.tables import WebhookEndpoint

_ANSWERING: Final = Role.AGA


@dataclass(frozen=True, slots=True)
class EndpointTerms:
    """What an endpoint is to be.

    Attributes:
        grant_id: of the agency's administrator who answers for it; its end is the endpoint's.
        url: where to.
        topics: what to tell.
        role: through whose eyes it looks.
        purpose: why the agency wants to know, one of the role's purposes.
    """

    grant_id: UUID
    url: str
    topics: Sequence[Topic]
    role: Role
    purpose: Purpose


async def register(
    session: WriteSession, terms: EndpointTerms, *, allows_loopback: bool = False
) -> WebhookEndpoint:
    """Make an endpoint; it is told of what happens from now on.

    Args:
        session: the transaction.
        terms: what it is to be.
        allows_loopback: see ``rules.check_url``.

    Raises:
        CommandError: nobody answers for it, the agency may not have such a role or any push about
            people, not a purpose of the role, no topic, or too many endpoints.
        RuleError: the address is not acceptable.
    """
    grant = await repository.grant_with_agency(session, terms.grant_id)
    now = await database_now(session)
    if grant is None or grant.agency_id is None or grant.role != _ANSWERING.value:
        raise not_found("input", "grantId")
    if grant.revoked_at is not None or (
        grant.counts_until is not None and grant.counts_until <= now
    ):
        raise not_found("input", "grantId")
    agency = (await agencies_by_id(session, [grant.agency_id]))[grant.agency_id]
    if terms.role not in rules.ROLES or terms.role not in CEILING[AgencyType(agency.type)]:
        message = "This agency is told nothing about people by way of this role."
        raise CommandError("ROLE_NOT_ALLOWED", message, ("input", "role"))
    if terms.purpose not in packaged_agreement().purposes[terms.role.value]:
        message = "This is not a purpose of the role."
        raise CommandError("PURPOSE_NOT_ALLOWED", message, ("input", "purpose"))
    if not terms.topics:
        raise CommandError("TOPIC_MISSING", "Say what to tell.", ("input", "topics"))
    cells = packaged_agreement().cells[terms.role.value]
    grounds = {category: cell.grounds for category, cell in cells.items()}
    if not all(rules.may_be_told(topic, grounds) for topic in terms.topics):
        message = "This role's agency is never told of one of these by its program."
        raise CommandError("TOPIC_NOT_ALLOWED", message, ("input", "topics"))
    if await repository.count_endpoints(session, agency.id) >= rules.MAX_ENDPOINTS:
        message = f"An agency has at most {rules.MAX_ENDPOINTS} endpoints."
        raise CommandError("TOO_MANY", message, ("input",))
    url = rules.check_url(terms.url, allows_loopback=allows_loopback)
    endpoint = WebhookEndpoint(
        id=uuid4(), agency_id=agency.id, site_id=grant.site_id, grant_id=grant.id,
        account_id=grant.account_id, url=url,
        topics=sorted({topic.value for topic in terms.topics}), role=terms.role.value,
        purpose=terms.purpose.value, generation=1, since_revision=await repository.head(session),
        created_at=now,
    )  # fmt: skip
    session.add(endpoint)
    await session.flush()
    return endpoint


async def rotate_secret(session: WriteSession, endpoint_id: UUID) -> WebhookEndpoint:
    """Give an endpoint a new secret; the old one signs as well for a week.

    Raises:
        CommandError: no such endpoint.
    """
    endpoint = await repository.endpoint_for_update(session, endpoint_id)
    if endpoint is None:
        raise not_found("input", "endpointId")
    endpoint.generation += 1
    endpoint.old_secret_until = await database_now(session) + rules.OLD_SECRET_LIVES
    endpoint.version += 1
    await session.flush()
    return endpoint


async def remove(session: WriteSession, endpoint_id: UUID) -> None:
    """Remove an endpoint at once; what it was still to be told is withdrawn.

    Raises:
        CommandError: no such endpoint.
    """
    endpoint = await repository.endpoint_for_update(session, endpoint_id)
    if endpoint is None:
        raise not_found("input", "endpointId")
    now = await database_now(session)
    endpoint.removed_at = now
    endpoint.version += 1
    await session.flush()
    await repository.settle_all(session, endpoint.id, now)


async def replay(session: WriteSession, delivery_id: UUID) -> None:
    """Have a dead event tried again, under the same id and decided anew.

    Raises:
        CommandError: no such event, or not a dead one of a standing endpoint.
    """
    found = await repository.delivery_for_update(session, delivery_id)
    if found is None or found.endpoint.removed_at is not None:
        raise not_found("input", "deliveryId")
    if found.delivery.state != DeliveryState.DEAD.value:
        raise CommandError("NOT_DEAD", "Only a dead event is sent again.", ("input", "deliveryId"))
    delivery = found.delivery
    delivery.state, delivery.attempts, delivery.settled_at = DeliveryState.WAITING.value, 0, None
    delivery.next_attempt_at = await database_now(session)
    await session.flush()
