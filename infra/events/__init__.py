"""What happened, for streams: which field of ``Subscription`` has news, and an id; never data."""

from infra.events.asked import event_id
from infra.events.feed import EventFeed
from infra.events.publish import (
    agency_key,
    meeting_key,
    participant_key,
    publish,
    referral_key,
    site_key,
    subject_key,
)

__all__ = [
    "EventFeed",
    "agency_key",
    "event_id",
    "meeting_key",
    "participant_key",
    "publish",
    "referral_key",
    "site_key",
    "subject_key",
]
