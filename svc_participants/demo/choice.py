"""Choices that look random and are the same each time: made from a participant's id."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

Option = TypeVar("Option")


def number(person: UUID, topic: str, below: int) -> int:
    """Return a number from 0 to ``below`` - 1 for a person and a topic."""
    digest = hashlib.sha256(f"{person}:{topic}".encode()).digest()
    return int.from_bytes(digest[:8]) % below


def pick(person: UUID, topic: str, options: Sequence[Option]) -> Option:
    """Return one of the options for a person and a topic."""
    return options[number(person, topic, len(options))]


def row_id(person: UUID, topic: str) -> UUID:
    """Return the id of a row that belongs to a person; the same each time."""
    return uuid5(NAMESPACE_URL, f"urn:goldenthread:demo:{person}:{topic}")
