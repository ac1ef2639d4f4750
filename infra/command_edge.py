"""How a mutation's resolver runs its command: once per key, in one transaction, errors as values.

A command raises ``CommandError``, or a rule ``RuleError``, for what the caller can put right;
here it becomes a ``UserError`` of the payload, and the transaction is rolled back. Everything
else stays an error of the operation. Afterwards the resolver loads the entity afresh.
"""

import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from infra.database import WriteSession
from infra.errors import RuleError
from infra.idempotency import IdempotencyConflictError, once, request_hash
from infra.mutation_result import CommandError, UserError
from infra.request_context import RequestContext

Effect = Callable[[WriteSession], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command: references to what it made, or what the caller can put right."""

    result: dict[str, Any] = field(default_factory=dict)
    user_errors: list[UserError] = field(default_factory=list)

    def id(self, name: str) -> UUID | None:
        """Return one id of the result, or None when the command was refused."""
        text = self.result.get(name)
        return None if text is None else UUID(text)


def _said(value: object) -> Any:
    """Return an input without what its client left out."""
    if isinstance(value, dict):
        return {name: _said(inner) for name, inner in value.items() if inner is not UNSET}
    return [_said(inner) for inner in value] if isinstance(value, list) else value


def _check_values(value: object, path: tuple[str, ...]) -> None:
    """Refuse what no service can store: NUL in a text, a time without its zone."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _check_values(inner, (*path, to_camel_case(str(name))))
    elif isinstance(value, list):
        for inner in value:
            _check_values(inner, path)
    elif isinstance(value, str) and "\x00" in value:
        raise CommandError("CHARACTER_NOT_ALLOWED", "A text holds no NUL character.", path)
    elif isinstance(value, datetime) and value.tzinfo is None:
        raise CommandError("TIME_ZONE_MISSING", "Say in which zone the time is meant.", path)


async def run_command(
    context: RequestContext, name: str, request: Any, *, key: str, effect: Effect
) -> Outcome:
    """Run a command once for this caller and key.

    Args:
        context: the request.
        name: the mutation's name; part of what the key stands for.
        request: the input object (a Strawberry input, which is a dataclass).
        key: the client's idempotency key.
        effect: the command; returns ids of what it made, as text.

    Raises:
        HandoverError: stored, but not acknowledged by ``svc_consent`` yet; to be tried again.
    """
    subject = context.caller.subject
    given = _said(dataclasses.asdict(request))
    try:
        _check_values(given, ("input",))
        hashed = request_hash(name, given)
        async with context.writing() as session:
            result = await once(
                session,
                subject=subject,
                key=key,
                request=hashed,
                effect=lambda: effect(session),
            )
    except CommandError as error:
        return Outcome(user_errors=[error.as_user_error()])
    except RuleError as error:
        refusal = CommandError(error.code, error.message, error.field)
        return Outcome(user_errors=[refusal.as_user_error()])
    except IdempotencyConflictError as error:
        refusal = CommandError(error.code, str(error), ("input", "idempotencyKey"))
        return Outcome(user_errors=[refusal.as_user_error()])
    return Outcome(result=result)
