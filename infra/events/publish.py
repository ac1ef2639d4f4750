"""Say that something happened, in the transaction that makes it so.

An event is a hint: the field of ``Subscription`` that has news, the id of what it is about, and
keys of those whom it may concern. Who is woken by it looks for itself what it may see, and sees
nothing where it may not; a key that is too wide costs work and tells nobody anything.
"""

from collections.abc import Iterable
from uuid import UUID

from infra import clock
from infra.database import WriteSession
from infra.events.tables import StreamEvent


def publish(session: WriteSession, field: str, entity_id: UUID, keys: Iterable[str]) -> None:
    """Note an event; gateways hear of it after the commit, and of authority facts before it.

    Args:
        session: the transaction that makes it true.
        field: of ``Subscription``.
        entity_id: of what the field returns, or of what it is asked about.
        keys: whom it may concern, made by the functions below.
    """
    session.add(
        StreamEvent(field=field, entity_id=entity_id, keys=sorted(set(keys)), at=clock.now())
    )


def agency_key(agency_id: UUID | str) -> str:
    """Return the key of everybody who acts for an agency."""
    return f"agency:{agency_id}"


def site_key(site_id: UUID | str) -> str:
    """Return the key of everybody who acts at a site."""
    return f"site:{site_id}"


def subject_key(account_id: UUID | str) -> str:
    """Return the key of one account."""
    return f"subject:{account_id}"


def participant_key(participant_id: UUID | str) -> str:
    """Return the key of those who asked about one participant."""
    return f"participant:{participant_id}"


def referral_key(referral_id: UUID | str) -> str:
    """Return the key of those who asked about one referral."""
    return f"referral:{referral_id}"


def meeting_key(meeting_id: UUID | str) -> str:
    """Return the key of those who asked about one meeting."""
    return f"meeting:{meeting_id}"
