"""Changes to a roster: what a training manager may do for the own agency."""

import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from infra import clock
from infra.authority import expression
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from infra.vocabulary import Basis, Category, Role
from svc_training.clearances import repository as clearances
from svc_training.personnel import repository
from svc_training.personnel.rules import PersonDetails, checked

_DECIDE = (
    "account_id", "is_active", "appointment_type", "is_certified", "hired_on", "academy_on",
)  # fmt: skip
"""What where a person stands depends on."""
_GRAPHQL_NAMES = {"external_id": "externalId", "account_id": "accountId"}

Serving = Callable[[str], Awaitable[bool]]
"""Says whether an account may sign in for the caller's agency now."""


def reads_own_agency(caller: Caller) -> bool:
    """Return whether the caller may see all of the own agency's training records."""
    alternatives = expression.parse(caller.access.get(Category.TRAINING, ""))
    holds_agency = any(part <= {Basis.OWN_AGENCY, Basis.ANY} for part in alternatives)
    return bool(caller.agency_id) and holds_agency


def is_training_manager(caller: Caller) -> bool:
    """Return whether the caller manages the own agency's training."""
    return caller.role is Role.TRM and reads_own_agency(caller)


def require_training_manager(caller: Caller) -> None:
    """Let only training managers pass, for their own agency.

    Raises:
        CommandError: another role, no agency, or no access to the agency's training records.
    """
    if not is_training_manager(caller):
        message = "Only a training manager may do this, for the own agency."
        raise CommandError("FORBIDDEN", message)


async def add_personnel(
    session: WriteSession, caller: Caller, details: PersonDetails, is_serving: Serving
) -> dict[str, Any]:
    """Put a person on the caller's agency's roster; returns the id as ``personnel``.

    Raises:
        CommandError: the caller may not, the roster has these ids already, or the account does
            not serve the agency.
        DirectoryError: nobody says whether it does.
        RuleError: the details are not acceptable.
    """
    require_training_manager(caller)
    person = checked(details)
    taken = await repository.is_taken(
        session, caller.agency_id, external_id=person.external_id, account_id=person.account_id
    )
    if taken is not None:
        raise _already_on_roster("input", _GRAPHQL_NAMES[taken])
    await _require_colleague(is_serving, person.account_id)
    now, row_id = clock.now(), uuid4()
    columns: dict[str, object] = {
        **dataclasses.asdict(person),
        "id": row_id,
        "agency_id": caller.agency_id,
        "is_active": True,
        "is_training_manager": False,
        "is_assessed": False,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    if not await repository.add(session, columns):
        raise _already_on_roster("input")
    return {"personnel": str(row_id)}


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What a roster entry says from now on; who is active stays so where that is not said."""

    personnel_id: str
    expected_version: int
    details: PersonDetails
    is_active: bool | None


async def change_personnel(
    session: WriteSession, caller: Caller, change: PersonChange, is_serving: Serving
) -> dict[str, Any]:
    """Change an entry of the caller's agency's roster; returns the id as ``personnel``.

    A link that stands stays, also when its holder serves the agency no longer.

    Raises:
        CommandError: the caller may not, no such entry, changed meanwhile, an id is taken, or
            the account does not serve the agency.
        DirectoryError: nobody says whether it does.
        RuleError: the details are not acceptable.
    """
    require_training_manager(caller)
    person = checked(change.details)
    row_id = parse_id(change.personnel_id)
    found = {} if row_id is None else await repository.personnel_by_id(session, caller, [row_id])
    row = found.get(row_id) if row_id is not None else None
    if row is None or row.agency_id != caller.agency_id:
        raise not_found("input", "personnelId")
    taken = await repository.is_taken(
        session,
        caller.agency_id,
        external_id=person.external_id if person.external_id != row.external_id else None,
        account_id=person.account_id if person.account_id != row.account_id else None,
    )
    if taken is not None:
        raise _already_on_roster("input", _GRAPHQL_NAMES[taken])
    if person.account_id != row.account_id:
        await _require_colleague(is_serving, person.account_id)
    is_active = row.is_active if change.is_active is None else change.is_active
    columns = {**dataclasses.asdict(person), "is_active": is_active}
    if any(getattr(row, name) != columns[name] for name in _DECIDE):
        # What the entry opened is gone with the acknowledgement; what it opens still comes back
        # once it was assessed.
        await clearances.withdraw(session, row.id)
    if not await repository.change(session, row.id, change.expected_version, columns):
        raise version_conflict("input", "expectedVersion")
    return {"personnel": str(row.id)}


async def _require_colleague(is_serving: Serving, account_id: str | None) -> None:
    """Let only an account through that serves the agency; another's and nobody's are alike."""
    if account_id is not None and not await is_serving(account_id):
        message = "Nobody signs in for your agency with this account."
        raise CommandError("NOT_OF_AGENCY", message, ("input", "accountId"))


def _already_on_roster(*field: str) -> CommandError:
    message = "Somebody on your agency's roster has this id already."
    return CommandError("ALREADY_ON_ROSTER", message, field)
