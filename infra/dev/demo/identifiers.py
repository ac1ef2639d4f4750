"""Stable ids: the same key names the same row in every demo world, on every machine."""

from uuid import UUID, uuid5

_NAMESPACE = UUID("6f1d2c3e-5a47-5c0b-9d58-2f6b7a1e4c90")


def demo_id(kind: str, key: str) -> UUID:
    """Return the id of the demo row `key` of a `kind`, for example ``("agency", "cedar-cm")``."""
    return uuid5(_NAMESPACE, f"{kind}:{key}")


def persona_subject(handle: str) -> str:
    """Return the token subject (`sub`) of a persona."""
    return f"persona:{handle}"
