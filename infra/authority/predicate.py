"""The one SQL predicate that narrows rows to what a caller may see about participants.

Used by every repository, in lists, counts, look-ups and ``_entities`` alike, over the replica (in
``svc_consent`` over the original). Denials win; an unknown category or purpose denies. Time is
the database's own clock in the statement.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from infra.authority import expression
from infra.authority.facts import agency_holder, subject_holder
from infra.authority.tables import AgencyWindow, Visibility
from infra.identity_token import Caller
from infra.vocabulary import STAFF_CATEGORIES, Basis, Category, Role

__all__ = ["agency_holder", "holders", "subject_holder", "valid_until", "visible"]

ParticipantColumn = InstrumentedAttribute[Any] | ColumnElement[Any]


def holders(caller: Caller) -> tuple[str, str]:
    """Return the two ways in which a caller holds anything."""
    return agency_holder(caller.agency_id), subject_holder(caller.subject)


def _in_force(caller: Caller, category: Category) -> ColumnElement[bool]:
    now = func.statement_timestamp()
    purpose = caller.purpose.value if caller.purpose else ""
    return and_(
        or_(Visibility.category.is_(None), Visibility.category == category.value),
        or_(Visibility.purpose.is_(None), Visibility.purpose == purpose),
        Visibility.starts_at <= now,
        or_(Visibility.ends_at.is_(None), Visibility.ends_at > now),
    )


def _held(
    caller: Caller, category: Category, basis: Basis, dated_on: ParticipantColumn | None
) -> Select[Any]:
    statement = select(Visibility.participant_id).where(
        Visibility.holder.in_(holders(caller)),
        Visibility.basis == basis.value,
        Visibility.effect == "permit",
        _in_force(caller, category),
    )
    if basis is Basis.RELEASE and dated_on is not None:
        statement = statement.where(
            or_(Visibility.data_from.is_(None), Visibility.data_from <= dated_on),
            or_(Visibility.data_to.is_(None), Visibility.data_to >= dated_on),
        )
    return statement


def visible(
    caller: Caller,
    category: Category,
    participant_id: ParticipantColumn,
    dated_on: ParticipantColumn | None = None,
) -> ColumnElement[bool]:
    """Return the condition "this caller may see this category of this participant now".

    Args:
        caller: verified caller; ``access`` says on which grounds the role may see the category.
        category: category of the rows.
        participant_id: column that names the participant.
        dated_on: column with the date of the record, where a release's data period applies.
    """
    if category in (Category.STRUCTURE, Category.CATALOGUE):
        return true()
    alternatives = expression.parse(caller.access.get(category, ""))
    if not alternatives:
        return false()
    if category not in STAFF_CATEGORIES and caller.purpose is None:
        return false()
    grounds = [
        and_(
            true(),
            *(
                participant_id.in_(_held(caller, category, basis, dated_on))
                for basis in sorted(part, key=lambda each: each.value)
                if basis is not Basis.ANY
            ),
        )
        for part in alternatives
    ]
    denied = exists().where(
        Visibility.participant_id == participant_id,
        Visibility.holder.in_((*holders(caller), "any")),
        Visibility.effect == "deny",
        _in_force(caller, category),
    )
    return and_(or_(*grounds), ~denied, _agency_is_live(caller))


def _agency_is_live(caller: Caller) -> ColumnElement[bool]:
    if caller.role in (Role.PAR, Role.REP):  # they act for themselves, under no agency's MOU
        return true()
    return exists().where(
        AgencyWindow.agency_id == caller.agency_id,
        AgencyWindow.starts_at <= func.statement_timestamp(),
        or_(AgencyWindow.ends_at.is_(None), AgencyWindow.ends_at > func.statement_timestamp()),
    )


def valid_until(caller: Caller) -> Select[Any]:
    """Return a statement for the next instant at which time alone could change what is visible."""
    now = func.statement_timestamp()
    starts = select(func.min(Visibility.starts_at).label("at")).where(
        Visibility.holder.in_((*holders(caller), "any")), Visibility.starts_at > now
    )
    ends = select(func.min(Visibility.ends_at).label("at")).where(
        Visibility.holder.in_((*holders(caller), "any")), Visibility.ends_at > now
    )
    window = select(func.min(AgencyWindow.ends_at).label("at")).where(
        AgencyWindow.agency_id == caller.agency_id, AgencyWindow.ends_at > now
    )
    instants = starts.union_all(ends, window).subquery()
    return select(func.min(instants.c.at))
