"""Streams of events: a hint that something changed, and an answer fetched afresh each time."""

from gateway.subscriptions.fields import StreamField, packaged_fields, read_fields
from gateway.subscriptions.hub import ChangeHub, Interest, StreamLimits, Watcher
from gateway.subscriptions.lasting import End
from gateway.subscriptions.opening import StreamOpener
from gateway.subscriptions.sources import EventSources
from gateway.subscriptions.stream import Stream

__all__ = [
    "ChangeHub",
    "End",
    "EventSources",
    "Interest",
    "Stream",
    "StreamField",
    "StreamLimits",
    "StreamOpener",
    "Watcher",
    "packaged_fields",
    "read_fields",
]
