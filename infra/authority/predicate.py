"""The one SQL predicate that narrows rows to what a caller may see about participants.

Used by every repository, in lists, counts, look-ups and ``_entities`` alike, over the replica (in
``svc_consent`` over the original). Denials win; an unknown category or purpose denies. Time is
the database's own clock in the statement.

It is written as SQL text, made once for each access expression and category, and bound to the
caller by parameters: building it from expression objects cost several times what PostgreSQL
takes to answer. The grounds that stand alone become one ``IN (SELECT …)``, which the planner
can begin with, so that a list costs what its caller may see and not what there is.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    String,
    Uuid,
    bindparam,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.functions import FunctionElement

from infra.authority import expression
from infra.authority.facts import agency_holder, subject_holder
from infra.authority.tables import AgencyWindow, Visibility
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.vocabulary import STAFF_CATEGORIES, Basis, Category, Purpose, Role

__all__ = [
    "account_of",
    "agency_holder",
    "agency_of",
    "bindings",
    "holders",
    "shape_of",
    "subject_holder",
    "valid_until",
    "visible",
    "visible_in_any",
]

ParticipantColumn = InstrumentedAttribute[Any] | ColumnElement[Any]

# Names in the templates: {participant} and {dated_on} are columns of the statement, {agency} and
# {subject} the caller's two holders, {agency_id} the caller's agency. Everything else is written
# out from closed vocabularies, never from input.
# ruff: noqa: S608
_IN_FORCE = (
    "{v}.starts_at <= statement_timestamp()"
    " AND ({v}.ends_at IS NULL OR {v}.ends_at > statement_timestamp())"
)
_DATED = (
    "({v}.data_from IS NULL OR {v}.data_from <= {{dated_on}})"
    " AND ({v}.data_to IS NULL OR {v}.data_to >= {{dated_on}})"
)
_AGENCY_IS_LIVE = (
    "EXISTS (SELECT 1 FROM authority_agency_window w WHERE w.agency_id = {agency_id}"
    " AND w.starts_at <= statement_timestamp()"
    " AND (w.ends_at IS NULL OR w.ends_at > statement_timestamp()))"
)


class _Narrowing(FunctionElement[bool]):
    """A template with what fills it: columns and parameters. The template is part of the key."""

    type = Boolean()
    inherit_cache = True


@compiles(_Narrowing)
def _render(element: _Narrowing, compiler: Any, **options: Any) -> str:
    template, *parts = element.clauses
    names = ("agency", "subject", "agency_id", "participant", "dated_on")
    # A parameter that is processed is sent; so only those that the template has.
    filled = {
        name: compiler.process(part, **options)
        for name, part in zip(names, parts, strict=False)
        if f"{{{name}}}" in str(template.name)
    }
    return str(template.name).format(**filled)


class _Slot(str):
    """Stands where a caller's own ids go; as a plain value it fails, since SQL text has no NUL."""

    __slots__ = ()


_SLOT = _Slot("\x00")


def shape_of(caller: Caller) -> Caller:
    """Return the caller without who they are: what a statement's text may depend on.

    A statement that is made for a shape can be kept and run for every caller of this shape, with
    ``bindings`` of the one who asks. Without them it does not run: nothing stands in the slots.
    """
    return replace(caller, subject=_SLOT, agency_id=_SLOT, grant_id="", min_revision=0, permit=None)


def bindings(caller: Caller) -> dict[str, Any]:
    """Return what fills the slots of a statement made for a shape."""
    agency, subject = holders(caller)
    return {
        "caller_agency": agency,
        "caller_subject": subject,
        "caller_agency_id": caller.agency_id,
        "caller_account": caller.subject,
        "caller_agency_key": parse_id(caller.agency_id),
    }


def account_of(caller: Caller) -> ColumnElement[Any]:
    """Return the caller's account for a comparison in a statement, as value or as slot."""
    if caller.subject is _SLOT:
        return bindparam("caller_account", type_=String)
    return literal(caller.subject, String)


def agency_of(caller: Caller) -> ColumnElement[Any]:
    """Return the caller's agency as a key for a comparison; equals nothing where there is none."""
    if caller.agency_id is _SLOT:
        return bindparam("caller_agency_key", type_=Uuid)
    return literal(parse_id(caller.agency_id), Uuid)


def holders(caller: Caller) -> tuple[str, str]:
    """Return the two ways in which a caller holds anything."""
    return agency_holder(caller.agency_id), subject_holder(caller.subject)


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
    access = caller.access.get(category, "")
    if not access:
        return false()
    if category not in STAFF_CATEGORIES and caller.purpose is None:
        return false()
    template = _template(
        access, category, caller.purpose, dated_on is not None, _acts_for_agency(caller)
    )
    return _bound(template, caller, participant_id, dated_on)


def visible_in_any(
    caller: Caller, categories: Iterable[Category], participant_id: ParticipantColumn
) -> ColumnElement[bool]:
    """Return the condition "this caller may see at least one of these categories now".

    The same as the disjunction of ``visible`` for each, as one statement's worth of work.

    Args:
        caller: verified caller.
        categories: categories about a participant.
        participant_id: column that names the participant.
    """
    if caller.purpose is None:
        return false()
    alone: dict[frozenset[Basis], list[Category]] = {}
    conditions: list[ColumnElement[bool]] = []
    for category in categories:
        parts = expression.parse(caller.access.get(category, ""))
        if any(len(part) > 1 or Basis.ANY in part for part in parts):
            conditions.append(visible(caller, category, participant_id))
        elif parts:
            alone.setdefault(frozenset().union(*parts), []).append(category)
    if alone:
        groups = tuple((frozenset(bases), tuple(found)) for bases, found in alone.items())
        template = _any_template(groups, caller.purpose, _acts_for_agency(caller))
        conditions.append(_bound(template, caller, participant_id, None))
    return or_(false(), *conditions)


def _bound(
    template: str,
    caller: Caller,
    participant_id: ParticipantColumn,
    dated_on: ParticipantColumn | None,
) -> ColumnElement[bool]:
    names = ("caller_agency", "caller_subject", "caller_agency_id")
    given: list[ColumnElement[Any]]
    if caller.subject is _SLOT:
        given = [bindparam(name, type_=String) for name in names]
    else:
        given = [bindparam(None, each, String) for each in (*holders(caller), caller.agency_id)]
    columns = [participant_id] if dated_on is None else [participant_id, dated_on]
    return _Narrowing(literal_column(template), *given, *columns)


def _acts_for_agency(caller: Caller) -> bool:
    # Participants and their representatives act for themselves, under no agency's MOU.
    return caller.role not in (Role.PAR, Role.REP)


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


def _covers(alias: str, category: Category, purpose: Purpose | None) -> str:
    stated = "" if purpose is None else purpose.value
    return (
        f"({alias}.category IS NULL OR {alias}.category = '{category.value}')"
        f" AND ({alias}.purpose IS NULL OR {alias}.purpose = '{stated}')"
        f" AND {_IN_FORCE.format(v=alias)}"
    )


def _held(bases: frozenset[Basis], covers: str, *, is_dated: bool) -> str:
    """Return a sub-select of the participants whom the caller holds on one of the bases."""
    permits = f"v.basis IN ({_quoted(each.value for each in bases)})"
    if is_dated and Basis.RELEASE in bases:
        permits += f" AND (v.basis <> '{Basis.RELEASE.value}' OR ({_DATED.format(v='v')}))"
    return (
        "{participant} IN (SELECT v.participant_id FROM authority_visibility v"
        f" WHERE v.holder IN ({{agency}}, {{subject}}) AND v.effect = 'permit' AND {permits}"
        f" AND {covers})"
    )


@lru_cache(maxsize=4096)
def _template(
    access: str, category: Category, purpose: Purpose | None, is_dated: bool, for_agency: bool
) -> str:
    alternatives = expression.parse(access)
    covers = _covers("v", category, purpose)
    # With a data period the sub-select looks at the row; grounds without one must not pay for it.
    alone = frozenset().union(*(part for part in alternatives if len(part) == 1)) - {Basis.ANY}
    groups = [alone - {Basis.RELEASE}, alone & {Basis.RELEASE}] if is_dated else [alone]
    grounds = [_held(group, covers, is_dated=is_dated) for group in groups if group]
    for part in alternatives:
        bases = sorted(part - {Basis.ANY}, key=lambda each: each.value)
        if not bases:
            grounds.append("TRUE")
        elif len(part) > 1:
            together = (_held(frozenset({each}), covers, is_dated=is_dated) for each in bases)
            grounds.append(f"({' AND '.join(together)})")
    denied = (
        "EXISTS (SELECT 1 FROM authority_visibility d WHERE d.participant_id = {participant}"
        " AND d.holder IN ({agency}, {subject}, 'any') AND d.effect = 'deny'"
        f" AND {_covers('d', category, purpose)})"
    )
    live = f" AND {_AGENCY_IS_LIVE}" if for_agency else ""
    return f"(({' OR '.join(grounds)}) AND NOT {denied}{live})"


@lru_cache(maxsize=1024)
def _any_template(
    groups: tuple[tuple[frozenset[Basis], tuple[Category, ...]], ...],
    purpose: Purpose,
    for_agency: bool,
) -> str:
    permits = []
    for bases, categories in groups:
        codes = ", ".join(f"('{each.value}')" for each in categories)
        permits.append(
            f"(v.basis IN ({_quoted(each.value for each in bases)})"
            f" AND EXISTS (SELECT 1 FROM (VALUES {codes}) AS c (category)"
            " WHERE (v.category IS NULL OR v.category = c.category) AND NOT EXISTS ("
            "SELECT 1 FROM authority_visibility d WHERE d.participant_id = v.participant_id"
            " AND d.holder IN ({agency}, {subject}, 'any') AND d.effect = 'deny'"
            " AND (d.category IS NULL OR d.category = c.category)"
            f" AND (d.purpose IS NULL OR d.purpose = '{purpose.value}')"
            f" AND {_IN_FORCE.format(v='d')})))"
        )
    live = f" AND {_AGENCY_IS_LIVE}" if for_agency else ""
    return (
        "({participant} IN (SELECT v.participant_id FROM authority_visibility v"
        " WHERE v.holder IN ({agency}, {subject}) AND v.effect = 'permit'"
        f" AND (v.purpose IS NULL OR v.purpose = '{purpose.value}')"
        f" AND {_IN_FORCE.format(v='v')} AND ({' OR '.join(permits)})){live})"
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
