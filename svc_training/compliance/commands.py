"""Requirements, exemptions, and the clearances that follow from training."""

import hashlib
import tomllib
from collections.abc import Sequence
from datetime import date
from importlib import resources
from typing import Any
from uuid import UUID, uuid5

from infra import clock
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from svc_training.catalogue.repository import course_by_number
from svc_training.compliance import repository
from svc_training.compliance.rules import Policy, checked_policy, checked_reason
from svc_training.compliance.tables import Requirement
from svc_training.personnel.commands import require_training_manager
from svc_training.personnel.repository import personnel_by_id

_NAMESPACE = UUID("6f1d8a52-0c0e-4d3b-9a66-0d6c1b2f4a10")
_PACKAGED_BY = "package"


def packaged_requirements() -> list[dict[str, Any]]:
    """Return the requirements that come with the program, as their file has them."""
    text = (resources.files(__package__) / "requirements.toml").read_text(encoding="utf-8")
    return [{"key": key, **row} for key, row in tomllib.loads(text).items()]


async def put_packaged_requirements(session: WriteSession) -> bool:
    """Bring the requirements that hold everywhere up to date; returns whether any changed."""
    await repository.lock_packaged(session)
    changed = False
    for given in packaged_requirements():
        columns = {
            "title": given["title"],
            "authority": given.get("authority"),
            "applies_to": given.get("applies_to", {}),
            "course_numbers": list(given["course_numbers"]),
            "academy_since": given.get("academy_since"),
            "in_force_on": given["in_force_on"],
            "due_on": given.get("due_on"),
            "due_days": given.get("due_days"),
            "renew_months": given.get("renew_months"),
            "clearance": given.get("clearance"),
            "is_active": given.get("is_active", True),
            "version": given["version"],
            "changed_by": _PACKAGED_BY,
            "changed_at": clock.now(),
        }
        row = await repository.requirement_by_key(session, given["key"])
        if row is not None and row.version >= given["version"]:
            continue
        changed = True
        if row is None:
            key = given["key"]
            session.add(Requirement(id=uuid5(_NAMESPACE, key), key=key, agency_id=None, **columns))
            continue
        for name, value in columns.items():
            setattr(row, name, value)
    if changed:
        await session.flush()
        await repository.mark_for_assessment(session, None)
    return changed


async def assess(session: WriteSession, personnel_ids: Sequence[UUID]) -> None:
    """Work out afresh where people stand."""
    await repository.assess_people(session, personnel_ids)


async def assess_waiting(session: WriteSession, limit: int) -> int:
    """Work out where people stand whose entry is new or has changed; returns how many."""
    ids = await repository.unassessed(session, limit)
    await assess(session, ids)
    return len(ids)


async def set_policy(
    session: WriteSession,
    caller: Caller,
    key: str | None,
    policy: Policy,
    expected_version: int | None,
) -> dict[str, Any]:
    """Add a requirement of the own agency (no key, no version), or change one.

    Raises:
        CommandError: the caller may not, a course or the requirement is unknown, or it has
            changed meanwhile.
        RuleError: the policy cannot be decided by.
    """
    require_training_manager(caller)
    checked = checked_policy(policy)
    for number in checked.course_numbers:
        if await course_by_number(session, number) is None:
            message = f"The catalogue has no course {number}."
            raise CommandError("NOT_FOUND", message, ("input", "courseNumbers"))
    kinds = [kind.value for kind in checked.appointment_types]
    columns: dict[str, Any] = {
        "title": checked.title,
        "applies_to": {"appointment_types": kinds} if kinds else {},
        "course_numbers": list(checked.course_numbers),
        "in_force_on": checked.in_force_on,
        "due_on": checked.due_on,
        "due_days": checked.due_days,
        "renew_months": checked.renew_months,
        "changed_by": caller.subject,
        "changed_at": clock.now(),
    }
    if key is None:
        digest = hashlib.sha256(f"{caller.agency_id}\n{checked.title}".encode()).hexdigest()
        new_key = f"policy-{digest[:16]}"
        if await repository.requirement_by_key(session, new_key) is not None:
            message = "Your agency has a requirement of this title: change that one."
            raise CommandError("ALREADY_THERE", message, ("input", "title"))
        row = Requirement(
            id=uuid5(_NAMESPACE, new_key),
            key=new_key,
            agency_id=caller.agency_id,
            authority="Agency policy",
            is_active=True,
            version=1,
            **columns,
        )
        session.add(row)
    else:
        row = await _own_policy(session, caller, key, expected_version)
        for name, value in columns.items():
            setattr(row, name, value)
        row.version += 1
    await session.flush()
    await repository.mark_for_assessment(session, caller.agency_id)
    return {"key": row.key}


async def end_policy(
    session: WriteSession, caller: Caller, key: str, expected_version: int
) -> dict[str, Any]:
    """Take a requirement of the own agency out of force; where people stand is kept with it.

    Raises:
        CommandError: the caller may not, it is none of the own agency's, or it has changed
            meanwhile.
    """
    require_training_manager(caller)
    row = await _own_policy(session, caller, key, expected_version)
    row.is_active = False
    row.version += 1
    await session.flush()
    return {"key": row.key}


async def _own_policy(
    session: WriteSession, caller: Caller, key: str, expected_version: int | None
) -> Requirement:
    row = await repository.requirement_by_key(session, key, is_locked=True)
    if row is None or row.agency_id != caller.agency_id:
        raise not_found("input", "key")
    if row.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    return row


async def exempt(
    session: WriteSession,
    caller: Caller,
    key: str,
    personnel_id: str,
    reason: str | None,
    ends_on: date | None,
) -> dict[str, Any]:
    """Exempt a person of the own agency from a requirement, or end that (no reason).

    Raises:
        CommandError: the caller may not, person or requirement absent, no exemption to end, or
            the caller's own.
        RuleError: the reason is empty or too long.
    """
    require_training_manager(caller)
    row_id = parse_id(personnel_id)
    people = {} if row_id is None else await personnel_by_id(session, caller, [row_id])
    person = people.get(row_id) if row_id is not None else None
    if person is None or person.agency_id != caller.agency_id:
        raise not_found("input", "personnelId")
    if person.account_id == caller.subject:
        message = "Nobody exempts themselves."
        raise CommandError("OWN_EXEMPTION", message, ("input", "personnelId"))
    wanted = await repository.requirement_by_key(session, key)
    if wanted is None or wanted.agency_id not in (None, caller.agency_id):
        raise not_found("input", "key")
    if reason is not None:
        text = checked_reason(reason)
        await repository.put_exemption(session, wanted.id, person.id, text, ends_on, caller.subject)
    elif not await repository.end_exemption(session, wanted.id, person.id):
        raise not_found("input", "personnelId")
    await assess(session, [person.id])
    return {"key": wanted.key, "personnel": str(person.id)}
