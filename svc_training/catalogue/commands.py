"""Saying how a course counts."""

import dataclasses
from typing import Any

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.mutation_result import not_found, version_conflict
from svc_training.catalogue import repository
from svc_training.catalogue.rules import CourseTerms, checked_terms
from svc_training.personnel.commands import require_training_manager


async def change_course(
    session: WriteSession, caller: Caller, number: str, expected_version: int, terms: CourseTerms
) -> dict[str, Any]:
    """Change how a course counts, from now on; certificates that exist keep their last day.

    Raises:
        CommandError: the caller may not, no such course, or changed meanwhile.
        RuleError: the terms are not acceptable.
    """
    require_training_manager(caller)
    checked = checked_terms(terms)
    await repository.lock_course_number(session, number)
    course = await repository.course_by_number(session, number)
    if course is None:
        raise not_found("input", "number")
    if course.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    columns = dataclasses.asdict(checked)
    fresh = [name for name, value in columns.items() if getattr(course, name) != value]
    for name in fresh:
        setattr(course, name, columns[name])
    course.set_by_hand = {**course.set_by_hand, **dict.fromkeys(fresh, caller.agency_id)}
    course.version += 1
    course.updated_at = clock.now()
    await session.flush()
    return {"course": str(course.id)}
