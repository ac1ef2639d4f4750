"""Saying how a course counts."""

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
    course.training_category = checked.training_category
    course.validity_months = checked.validity_months
    course.is_active = checked.is_active
    course.version += 1
    course.updated_at = clock.now()
    await session.flush()
    return {"course": str(course.id)}
