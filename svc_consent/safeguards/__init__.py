"""Misuse reports and freezes, legal demands and holds, requests to amend, what was handed out."""
