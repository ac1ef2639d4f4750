"""The authority fact behind an invitation: an attendee who has pledged has an item before them.

It is the ground ``k``: with a release it opens OWG of the participant to this person, and with
neither of the two does it. Taking an item off, or an attendee out, is acknowledged only after
``svc_consent`` has taken the ground away.
"""

from collections.abc import Iterable
from datetime import datetime

from infra.authority.changes import (
    Operation,
    VisibilityFact,
    delete_visibility,
    put_visibility,
)
from infra.authority.predicate import subject_holder
from infra.vocabulary import Basis, Category
from svc_cases.conferences.rules import ON_SCREEN, SCREENS_STAY, ItemStatus, agenda_fact_id
from svc_cases.conferences.tables import AgendaItem, Attendee, Meeting


def put_on_screens(
    meeting: Meeting,
    attendees: Iterable[Attendee],
    items: Iterable[AgendaItem],
    starts_at: datetime,
) -> list[Operation]:
    """Return the operations that put items before those of the attendees who have pledged."""
    shown = [each for each in items if ItemStatus(each.status) in ON_SCREEN]
    return [
        put_visibility(
            VisibilityFact(
                id=agenda_fact_id(attendee.id, item.id),
                participant_id=item.participant_id,
                holder=subject_holder(attendee.account),
                basis=Basis.CONFERENCE,
                category=Category.OWG,
                starts_at=starts_at,
                ends_at=max(meeting.starts_at, starts_at) + SCREENS_STAY,
            )
        )
        for attendee in attendees
        if attendee.pledged_at is not None
        for item in shown
    ]


def take_off_screens(attendees: Iterable[Attendee], items: Iterable[AgendaItem]) -> list[Operation]:
    """Return the operations that take items off the screens of attendees."""
    gone = list(items)
    return [
        delete_visibility(agenda_fact_id(attendee.id, item.id))
        for attendee in attendees
        if attendee.pledged_at is not None
        for item in gone
    ]
