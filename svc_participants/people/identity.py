"""Who a person is, once they say more of it: the command and its rules.

A record often begins with a street name and a guess at an age. What is learnt later comes with how
far it can be relied on (HUD HMIS Data Standards 2026, 3.01 and 3.03); what nobody spoke of stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import uuid4

from infra.database import WriteSession
from infra.errors import RuleError
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.people import repository
from svc_participants.people.commands import require_writable
from svc_participants.people.rules import AliasKind, BirthDateQuality, NameQuality, check_version
from svc_participants.people.site_days import today_at
from svc_participants.people.tables import AliasRow, ParticipantRow

MAX_NAME = 100
MAX_ALIASES = 20
_EARLIEST_YEAR = 1900


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a person is, as a whole."""

    given_name: str | None
    family_name: str | None
    preferred_name: str | None
    name_quality: NameQuality
    born_on: date | None
    birth_date_quality: BirthDateQuality
    estimated_birth_year: int | None
    aliases: tuple[tuple[str, AliasKind], ...]


def after(before: Identity, said: Mapping[str, Any]) -> Identity:
    """Return what is known once somebody has said more.

    Args:
        before: what was known.
        said: new values of attributes of ``Identity``; what is not in it stays. A birth is one
            answer: a date or a year that is said takes the place of the other one.
    """
    for one, other in (("born_on", "estimated_birth_year"), ("estimated_birth_year", "born_on")):
        if said.get(one) is not None and other not in said:
            said = {**said, other: None}
    return replace(before, **said)


def without_blanks(identity: Identity) -> Identity:
    """Return it with blanks around names gone; a name of blanks alone is none."""
    return replace(
        identity,
        given_name=(identity.given_name or "").strip() or None,
        family_name=(identity.family_name or "").strip() or None,
        preferred_name=(identity.preferred_name or "").strip() or None,
        aliases=tuple((name.strip(), kind) for name, kind in identity.aliases),
    )


def check(identity: Identity, today: date) -> None:
    """Check that names and dates are what their qualities say.

    Raises:
        RuleError: TEXT_LENGTH, ANSWER_MISSING, ANSWER_CONTRADICTS, DATE_IN_FUTURE or OUT_OF_RANGE.
    """
    given, family = identity.given_name, identity.family_name
    _check_texts((given, family, identity.preferred_name), identity.aliases)
    quality = identity.name_quality
    if quality is NameQuality.FULL and not (given and family):
        raise RuleError("ANSWER_MISSING", "A full name has a given and a family name.",
                        ("input", "nameQuality"))  # fmt: skip
    is_partial = quality is NameQuality.PARTIAL_OR_STREET_NAME
    if is_partial and not (given or family or identity.aliases):
        raise RuleError("ANSWER_MISSING", "Give the part of the name, or an alias.",
                        ("input", "nameQuality"))  # fmt: skip
    if quality not in {NameQuality.FULL, NameQuality.PARTIAL_OR_STREET_NAME} and (given or family):
        raise RuleError("ANSWER_CONTRADICTS", "A reason for having no name stands alone.",
                        ("input", "nameQuality"))  # fmt: skip
    _check_birth(identity, today)


def _check_texts(names: tuple[str | None, ...], aliases: tuple[tuple[str, AliasKind], ...]) -> None:
    if len(aliases) > MAX_ALIASES or any(not name for name, _ in aliases):
        raise RuleError("TEXT_LENGTH", f"At most {MAX_ALIASES} other names, none empty.",
                        ("input", "aliases"))  # fmt: skip
    if any(len(each or "") > MAX_NAME for each in (*names, *(name for name, _ in aliases))):
        raise RuleError("TEXT_LENGTH", f"A name has at most {MAX_NAME} letters.", ("input",))


def _check_birth(identity: Identity, today: date) -> None:
    field = ("input", "birthDateQuality")
    quality, born_on = identity.birth_date_quality, identity.born_on
    year = identity.estimated_birth_year
    if quality is BirthDateQuality.FULL and (born_on is None or year is not None):
        raise RuleError("ANSWER_MISSING", "A full date of birth stands alone.", field)
    if quality is BirthDateQuality.ESTIMATED and born_on is None and year is None:
        raise RuleError("ANSWER_MISSING", "Give the date or the year that is estimated.", field)
    has_any = born_on is not None or year is not None
    if quality not in {BirthDateQuality.FULL, BirthDateQuality.ESTIMATED} and has_any:
        raise RuleError("ANSWER_CONTRADICTS", "A reason for having no date stands alone.", field)
    if born_on is not None and born_on > today:
        raise RuleError("DATE_IN_FUTURE", "Nobody is born yet on that day.",
                        ("input", "dateOfBirth"))  # fmt: skip
    if year is not None and not _EARLIEST_YEAR <= year <= today.year:
        raise RuleError("OUT_OF_RANGE", f"A year from {_EARLIEST_YEAR} to this one.",
                        ("input", "estimatedBirthYear"))  # fmt: skip


async def record_identity(
    session: WriteSession,
    caller: Caller,
    participant_id: str,
    expected_version: int,
    said: Mapping[str, Any],
) -> dict[str, Any]:
    """Change what a person is called and when they were born; what was not said stays.

    Args:
        session: the transaction.
        caller: assigned case manager, or supervisor of the own agency.
        participant_id: who it is about.
        expected_version: version that the client saw (``PersonName.version``).
        said: new values of attributes of ``Identity``.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, or what ``check`` says.
    """
    found = await require_writable(session, caller, Category.IDENTITY, participant_id)
    row = await repository.person_for_update(session, found)
    check_version(expected_version, row.version)
    identity = without_blanks(after(await _known(session, row), said))
    check(identity, await today_at(session, caller))
    row.given_name = identity.given_name
    row.family_name = identity.family_name
    row.preferred_name = identity.preferred_name
    row.name_quality = identity.name_quality.value
    row.born_on = identity.born_on
    row.birth_date_quality = identity.birth_date_quality.value
    row.estimated_birth_year = identity.estimated_birth_year
    row.version += 1
    await repository.replace_aliases(
        session,
        found,
        [
            AliasRow(id=uuid4(), participant_id=found, name=name, kind=kind.value)
            for name, kind in identity.aliases
        ],
    )
    # Keys of earlier names stay: whoever knew the person by them still finds the record.
    names = (row.given_name, row.family_name, row.preferred_name)
    await repository.keep_keys(session, found, (*names, *(name for name, _ in identity.aliases)))
    return {"participant": str(found)}


async def _known(session: WriteSession, row: ParticipantRow) -> Identity:
    aliases = await repository.aliases_of(session, row.id)
    return Identity(
        given_name=row.given_name,
        family_name=row.family_name,
        preferred_name=row.preferred_name,
        name_quality=NameQuality(row.name_quality),
        born_on=row.born_on,
        birth_date_quality=BirthDateQuality(row.birth_date_quality),
        estimated_birth_year=row.estimated_birth_year,
        aliases=tuple((each.name, AliasKind(each.kind)) for each in aliases),
    )
