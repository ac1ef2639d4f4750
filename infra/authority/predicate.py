"""The one SQL predicate that narrows rows to what a caller may see about participants.

Used by every repository, in lists, counts, look-ups and ``_entities`` alike, over the replica (in
``svc_consent`` over the original). Denials win; an unknown category or purpose denies. Time is
the database's own clock in the statement.

It is written as SQL text, made once for each access expression and category, and bound to the
caller by parameters: building it from expression objects cost several times what PostgreSQL
takes to answer. Two forms of the same condition: for lists, ``IN`` a set of participants that the
planner can begin with, so that a list costs what its caller may see and not what there is; for
rows that come by owner or id, grounds that are looked up by the participant, so that they cost the
same whether an agency serves ten people or a hundred thousand.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    String,
    Uuid,
    bindparam,
    false,
    literal,
    literal_column,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.functions import FunctionElement

from infra.authority import expression
from infra.authority.facts import agency_holder, subject_holder
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
    "visible",
    "visible_in_any",
]

ParticipantColumn = InstrumentedAttribute[Any] | ColumnElement[Any]

_IN_PERSON = frozenset(map(Basis, "aspcwvk"))
"""Grounds that one person holds, for few participants."""

# Names in the templates: {participant} and {dated_on} are columns of the statement, {agency},
# {agency_here} (at the site of the grant) and {subject} the caller's holders, {agency_id} and
# {site_id} where the caller acts. Everything else is written out from closed vocabularies, never
# from input.
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
    " AND w.site_id = {site_id}"
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
    names = (
        "agency", "agency_here", "subject", "agency_id", "site_id", "participant", "dated_on",
    )  # fmt: skip
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
    return replace(
        caller, subject=_SLOT, agency_id=_SLOT, grant_id="", min_revision=0, permit=None, event=None
    )


def bindings(caller: Caller) -> dict[str, Any]:
    """Return what fills the slots of a statement made for a shape."""
    agency, agency_here, subject = holders(caller)
    return {
        "caller_agency": agency,
        "caller_agency_here": agency_here,
        "caller_subject": subject,
        "caller_agency_id": caller.agency_id,
        "caller_site_id": caller.site_id,
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


def holders(caller: Caller) -> tuple[str, str, str]:
    """Return how a caller holds anything: agency, agency at this site (and no other), person."""
    return (
        agency_holder(caller.agency_id),
        agency_holder(caller.agency_id, caller.site_id),
        subject_holder(caller.subject),
    )


def visible(
    caller: Caller,
    category: Category,
    participant_id: ParticipantColumn,
    dated_on: ParticipantColumn | None = None,
    *,
    is_list: bool = False,
    is_single: bool = False,
) -> ColumnElement[bool]:
    """Return the condition "this caller may see this category of this participant now".

    Args:
        caller: verified caller; ``access`` says on which grounds the role may see the category.
        category: category of the rows.
        participant_id: column that names the participant.
        dated_on: column with the date of the record, where a release's data period applies.
        is_list: begins with whom the caller holds, whatever the planner thinks; for root lists.
        is_single: looks each participant up, whatever the planner thinks; for rows that come by
            owner or id, of whom an agency's thousands are not to be read.
    """
    if category in (Category.STRUCTURE, Category.CATALOGUE):
        return true()
    access = caller.access.get(category, "")
    if not access:
        return false()
    if category not in STAFF_CATEGORIES and caller.purpose is None:
        return false()
    for_agency, is_dated = _acts_for_agency(caller), dated_on is not None
    is_single = is_single or isinstance(participant_id, BindParameter)
    template = _template(access, category, caller.purpose, is_dated, for_agency, is_list, is_single)
    return _bound(template, caller, participant_id, dated_on)


def visible_in_any(
    caller: Caller, categories: Iterable[Category], participant_id: ParticipantColumn
) -> ColumnElement[bool]:
    """Return the condition "this caller may see at least one of these categories now".

    The disjunction of ``visible`` for each, for participants named by id: each is looked up.

    Args:
        caller: verified caller.
        categories: categories about a participant.
        participant_id: column that names the participant.
    """
    if caller.purpose is None:
        return false()
    by_access: dict[str, list[Category]] = {}
    for category in categories:
        if caller.access.get(category):
            by_access.setdefault(caller.access[category], []).append(category)
    if not by_access:
        return false()
    groups = tuple((access, tuple(found)) for access, found in by_access.items())
    template = _any_template(groups, caller.purpose, _acts_for_agency(caller))
    return _bound(template, caller, participant_id, None)


def _bound(
    template: str,
    caller: Caller,
    participant_id: ParticipantColumn,
    dated_on: ParticipantColumn | None,
) -> ColumnElement[bool]:
    names = (
        "caller_agency", "caller_agency_here", "caller_subject", "caller_agency_id",
        "caller_site_id",
    )  # fmt: skip
    given: list[ColumnElement[Any]]
    if caller.subject is _SLOT:
        given = [bindparam(name, type_=String) for name in names]
    else:
        values = (*holders(caller), caller.agency_id, caller.site_id)
        given = [bindparam(None, each, String) for each in values]
    columns = [participant_id] if dated_on is None else [participant_id, dated_on]
    return _Narrowing(literal_column(template), *given, *columns)


def _acts_for_agency(caller: Caller) -> bool:
    # Participants and representatives act for themselves, under no agency's MOU.
    return caller.role not in (Role.PAR, Role.REP)


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


def _covers(alias: str, category: Category, purpose: Purpose | None) -> str:
    return _covers_column(alias, f"'{category.value}'", purpose)


def _covers_column(alias: str, category: str, purpose: Purpose | None) -> str:
    stated = "" if purpose is None else purpose.value
    return (
        f"({alias}.category IS NULL OR {alias}.category = {category})"
        f" AND ({alias}.purpose IS NULL OR {alias}.purpose = '{stated}')"
        f" AND {_IN_FORCE.format(v=alias)}"
    )


def _holds(alias: str, bases: Iterable[Basis], covers: str, *, by_participant: bool) -> str:
    """Return the conditions of a row that is a ground; ``covers`` is about the same alias.

    Where the row is looked up by its participant, the holder is kept from the index by holder:
    an agency holds many rows, which a plan made for any caller does not know.
    """
    holder = f"({alias}.holder || '')" if by_participant else f"{alias}.holder"
    return (
        f"{holder} IN ({{agency}}, {{agency_here}}, {{subject}}) AND {alias}.effect = 'permit'"
        f" AND {alias}.basis IN ({_quoted(each.value for each in bases)}) AND {covers}"
    )


def _exists(bases: Iterable[Basis], covers: str, *, is_dated: bool) -> str:
    """Return a ground of one participant, looked up by the participant: for single rows."""
    conditions = _holds("v", bases, covers, by_participant=True)
    if is_dated:
        bounded = f"'{Basis.RELEASE.value}', '{Basis.COURT_ORDER.value}'"
        conditions += f" AND (v.basis NOT IN ({bounded}) OR ({_DATED.format(v='v')}))"
    return (
        "EXISTS (SELECT 1 FROM authority_visibility v"
        f" WHERE v.participant_id = {{participant}} AND {conditions})"
    )


def _member(part: frozenset[Basis], category: Category, purpose: Purpose | None) -> str:
    """Return a sub-select of all participants held on all the bases: for lists.

    It begins with a ground that is held in person, which is a caseload, not an agency's all.
    """
    first, *others = sorted(part, key=lambda each: (each not in _IN_PERSON, each.value))
    also = "".join(
        " AND EXISTS (SELECT 1 FROM authority_visibility x"
        f" WHERE x.participant_id = v.participant_id AND"
        f" {_holds('x', [each], _covers('x', category, purpose), by_participant=True)})"
        for each in others
    )
    covers = _covers("v", category, purpose)
    conditions = _holds("v", [first], covers, by_participant=False)
    return f"SELECT v.participant_id FROM authority_visibility v WHERE {conditions}{also}"


def _grounds(
    access: str,
    category: Category,
    purpose: Purpose | None,
    *,
    is_dated: bool,
    is_list: bool,
    is_single: bool,
) -> list[str]:
    alternatives = [part - {Basis.ANY} for part in expression.parse(access)]
    if not all(alternatives):
        return ["TRUE"]
    covers = _covers("v", category, purpose)
    alone = frozenset().union(*(part for part in alternatives if len(part) == 1))
    together = [part for part in alternatives if len(part) > 1]
    if is_dated or is_single:
        # The period looks at the row, so each row is looked up; rows with dates come by owner.
        parts = [[alone], *([frozenset({each}) for each in part] for part in together)]
        return [
            f"({' AND '.join(_exists(each, covers, is_dated=is_dated) for each in part)})"
            for part in parts
            if part != [frozenset()]
        ]
    members = [_member(part, category, purpose) for part in together]
    if alone:
        held = _holds("v", alone, covers, by_participant=False)
        members.append(f"SELECT v.participant_id FROM authority_visibility v WHERE {held}")
    held = " UNION ALL ".join(members)
    return [f"{{participant}} {f'= ANY (ARRAY({held}))' if is_list else f'IN ({held})'}"]


@lru_cache(maxsize=4096)
def _template(
    access: str, category: Category, purpose: Purpose | None, is_dated: bool, for_agency: bool,
    is_list: bool, is_single: bool,
) -> str:  # fmt: skip
    found = []
    for part, denials in expression.by_denials(access):
        grounds = _grounds(
            part, category, purpose, is_dated=is_dated, is_list=is_list, is_single=is_single
        )
        found.append(
            f"({' OR '.join(grounds)}) AND NOT EXISTS (SELECT 1 FROM authority_visibility d"
            " WHERE d.participant_id = {participant}"
            " AND (d.holder || '') IN ({agency}, {agency_here}, {subject}, 'any')"
            f" AND d.effect = 'deny'{denials} AND {_covers('d', category, purpose)})"
        )
    live = f" AND {_AGENCY_IS_LIVE}" if for_agency else ""
    return f"((({') OR ('.join(found)})){live})" if len(found) > 1 else f"({found[0]}{live})"


@lru_cache(maxsize=1024)
def _any_template(
    groups: tuple[tuple[str, tuple[Category, ...]], ...], purpose: Purpose, for_agency: bool
) -> str:
    """Return the condition for single participants: every ground is looked up by participant."""
    found = []
    split = [(*part, found) for whole, found in groups for part in expression.by_denials(whole)]
    for access, denials, categories in split:
        codes = ", ".join(f"('{each.value}')" for each in categories)
        covers = _covers_column("v", "c.category", purpose)
        alternatives = [part - {Basis.ANY} for part in expression.parse(access)]
        grounds = [
            " AND ".join(_exists([each], covers, is_dated=False) for each in sorted(part)) or "TRUE"
            for part in alternatives
        ]
        found.append(
            f"EXISTS (SELECT 1 FROM (VALUES {codes}) AS c (category)"
            f" WHERE (({') OR ('.join(grounds)})) AND NOT EXISTS ("
            "SELECT 1 FROM authority_visibility d WHERE d.participant_id = {participant}"
            " AND (d.holder || '') IN ({agency}, {agency_here}, {subject}, 'any')"
            f" AND d.effect = 'deny'{denials}"
            f" AND {_covers_column('d', 'c.category', purpose)}))"
        )
    live = f" AND {_AGENCY_IS_LIVE}" if for_agency else ""
    return f"(({' OR '.join(found)}){live})"
