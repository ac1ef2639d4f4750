"""All statements about naloxone and overdoses, narrowed by SUD (42 CFR Part 2)."""

from sqlalchemy import ColumnElement, and_

from infra.identity_token import Caller
from infra.owner_pages import Order
from infra.vocabulary import Category, Role
from svc_participants.care.keeping import loader_of, pages_of
from svc_participants.care.safety.rules import ToldBy
from svc_participants.care.safety.tables import NaloxoneRow, OverdoseRow
from svc_participants.people.repository import holding

NALOXONE = Order((NaloxoneRow.given_on, NaloxoneRow.id), is_descending=True)
OVERDOSES = Order((OverdoseRow.occurred_on, OverdoseRow.id), is_descending=True)


def naloxone_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this record of naloxone"."""
    return holding(
        caller,
        Category.SUD,
        NaloxoneRow.participant_id,
        NaloxoneRow.agency_id,
        NaloxoneRow.given_on,
    )


def overdose_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this overdose"."""
    permitted = holding(
        caller,
        Category.SUD,
        OverdoseRow.participant_id,
        OverdoseRow.agency_id,
        OverdoseRow.occurred_on,
    )
    if caller.role in (Role.PAR, Role.REP):
        # What somebody else has told is excepted from the access to one's own record (rule D04).
        return and_(permitted, OverdoseRow.told_by != ToldBy.SOMEBODY_ELSE.value)
    return permitted


NaloxoneLoader = loader_of(NaloxoneRow, naloxone_visible)
NaloxoneOfParticipant = pages_of(NaloxoneRow, naloxone_visible, NALOXONE)
OverdoseLoader = loader_of(OverdoseRow, overdose_visible)
OverdosesOfParticipant = pages_of(OverdoseRow, overdose_visible, OVERDOSES)
