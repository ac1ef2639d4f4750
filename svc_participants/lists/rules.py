"""By what a list of people may be chosen and sorted. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from svc_participants.enrollments.rules import EnrollmentStatus, InactiveReason


class ContactOrder(StrEnum):
    """By when people were last met; without it, by when their record began."""

    LONGEST_WITHOUT_CONTACT = "LONGEST_WITHOUT_CONTACT"
    LATEST_CONTACT_FIRST = "LATEST_CONTACT_FIRST"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the people are wanted; None asks nothing.

    Attributes:
        status: of the newest enrollment that the caller may see.
        inactive_reason: of the same enrollment.
        programme_id: they have a place in it now.
        last_contact_before: nobody has met them on this day or since.
        case_manager_id: account of somebody who works with them now.
        is_assigned: whether anybody works with them now.
        order: by contact.
    """

    status: EnrollmentStatus | None = None
    inactive_reason: InactiveReason | None = None
    programme_id: str | None = None
    last_contact_before: date | None = None
    case_manager_id: str | None = None
    is_assigned: bool | None = None
    order: ContactOrder | None = None

    @property
    def looks_at_contacts(self) -> bool:
        """Whether it can be answered only for whom the caller may read contacts."""
        return self.last_contact_before is not None or self.order is not None


ORDER_MEANINGS = {
    ContactOrder.LONGEST_WITHOUT_CONTACT: "Never met first, then whoever was met longest ago.",
    ContactOrder.LATEST_CONTACT_FIRST: "Whoever was met last first, never met at the end.",
}
