"""Admitting a court order, and ending it."""

from typing import Any
from uuid import UUID, uuid4

from infra.authority.changes import delete_visibility, put_visibility
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from infra.vocabulary import Category
from svc_consent.agencies.repository.directory import agencies_by_id, database_now
from svc_consent.agencies.rules import checked_reason
from svc_consent.authority.repository import lock_order, record_change
from svc_consent.authority.rules import Touched, keys_of
from svc_consent.orders import repository, rules
from svc_consent.orders.rules import Terms
from svc_consent.orders.tables import CourtOrder
from svc_consent.safeguards.repository import for_update as demand_for_update
from svc_consent.safeguards.rules import DemandKind
from svc_consent.safeguards.tables import LegalDemand


async def admit_order(
    session: WriteSession,
    caller: Caller,
    demand: tuple[str, int],
    recipient_agency_id: str,
    terms: Terms,
) -> dict[str, Any]:
    """Record that counsel has admitted an order: what it lists may be handed over until it ends.

    Nothing leaves by this; the agency that keeps the records carries the order out.

    Args:
        session: the transaction.
        caller: who records it.
        demand: id and version of the demand that the order came in as.
        recipient_agency_id: whom the order names.
        terms: what it says.

    Raises:
        CommandError: not this role, no such demand or agency, changed meanwhile, hold ended, or
            another order is in force.
        RuleError: the terms open nothing; see ``rules.checked_terms``.
    """
    demand_id, expected_version = demand
    row_id, found = parse_id(demand_id), None
    if row_id is not None:
        found = await demand_for_update(session, caller, LegalDemand, row_id)
    if found is None:
        raise not_found("input", "demandId")
    if caller.role not in rules.ADMITS:
        raise CommandError("FORBIDDEN", "Counsel admits orders.", ("input", "demandId"))
    if found.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    if found.hold_ended_at is not None:
        raise CommandError("ENDED", "Counsel has decided on it before.", ("input", "demandId"))
    now = await database_now(session)
    checked = rules.checked_terms(terms, DemandKind(found.kind), now)
    recipient = parse_id(recipient_agency_id)
    if recipient is None or recipient not in await agencies_by_id(session, [recipient]):
        raise not_found("input", "recipientAgencyId")
    keeper = await repository.serving_agency(session, found.participant_id)
    if keeper is None:
        raise CommandError("NOTHING_KEPT", "No agency here keeps a record.", ("input", "demandId"))
    await lock_order(session)
    if await repository.is_in_force(session, found.participant_id, now):
        # What two orders list could not be told apart while one of them is carried out.
        raise CommandError("ORDER_IN_FORCE", "End the earlier order first.", ("input", "demandId"))
    row = CourtOrder(
        id=uuid4(), demand_id=found.id, site_id=found.site_id,
        participant_id=found.participant_id, number=checked.number, counsel_name=checked.counsel,
        keeper_agency_id=keeper[0], recipient_agency_id=recipient,
        categories=[each.value for each in checked.categories], data_from=checked.data_from,
        data_to=checked.data_to, expires_at=checked.expires_at,
        admitted_by=parse_id(caller.subject), admitted_at=now,
    )  # fmt: skip
    session.add(row)
    found.version += 1
    await session.flush()
    parties = rules.parties_of(keeper[0], recipient, found.site_id)
    facts = rules.grounds(row.id, row.participant_id, parties, checked, now)
    keys = keys_of(_touched(row.participant_id, parties), {})
    await record_change(session, keys, [put_visibility(fact) for fact in facts])
    return {"orderId": str(row.id)}


async def end_order(
    session: WriteSession, caller: Caller, order_id: str, expected_version: int, reason: str
) -> dict[str, Any]:
    """End an order before its time: stayed, vacated, or done with. Nothing more leaves by it.

    Raises:
        CommandError: not this role, no such order, changed meanwhile, or ended before.
        RuleError: no reason.
    """
    text, row_id, row = checked_reason(reason), parse_id(order_id), None
    if row_id is not None:
        row = await repository.for_update(session, caller, row_id)
    if row is None:
        raise not_found("input", "orderId")
    if caller.role not in rules.ENDS:
        raise CommandError("FORBIDDEN", "Somebody else ends orders.", ("input", "orderId"))
    if row.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    if row.ended_at is not None:
        raise CommandError("ENDED", "The order was ended before.", ("input", "orderId"))
    row.ended_at, row.end_reason = await database_now(session), text
    row.ended_by = parse_id(caller.subject)
    row.version += 1
    await session.flush()
    parties = rules.parties_of(row.keeper_agency_id, row.recipient_agency_id, row.site_id)
    ids = rules.fact_ids(row.id, [Category(each) for each in row.categories])
    keys = keys_of(_touched(row.participant_id, parties), {})
    await record_change(session, keys, [delete_visibility(each) for each in ids])
    return {"orderId": str(row.id)}


def _touched(participant_id: UUID, parties: tuple[str, str]) -> list[Touched]:
    return [Touched(str(participant_id), holder) for holder in parties]
