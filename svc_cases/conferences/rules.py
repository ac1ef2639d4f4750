"""Meetings of the work group: their steps, and who has which part in them. Pure.

Sources: LEAD toolkit (work group and its agenda), confidentiality pledge of every attendee,
information-sharing Golden Rule. An item of the agenda is seen by an attendee who has pledged and
whose agency a release names; the others step out, and nobody is told what they would have heard.

How the pledge is worded is a site's own (``Wording``). It is published and never edited; a newer
one takes its place for what is signed from then on. What was signed holds for its meeting, and the
next meeting asks for the wording of then: a wording binds who has read it, and nobody is shut out
of a meeting that they have pledged for because the words changed on the way there.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from infra.vocabulary import Purpose, Role


@dataclass(frozen=True, slots=True)
class Wording:
    """One wording of the pledge.

    Attributes:
        number: counts a site's own wordings from 1; 0 is what every site begins with.
        version: its name, which who pledges gives and the invitation keeps.
        text: what is pledged.
        published_at: when it began to hold; None for what every site begins with.
        published_by: account of who published it.
    """

    number: int
    version: str
    text: str
    published_at: datetime | None = None
    published_by: str | None = None


FIRST_WORDING: Final = Wording(
    number=0,
    version="OWG-PLEDGE@2026-01",
    text=(
        "I keep to myself what I hear about participants. I use it to help them, never against"
        " them, and I pass it on to nobody whom they have not named."
    ),
)
"""The pledge of a site that has published no wording of its own. It stays, for it was signed."""

MAX_PLEDGE = 2000
SCREENS_STAY = timedelta(days=14)
"""How long after a meeting's beginning its agenda stays on the screens of those who were there."""

MAX_ATTENDEES = 30
MAX_ITEMS = 30
"""Together 900 facts at most: what one hand-over to the order of facts takes."""
MAX_TEXT = 1000
MAX_PLACE = 100
MAX_MINUTES = 4000

_FACTS = UUID("7f6a1d52-54f4-4c0e-9c53-0f3f3f0c4a17")


class MeetingStatus(StrEnum):
    """Where a meeting stands."""

    SCHEDULED = "SCHEDULED"
    AGENDA_OPEN = "AGENDA_OPEN"
    AGENDA_LOCKED = "AGENDA_LOCKED"
    IN_SESSION = "IN_SESSION"
    CLOSED = "CLOSED"
    MINUTES_APPROVED = "MINUTES_APPROVED"


MEETING_STEPS: dict[MeetingStatus, frozenset[MeetingStatus]] = {
    MeetingStatus.SCHEDULED: frozenset({MeetingStatus.AGENDA_OPEN}),
    MeetingStatus.AGENDA_OPEN: frozenset({MeetingStatus.AGENDA_LOCKED}),
    MeetingStatus.AGENDA_LOCKED: frozenset({MeetingStatus.IN_SESSION}),
    MeetingStatus.IN_SESSION: frozenset({MeetingStatus.CLOSED}),
    MeetingStatus.CLOSED: frozenset({MeetingStatus.MINUTES_APPROVED}),
    MeetingStatus.MINUTES_APPROVED: frozenset(),
}
"""A meeting goes forward only."""


class ItemStatus(StrEnum):
    """Where an item of the agenda stands."""

    PROPOSED = "PROPOSED"
    ADMITTED = "ADMITTED"
    DISCUSSED = "DISCUSSED"
    ACTIONS_SET = "ACTIONS_SET"
    DEFERRED = "DEFERRED"
    REMOVED_CONSENT = "REMOVED_CONSENT"
    WITHDRAWN = "WITHDRAWN"


_GONE = frozenset({ItemStatus.REMOVED_CONSENT, ItemStatus.WITHDRAWN})
ITEM_STEPS: dict[ItemStatus, frozenset[ItemStatus]] = {
    ItemStatus.PROPOSED: _GONE | {ItemStatus.ADMITTED},
    ItemStatus.ADMITTED: _GONE | {ItemStatus.DISCUSSED, ItemStatus.DEFERRED},
    ItemStatus.DISCUSSED: _GONE | {ItemStatus.ACTIONS_SET, ItemStatus.DEFERRED},
    ItemStatus.ACTIONS_SET: frozenset({ItemStatus.REMOVED_CONSENT}),
    ItemStatus.DEFERRED: frozenset({ItemStatus.REMOVED_CONSENT}),
    ItemStatus.REMOVED_CONSENT: frozenset(),
    ItemStatus.WITHDRAWN: frozenset(),
}
"""Which status of an item may follow which; it can be taken off for want of consent at any time."""

ON_SCREEN: frozenset[ItemStatus] = frozenset(ItemStatus) - _GONE - {ItemStatus.PROPOSED}
"""An item with one of these is seen by those who were invited."""

STANDING: frozenset[ItemStatus] = frozenset(ItemStatus) - _GONE
"""An item with one of these has not been taken off."""

_PREPARING = frozenset({MeetingStatus.AGENDA_OPEN, MeetingStatus.AGENDA_LOCKED})
_MEETING = frozenset({MeetingStatus.IN_SESSION, MeetingStatus.CLOSED})
_UNTIL_MINUTES = frozenset(MeetingStatus) - {MeetingStatus.MINUTES_APPROVED}
ITEM_STEP_WHILE: dict[ItemStatus, frozenset[MeetingStatus]] = {
    ItemStatus.PROPOSED: frozenset({MeetingStatus.AGENDA_OPEN}),
    ItemStatus.ADMITTED: _PREPARING,
    ItemStatus.DISCUSSED: _MEETING,
    ItemStatus.ACTIONS_SET: _MEETING,
    ItemStatus.DEFERRED: _PREPARING | _MEETING,
    # Somebody's wish to be left out is heard at any time, minutes or not.
    ItemStatus.REMOVED_CONSENT: frozenset(MeetingStatus),
    ItemStatus.WITHDRAWN: _UNTIL_MINUTES,
}
"""While the meeting stands so, an item may come to a status."""

WRITING: frozenset[MeetingStatus] = _MEETING
"""While the meeting stands so, notes and actions are written."""


class Topic(StrEnum):
    """Why somebody is on the agenda."""

    NEW_REFERRAL = "NEW_REFERRAL"
    HANDOFF = "HANDOFF"
    SUCCESS = "SUCCESS"
    CONCERN = "CONCERN"
    COURT_DATE = "COURT_DATE"
    WARRANT = "WARRANT"
    FILING = "FILING"
    BARRIER = "BARRIER"


class ActionStatus(StrEnum):
    """Where an action stands. None of these says anything about the participant."""

    OPEN = "OPEN"
    DONE = "DONE"
    DROPPED = "DROPPED"


ACTION_STEPS: dict[ActionStatus, frozenset[ActionStatus]] = {
    ActionStatus.OPEN: frozenset({ActionStatus.DONE, ActionStatus.DROPPED}),
    ActionStatus.DONE: frozenset(),
    ActionStatus.DROPPED: frozenset(),
}
"""Which status of an action may follow which."""

CHAIRS: frozenset[Role] = frozenset({Role.PM})
"""Who runs the work group."""
PREPARES: frozenset[Role] = frozenset({Role.PM, Role.CM, Role.SUP})
"""Who works on the agenda: sees it without having been invited."""

PURPOSES_OF_ATTENDEE: dict[Role, tuple[Purpose, ...]] = {
    Role.PM: (Purpose.LEAD_COORD,),
    Role.CM: (Purpose.CAREMGT, Purpose.COC, Purpose.LEAD_COORD),
    Role.SUP: (Purpose.CAREMGT, Purpose.HQUALIMP),
    Role.LEO: (Purpose.LEAD_COORD, Purpose.LEAD_REFERRAL),
    Role.LEL: (Purpose.LEAD_COORD, Purpose.LEAD_REFERRAL),
    Role.PRO: (Purpose.LEAD_LEGAL_COORD,),
    Role.DEF: (Purpose.LEAD_LEGAL_COORD,),
    Role.SVC: (Purpose.TREAT, Purpose.COC),
}
"""Who can be invited, and for which purposes a release may name their agency."""


_JOINERS = frozenset("\u200c\u200d")
"""Without them some scripts cannot be written."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})


def version_of(number: int) -> str:
    """Return the name of a site's own wording; invitations keep it, so it never changes."""
    return f"OWG-PLEDGE@{number}"


def reads_as_shown(text: str) -> bool:
    """Say whether all of a text is seen: no control character but the end of a line.

    Somebody signs it, so nothing may turn its direction or stand in it invisibly.
    """
    return all(
        each == "\n" or each in _JOINERS or unicodedata.category(each) not in _UNSEEN
        for each in text
    )


def agenda_fact_id(attendee_id: UUID, item_id: UUID) -> UUID:
    """Return the id of the fact "this attendee has this item before them"; the same each time."""
    return uuid5(_FACTS, f"{attendee_id}:{item_id}")
