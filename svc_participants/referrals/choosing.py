"""By what the queue of referrals may be chosen and sorted. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from svc_participants.referrals.rules import Door, ReferralStatus, Urgency


class QueueOrder(StrEnum):
    """In which order referrals that await a decision come."""

    LONGEST_WAITING_FIRST = "LONGEST_WAITING_FIRST"
    NEWEST_FIRST = "NEWEST_FIRST"
    BY_PRIORITY = "BY_PRIORITY"


@dataclass(frozen=True, slots=True)
class QueueChoice:
    """Which of the referrals are wanted; None asks nothing.

    Attributes:
        status: where they stand.
        door: through which they came.
        urgency: how soon to reach the person.
        received_since: first day on which they were handed in.
        order: how they are sorted.
    """

    status: ReferralStatus | None = None
    door: Door | None = None
    urgency: Urgency | None = None
    received_since: date | None = None
    order: QueueOrder = QueueOrder.LONGEST_WAITING_FIRST

    @property
    def looks_at_form(self) -> bool:
        """Whether it can be answered only for forms that the caller may read."""
        return (self.door, self.urgency, self.received_since) != (None, None, None)


QUEUE_ORDER_MEANINGS = {
    QueueOrder.LONGEST_WAITING_FIRST: "Whatever was handed in first comes first.",
    QueueOrder.NEWEST_FIRST: "Whatever was handed in last comes first.",
    QueueOrder.BY_PRIORITY: "Most points of the protocol first, then whatever has waited longest.",
}
