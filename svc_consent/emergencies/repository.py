"""Statements on emergency accesses, narrowed by what the caller may see of the participant."""

from typing import ClassVar

from sqlalchemy import ColumnElement

from infra.authority.predicate import visible
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.vocabulary import Category
from svc_consent.emergencies.tables import EmergencyAccess

ACCESS_ORDER = Order((EmergencyAccess.starts_at, EmergencyAccess.id), is_descending=True)


class AccessesOfParticipants(OwnerPages[EmergencyAccess]):
    """Pages of emergency accesses to participants' records, newest first."""

    row = EmergencyAccess
    owner = EmergencyAccess.participant_id
    order: ClassVar[Order] = ACCESS_ORDER

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Return the condition that an access must meet for this caller."""
        return visible(caller, Category.AUDIT, EmergencyAccess.participant_id)
