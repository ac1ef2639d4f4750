"""Sends events to agencies' own endpoints.

What may leave is ``svc_consent``'s to say, attempt by attempt; this package carries it out, and
looks each time where an address really leads.
"""

from gateway.webhooks.sender import WebhookSender

__all__ = ["WebhookSender"]
