"""How many places a session has, and until when they are given and given up. Pure."""

from dataclasses import dataclass
from datetime import datetime

from infra.errors import RuleError

MAX_PLACES = 100_000


@dataclass(frozen=True, slots=True)
class SessionPlaces:
    """Places and deadlines of a session; None is no limit, or no deadline."""

    capacity: int | None
    waitlist_capacity: int | None
    registration_opens_at: datetime | None
    registration_closes_at: datetime | None
    cancel_by_at: datetime | None


def check_places(places: SessionPlaces, starts_at: datetime) -> None:
    """Let places and deadlines that make sense pass.

    Raises:
        RuleError: a number out of range, or a deadline after what it is a deadline of.
    """
    for name, number in (
        ("capacity", places.capacity),
        ("waitlistCapacity", places.waitlist_capacity),
    ):
        if number is not None and not 0 <= number <= MAX_PLACES:
            message = f"There are 0 to {MAX_PLACES} places."
            raise RuleError("BAD_CAPACITY", message, ("input", name))
    opens, closes = places.registration_opens_at, places.registration_closes_at
    if closes is not None and closes > starts_at:
        message = "Registration closes before the session starts."
        raise RuleError("BAD_DEADLINE", message, ("input", "registrationClosesAt"))
    if opens is not None and opens >= (closes or starts_at):
        message = "Registration opens before it closes."
        raise RuleError("BAD_DEADLINE", message, ("input", "registrationOpensAt"))
    if places.cancel_by_at is not None and places.cancel_by_at > starts_at:
        message = "Cancelling is free until the start at most."
        raise RuleError("BAD_DEADLINE", message, ("input", "cancelByAt"))
