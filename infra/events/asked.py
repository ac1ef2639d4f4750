"""Which event a look is about, as the internal token says."""

from uuid import UUID

from infra.entity_references import parse_id
from infra.identity_token import Caller


def event_name(field: str, entity_id: str) -> str:
    """Return how the internal token names an event."""
    return f"{field}:{entity_id}"


def event_id(caller: Caller, field: str) -> UUID | None:
    """Return the id of the event that a field of ``Subscription`` is to answer for, if any."""
    named, _, entity_id = (caller.event or "").partition(":")
    return parse_id(entity_id) if named == field else None
