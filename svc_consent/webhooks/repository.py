"""Every statement on webhooks. Whoever claims events holds them for a minute, then they are due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    false,
    func,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from infra.authority.tables import AppliedRevision
from infra.database import AnySession, ReadSession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Category, Role
from svc_consent.agencies.tables import RoleGrant
from svc_consent.authority.tables import AuthorityChange
from svc_consent.webhooks.rules import CLAIM_LASTS, KEPT, DeliveryState, News
from svc_consent.webhooks.tables import WebhookCursor, WebhookDelivery, WebhookEndpoint

MAX_REVISIONS = 500
ORDER = Order((WebhookEndpoint.created_at, WebhookEndpoint.id), is_descending=True)

_CLAIM = text("""
update webhook_delivery
set attempts = attempts + 1, claimed_until = :until, claim_id = gen_random_uuid()
where id in (
  select d.id from webhook_delivery d join webhook_endpoint e on e.id = d.endpoint_id
  where d.state = 'WAITING' and d.next_attempt_at <= :now and e.removed_at is null
    and (d.claimed_until is null or d.claimed_until <= :now)
  order by d.next_attempt_at limit :most for update of d skip locked)
returning id
""")


@dataclass(frozen=True, slots=True)
class Claimed:
    """An event that is to be tried now, and where to."""

    delivery: WebhookDelivery
    endpoint: WebhookEndpoint


async def head(session: AnySession) -> int:
    """Return the newest revision of the order of facts."""
    return (
        await session.scalar(select(AppliedRevision.revision).where(AppliedRevision.id == 1)) or 0
    )


async def cursor_for_update(session: WriteSession) -> WebhookCursor | None:
    """Return how far agencies were told, locked; None while another process is at it."""
    row: WebhookCursor | None = await session.scalar(
        select(WebhookCursor).with_for_update(skip_locked=True)
    )
    return row


async def standing_endpoints(session: AnySession) -> Sequence[WebhookEndpoint]:
    """Return every endpoint that was not removed; there are few."""
    found = await session.scalars(
        select(WebhookEndpoint)
        .where(WebhookEndpoint.removed_at.is_(None))
        .order_by(WebhookEndpoint.created_at, WebhookEndpoint.id)
    )
    return found.all()


async def revisions_after(
    session: AnySession, revision: int
) -> list[tuple[int, list[dict[str, Any]]]]:
    """Return what revisions after this one did, in order."""
    found = await session.execute(
        select(AuthorityChange.revision, AuthorityChange.operations)
        .where(AuthorityChange.revision > revision)
        .order_by(AuthorityChange.revision)
        .limit(MAX_REVISIONS)
    )
    return [(row[0], list(row[1])) for row in found]


async def add_delivery(
    session: WriteSession, endpoint: WebhookEndpoint, news: News, revision: int, now: datetime
) -> None:
    """Have an endpoint told, once for each participant, topic and revision."""
    await session.execute(
        insert(WebhookDelivery)
        .values(
            id=uuid4(), endpoint_id=endpoint.id, participant_id=UUID(news.participant_id),
            topic=news.topic.value, revision=revision, state=DeliveryState.WAITING.value,
            attempts=0, next_attempt_at=now, created_at=now,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip


async def claim(session: WriteSession, now: datetime, most: int) -> list[Claimed]:
    """Return events that are due, each held for this caller for a minute."""
    parameters = {"now": now, "until": now + CLAIM_LASTS, "most": most}
    ids = list(await session.scalars(_CLAIM, parameters))
    found = await session.execute(
        select(WebhookDelivery, WebhookEndpoint)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .where(WebhookDelivery.id.in_(ids))
        .order_by(WebhookDelivery.created_at, WebhookDelivery.id)
    )
    return [Claimed(row[0], row[1]) for row in found]


async def delivery_for_update(session: WriteSession, delivery_id: UUID) -> Claimed | None:
    """Return an event with its endpoint, locked."""
    row = (
        await session.execute(
            select(WebhookDelivery, WebhookEndpoint)
            .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
            .where(WebhookDelivery.id == delivery_id)
            .with_for_update()
        )
    ).one_or_none()
    return None if row is None else Claimed(row[0], row[1])


async def deliveries_of(
    session: ReadSession, endpoint_id: UUID, state: DeliveryState | None, most: int
) -> Sequence[WebhookDelivery]:
    """Return an endpoint's events, newest first."""
    wanted = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    if state is not None:
        wanted = wanted.where(WebhookDelivery.state == state.value)
    order = (WebhookDelivery.created_at.desc(), WebhookDelivery.id)
    return (await session.scalars(wanted.order_by(*order).limit(most))).all()


async def endpoint_for_update(session: WriteSession, endpoint_id: UUID) -> WebhookEndpoint | None:
    """Return a standing endpoint, locked."""
    row: WebhookEndpoint | None = await session.scalar(
        select(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.removed_at.is_(None))
        .with_for_update()
    )
    return row


def _administered(caller: Caller) -> ColumnElement[bool]:
    """Return which endpoints somebody administers: their agency's at their site, or all."""
    if Category.AGENCY_ROLES not in caller.access:
        return false()
    if caller.role is Role.PLA:
        return true()
    if caller.role is not Role.AGA:
        return false()
    return and_(
        WebhookEndpoint.agency_id == UUID(caller.agency_id),
        WebhookEndpoint.site_id == UUID(caller.site_id),
    )


async def administered(
    session: AnySession, caller: Caller, endpoint_id: UUID
) -> WebhookEndpoint | None:
    """Return an endpoint, removed or not, if the caller administers it."""
    row: WebhookEndpoint | None = await session.scalar(
        select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id, _administered(caller))
    )
    return row


async def page_of_endpoints(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[WebhookEndpoint]:
    """Return standing endpoints that the caller administers, newest first."""
    rows = select(WebhookEndpoint).where(
        WebhookEndpoint.removed_at.is_(None), _administered(caller)
    )
    return await page(session, rows, ORDER, request)


async def replay_dead(
    session: WriteSession, endpoint_id: UUID, since: datetime | None, now: datetime
) -> None:
    """Have an endpoint's dead events tried again, each decided anew."""
    chosen = update(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint_id,
        WebhookDelivery.state == DeliveryState.DEAD.value,
    )
    if since is not None:
        chosen = chosen.where(WebhookDelivery.created_at >= since)
    await session.execute(
        chosen.values(
            state=DeliveryState.WAITING.value, attempts=0, settled_at=None, next_attempt_at=now
        ).execution_options(synchronize_session=False)
    )


async def workplaces(session: AnySession, account_id: UUID, now: datetime) -> set[tuple[str, str]]:
    """Return for which agencies, at which sites, a person works as a case manager now."""
    found = await session.execute(
        select(RoleGrant.agency_id, RoleGrant.site_id).where(
            RoleGrant.account_id == account_id,
            RoleGrant.role == Role.CM.value,
            RoleGrant.revoked_at.is_(None),
            RoleGrant.starts_at <= now,
            or_(RoleGrant.counts_until.is_(None), RoleGrant.counts_until > now),
        )
    )
    return {(str(agency_id), str(site_id)) for agency_id, site_id in found}


async def count_endpoints(session: WriteSession, agency_id: UUID) -> int:
    """Return how many endpoints an agency has."""
    found = await session.scalar(
        select(func.count())
        .select_from(WebhookEndpoint)
        .where(WebhookEndpoint.agency_id == agency_id, WebhookEndpoint.removed_at.is_(None))
    )
    return found or 0


async def grant_with_agency(session: WriteSession, grant_id: UUID) -> RoleGrant | None:
    """Return a grant, locked against being revoked meanwhile."""
    row: RoleGrant | None = await session.scalar(
        select(RoleGrant).where(RoleGrant.id == grant_id).with_for_update(read=True)
    )
    return row


async def tidy(session: WriteSession, now: datetime) -> None:
    """Forget events that were settled long ago, and those of endpoints that are gone."""
    await session.execute(delete(WebhookDelivery).where(WebhookDelivery.settled_at < now - KEPT))


async def settle_all(session: WriteSession, endpoint_id: UUID, now: datetime) -> None:
    """Withdraw what an endpoint that is gone was still to be told."""
    await session.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.endpoint_id == endpoint_id,
            WebhookDelivery.state.in_([DeliveryState.WAITING.value, DeliveryState.DEAD.value]),
        )
        .values(state=DeliveryState.WITHHELD.value, participant_id=None, settled_at=now)
        .execution_options(synchronize_session=False)
    )
