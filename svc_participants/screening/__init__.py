"""Screening beyond the single decision: waiting list, previews of a protocol, corrections."""
