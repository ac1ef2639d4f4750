"""Statements of the participant's accounting: what the ledger holds about one participant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    String,
    and_,
    cast,
    exists,
    func,
    literal,
    literal_column,
    not_,
    select,
    tuple_,
)
from sqlalchemy.types import BigInteger, TypeEngine, Uuid

from infra.authority.predicate import visible
from infra.database import ReadSession
from infra.identity_token import Caller
from infra.pagination import Page, PaginationError
from infra.vocabulary import Category, Role
from svc_consent.disclosures.reports import Filter, report_rules
from svc_consent.disclosures.rules import Kind, Outcome
from svc_consent.disclosures.tables import (
    AccountingSuspension,
    LedgerAbout,
    LedgerEntry,
    ParticipantPseudonym,
)
from svc_consent.releases.repository import releases_by_id
from svc_consent.releases.rules import ReleaseKind

_KEY = (LedgerAbout.recorded_at, LedgerAbout.lane, LedgerAbout.sequence, LedgerAbout.part)
_KEY_TYPES: tuple[TypeEngine[Any], ...] = (
    DateTime(timezone=True),
    String(),
    BigInteger(),
    BigInteger(),
)

Key = tuple[datetime, str, int, int]


@dataclass(frozen=True, slots=True)
class AccountingRequest:
    """Which page of an accounting is wanted, and of which lines."""

    first: int
    after: Key | None
    is_counted: bool
    chosen: Filter


@dataclass(frozen=True, slots=True)
class Told:
    """One part of a ledger entry, about one participant."""

    participant_id: UUID
    key: Key
    entry: dict[str, Any]

    @property
    def part(self) -> dict[str, Any]:
        """Return the part of the entry that is about this participant."""
        found: dict[str, Any] = self.entry["parts"][self.key[3]]
        return found

    @property
    def sources(self) -> set[UUID]:
        """Return the release versions that it rested on."""
        return {UUID(each) for ids in self.part["sources"].values() for each in ids}

    def cursor_key(self) -> list[Any]:
        """Return the key as JSON scalars."""
        return [self.key[0].isoformat(), *self.key[1:]]


def parse_key(key: Sequence[Any]) -> Key:
    """Read a key back from a cursor.

    Raises:
        PaginationError: the cursor holds something else.
    """
    try:
        recorded_at, lane, sequence, part = key
        return datetime.fromisoformat(recorded_at), str(lane), int(sequence), int(part)
    except (ValueError, TypeError):
        raise PaginationError("'after' is not a cursor of this list; start over") from None


_PART = LedgerEntry.entry["parts"][cast(LedgerAbout.part, Integer)]
_FOR_THEMSELVES = frozenset({Role.PAR, Role.REP})


def _rests_on_release(excluded: Sequence[str] = ()) -> ColumnElement[bool]:
    """Return whether a part rests on a release of the person, not only of excluded kinds.

    The kinds are words of a closed vocabulary, never input.
    """
    left_out = ", ".join(f"'{ReleaseKind(kind).value}'" for kind in excluded) or "''"
    return literal_column(
        "EXISTS (SELECT 1 FROM"  # noqa: S608 - see above
        " jsonb_each(ledger_entry.entry->'parts'->ledger_about.part::int->'sources') AS held,"
        " jsonb_array_elements_text(held.value) AS source"
        " JOIN release ON release.id = source.value::uuid"
        f" WHERE release.kind NOT IN ({left_out}))",
        Boolean(),
    )


def _now() -> ColumnElement[datetime]:
    """Return the database's clock, which alone says how far back a law reaches."""
    return func.statement_timestamp()


def _years_ago(years: int) -> ColumnElement[datetime]:
    """Return the same day and time some calendar years ago: the law counts no days."""
    return _now() - func.make_interval(years)


def _wanted(chosen: Filter) -> list[ColumnElement[bool]]:
    """Return what the lines of a filtered accounting meet."""
    conditions: list[ColumnElement[bool]] = []
    if chosen.agency_id is not None:
        conditions.append(LedgerEntry.entry["agencyId"].astext == str(chosen.agency_id))
    if chosen.since is not None:
        conditions.append(LedgerAbout.recorded_at >= chosen.since)
    if chosen.outcomes is not None:
        wanted = [each.value for each in chosen.outcomes]
        conditions.append(_PART["outcome"].astext.in_(wanted))
    if chosen.report is not None:
        rule = report_rules()[chosen.report]
        rests = _rests_on_release(rule.excluded_release_kinds)
        purpose = func.coalesce(LedgerEntry.entry["purpose"].astext, "")
        conditions += [
            LedgerAbout.recorded_at >= _years_ago(rule.years),
            _PART["kind"].astext == Kind.DISCLOSURE.value,
            _PART["outcome"].astext.in_([Outcome.RELEASED.value, Outcome.UNKNOWN.value]),
            LedgerEntry.entry["role"].astext.not_in(rule.excluded_roles),
            purpose.not_in(rule.excluded_purposes),
            rests if rule.rests_on_release else not_(rests),
        ]
    return conditions


def _not_suspended(caller: Caller, participant_id: UUID) -> list[ColumnElement[bool]]:
    """Return what leaves out what a suspension covers, for the person and who stands in for them.

    A use inside the own agency and what a release permitted are never covered.
    """
    if caller.role not in _FOR_THEMSELVES:
        return []
    suspended = exists().where(
        AccountingSuspension.participant_id == participant_id,
        AccountingSuspension.starts_at <= _now(),
        AccountingSuspension.ends_at > _now(),
        cast(AccountingSuspension.agency_id, String) == LedgerEntry.entry["agencyId"].astext,
    )
    is_disclosure = _PART["kind"].astext == Kind.DISCLOSURE.value
    return [not_(and_(is_disclosure, not_(_rests_on_release()), suspended))]


async def page_of_accounting(
    session: ReadSession,
    caller: Caller,
    participant_id: UUID,
    request: AccountingRequest,
) -> Page[Told]:
    """Return one page of what was told about a participant, newest first, as far as visible."""
    mine = (
        select(ParticipantPseudonym.pseudonym)
        .where(
            ParticipantPseudonym.participant_id == participant_id,
            visible(caller, Category.AUDIT, literal(participant_id, Uuid)),
        )
        .scalar_subquery()
    )
    conditions = [*_wanted(request.chosen), *_not_suspended(caller, participant_id)]
    rows = (
        select(*_KEY, LedgerEntry.entry)
        .join(
            LedgerEntry,
            (LedgerEntry.lane == LedgerAbout.lane) & (LedgerEntry.sequence == LedgerAbout.sequence),
        )
        .where(LedgerAbout.pseudonym == mine, *conditions)
    )
    wanted = rows
    if request.after is not None:
        there = tuple_(*(literal(v, t) for v, t in zip(request.after, _KEY_TYPES, strict=True)))
        wanted = rows.where(tuple_(*_KEY) < there)
    first = request.first
    found = (
        await session.execute(wanted.order_by(*(each.desc() for each in _KEY)).limit(first + 1))
    ).all()
    total = None
    if request.is_counted:
        total = await session.scalar(select(func.count()).select_from(rows.subquery()))
    told = [Told(participant_id, (r[0], r[1], r[2], r[3]), r[4]) for r in found[:first]]
    return Page(told, len(found) > first, total)


async def recipients_of(
    session: ReadSession, caller: Caller, participant_id: UUID, years: int
) -> list[tuple[str, datetime, int]]:
    """Return who was told something in the last years: agency, when last, how often."""
    mine = select(ParticipantPseudonym.pseudonym).where(
        ParticipantPseudonym.participant_id == participant_id,
        visible(caller, Category.AUDIT, literal(participant_id, Uuid)),
    )
    agency = LedgerEntry.entry["agencyId"].astext
    found = await session.execute(
        select(agency, func.max(LedgerAbout.recorded_at), func.count())
        .join(
            LedgerEntry,
            (LedgerEntry.lane == LedgerAbout.lane) & (LedgerEntry.sequence == LedgerAbout.sequence),
        )
        .where(
            LedgerAbout.pseudonym == mine.scalar_subquery(),
            LedgerAbout.recorded_at >= _years_ago(years),
            _PART["kind"].astext == Kind.DISCLOSURE.value,
            _PART["outcome"].astext.in_([Outcome.RELEASED.value, Outcome.UNKNOWN.value]),
            agency != "",
            *_not_suspended(caller, participant_id),
        )
        .group_by(agency)
        .order_by(func.max(LedgerAbout.recorded_at).desc(), agency)
    )
    return [(row[0], row[1], row[2]) for row in found]


async def release_numbers(
    session: ReadSession, caller: Caller, told: Sequence[Told]
) -> dict[UUID, int]:
    """Return the version numbers of the releases that a page rested on."""
    ids = sorted({each for one in told for each in one.sources})
    rows = await releases_by_id(session, caller, ids)
    return {release_id: row.number for release_id, row in rows.items()}
