"""Mutations are idempotent by key: the same key gives the same effect once, and the same answer.

The key, a hash of the request and a reference to the result are stored in the transaction that
has the effect. The same key with another request is an error, never a second effect.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock
from infra.database import WriteSession
from infra.errors import GoldenThreadError
from infra.tables import Base

MAX_KEY_LENGTH = 200
KEPT = timedelta(days=90)
"""How long a key is known at least. What comes later under it is a request of its own, for which
the version that it expects is no longer the present one."""


class IdempotencyConflictError(GoldenThreadError):
    """The idempotency key was used before, for another request."""

    code = "IDEMPOTENCY_KEY_REUSED"


class IdempotentRequest(Base):
    """One request that had its effect; ``result`` refers to what it made (ids, never values)."""

    __tablename__ = "idempotent_request"

    subject: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    result: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


def request_hash(name: str, arguments: object) -> str:
    """Return a hash of a mutation's name and arguments (anything that orjson can write)."""
    body = orjson.dumps([name, arguments], option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.sha256(body).hexdigest()


async def once(
    session: WriteSession,
    *,
    subject: str,
    key: str,
    request: str,
    effect: Callable[[], Awaitable[dict[str, Any]]],
) -> dict[str, Any]:
    """Have ``effect`` once for this subject and key; return its result, now or from before.

    Args:
        session: the transaction of the effect.
        subject: who asks; keys of different people never meet.
        key: the client's idempotency key.
        request: hash of the request (see ``request_hash``).
        effect: does the work and returns a JSON reference to its result.

    Raises:
        IdempotencyConflictError: the key stands for another request.
    """
    if not 1 <= len(key) <= MAX_KEY_LENGTH:
        raise IdempotencyConflictError(f"an idempotency key has 1 to {MAX_KEY_LENGTH} characters")
    # Two equal requests at the same moment: the second waits here and then finds the first.
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"{subject}\n{key}"},
    )
    known = await session.scalar(
        select(IdempotentRequest).where(
            IdempotentRequest.subject == subject, IdempotentRequest.key == key
        )
    )
    if known is not None:
        if known.request_hash != request:
            raise IdempotencyConflictError("this idempotency key was used for another request")
        return known.result
    result = await effect()
    session.add(
        IdempotentRequest(
            subject=subject, key=key, request_hash=request, result=result, created_at=clock.now()
        )
    )
    await session.flush()
    return result
