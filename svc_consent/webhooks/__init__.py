"""Webhooks: an agency's own programs are told that there is something new for them to ask about.

An event says that it happened and nothing else: no participant, no referral, no field. Each
attempt to deliver one is decided and recorded like any other release (decision record 0012).
"""
