"""Until when a clearance is held, and the operations that say so. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from infra.authority.facts import Operation, delete_clearance, put_clearance

FOREVER = date(9999, 12, 31)
ACADEMY_ZONE = ZoneInfo("America/Los_Angeles")
"""Where a last day ends: days of training are days at the academy."""
_NAMESPACE = UUID("0e7c9a44-5d1b-4c39-8a07-6f6f4f0b7c21")


@dataclass(frozen=True, slots=True)
class Held:
    """One clearance of one entry of a roster."""

    personnel_id: UUID
    account_id: str
    agency_id: str
    kind: str
    held_until: date

    @property
    def id(self) -> UUID:
        """Return the id of the fact: the same for the same entry and kind."""
        return uuid5(_NAMESPACE, f"{self.personnel_id}:{self.kind}")


def ends_at(held_until: date) -> datetime | None:
    """Return the instant after the last day, None for what is held for good."""
    if held_until == FOREVER:
        return None
    midnight = datetime.combine(held_until + timedelta(days=1), time(), ACADEMY_ZONE)
    return midnight.astimezone(UTC)


def of_all(days: Iterable[date | None]) -> date | None:
    """Return the last day on which every one of these requirements is met or exempt.

    None where one of them is not, and where there is none: nothing opens without training.
    """
    found = list(days)
    if not found or None in found:
        return None
    return min(day for day in found if day is not None)


def changes(before: Mapping[UUID, Held], after: Mapping[UUID, Held]) -> list[Operation]:
    """Return what is to be handed over, taking away first."""
    gone = [delete_clearance(row_id) for row_id in before if row_id not in after]
    put = [
        put_clearance(row_id, held.account_id, held.agency_id, held.kind, ends_at(held.held_until))
        for row_id, held in after.items()
        if before.get(row_id) != held
    ]
    return [*gone, *put]
