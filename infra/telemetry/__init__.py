"""Logs, traces and metrics, none of which may carry personal data (allow-lists, not deny-lists)."""
