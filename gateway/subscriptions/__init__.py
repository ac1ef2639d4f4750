"""Streams of events: a hint that something changed, and an answer fetched afresh each time."""

from gateway.subscriptions.hub import ChangeHub, StreamLimits, Watcher
from gateway.subscriptions.stream import events

__all__ = ["ChangeHub", "StreamLimits", "Watcher", "events"]
