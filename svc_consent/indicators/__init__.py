"""Figures of releases: signed at intake, in part, taken back; and denied look-ups."""
