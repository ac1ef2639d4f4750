"""Changes to a roster: what a training manager may do for the own agency."""

import dataclasses
from typing import Any
from uuid import uuid4

from infra import clock
from infra.authority import expression
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.mutation_result import CommandError
from infra.vocabulary import Basis, Category, Role
from svc_training.personnel import repository
from svc_training.personnel.rules import PersonDetails, checked

_GRAPHQL_NAMES = {"external_id": "externalId", "account_id": "accountId"}


def require_training_manager(caller: Caller) -> None:
    """Let only training managers pass, for their own agency.

    Raises:
        CommandError: another role, no agency, or no access to the agency's training records.
    """
    alternatives = expression.parse(caller.access.get(Category.TRAINING, ""))
    holds_agency = any(part <= {Basis.OWN_AGENCY, Basis.ANY} for part in alternatives)
    if caller.role is not Role.TRM or not caller.agency_id or not holds_agency:
        message = "Only a training manager may do this, for the own agency."
        raise CommandError("FORBIDDEN", message)


async def add_personnel(
    session: WriteSession, caller: Caller, details: PersonDetails
) -> dict[str, Any]:
    """Put a person on the caller's agency's roster; returns the id as ``personnel``.

    Raises:
        CommandError: the caller may not, or the roster has these ids already.
        RuleError: the details are not acceptable.
    """
    require_training_manager(caller)
    person = checked(details)
    taken = await repository.is_taken(
        session, caller.agency_id, external_id=person.external_id, account_id=person.account_id
    )
    if taken is not None:
        raise _already_on_roster("input", _GRAPHQL_NAMES[taken])
    now, row_id = clock.now(), uuid4()
    columns: dict[str, object] = {
        **dataclasses.asdict(person),
        "id": row_id,
        "agency_id": caller.agency_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    if not await repository.add(session, columns):
        raise _already_on_roster("input")
    return {"personnel": str(row_id)}


def _already_on_roster(*field: str) -> CommandError:
    message = "Somebody on your agency's roster has this id already."
    return CommandError("ALREADY_ON_ROSTER", message, field)
