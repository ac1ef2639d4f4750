"""Naloxone that was given, and overdoses."""
