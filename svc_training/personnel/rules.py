"""Who is on a training roster, and what may be written there.

A roster holds staff: certified officers, who come through hire notices, and everybody else who is
added by hand (prosecutors, defenders, case managers), as the academy's own help pages describe it.
It never holds a social security number.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from infra.errors import RuleError

MAX_TEXT = 200
_FIRST_YEAR, _LAST_YEAR = 1940, 2199
_SOCIAL_SECURITY_NUMBER = re.compile(r"(?<!\d)\d{3}-?\d{2}-?\d{4}(?!\d)")
_EMAIL = re.compile(r"^[^\s@]+@[^\s@]+\.[^\s@]+$")


class AppointmentType(StrEnum):
    """As what a person serves the agency."""

    PEACE_OFFICER = "PEACE_OFFICER"
    RESERVE_OFFICER = "RESERVE_OFFICER"
    CORRECTIONS_OFFICER = "CORRECTIONS_OFFICER"
    CIVILIAN = "CIVILIAN"


@dataclass(frozen=True, slots=True)
class PersonDetails:
    """What is known about a person on a roster.

    Attributes:
        given_name: first name.
        family_name: last name.
        email: work address, if known.
        appointment_type: as what the person serves.
        is_certified: whether the state has certified the person as an officer.
        external_id: the training system's id of the person, if it has one.
        account_id: the person's account on this platform, if there is one.
        hired_on: first day with the agency, if known.
        academy_on: day on which basic academy training was finished, if it was.
    """

    given_name: str
    family_name: str
    email: str | None
    appointment_type: AppointmentType
    is_certified: bool
    external_id: str | None
    account_id: str | None
    hired_on: date | None = None
    academy_on: date | None = None


def holds_social_security_number(text: str) -> bool:
    """Return whether a text holds what looks like a social security number."""
    return _SOCIAL_SECURITY_NUMBER.search(text) is not None


def checked(details: PersonDetails) -> PersonDetails:
    """Return the details with blanks squeezed.

    Raises:
        RuleError: a name is missing or too long, the address is none, a certified person has no
            external id, or a text looks like a social security number.
    """
    given = _squeezed(details.given_name, "givenName") or _missing("givenName")
    family = _squeezed(details.family_name, "familyName") or _missing("familyName")
    email = _squeezed(details.email or "", "email")
    if email is not None and not _EMAIL.match(email):
        raise RuleError("BAD_EMAIL", "The e-mail address is not one.", ("input", "email"))
    return PersonDetails(
        given_name=given,
        family_name=family,
        email=email,
        appointment_type=details.appointment_type,
        is_certified=details.is_certified,
        external_id=_squeezed(details.external_id or "", "externalId"),
        account_id=_squeezed(details.account_id or "", "accountId"),
        hired_on=_plausible(details.hired_on, "hiredOn"),
        academy_on=_plausible(details.academy_on, "academyOn"),
    )


def _plausible(day: date | None, name: str) -> date | None:
    if day is not None and not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        message = f"This day lies between {_FIRST_YEAR} and {_LAST_YEAR}."
        raise RuleError("BAD_DATE", message, ("input", name))
    return day


def _missing(name: str) -> str:
    raise RuleError("MISSING", "This field must not be empty.", ("input", name))


def _squeezed(text: str, name: str) -> str | None:
    squeezed = " ".join(text.split())
    if len(squeezed) > MAX_TEXT or "\x00" in squeezed:
        message = f"This field has at most {MAX_TEXT} printable characters."
        raise RuleError("BAD_TEXT", message, ("input", name))
    if name != "accountId" and holds_social_security_number(squeezed):
        message = "This looks like a social security number; a roster never holds one."
        raise RuleError("SOCIAL_SECURITY_NUMBER", message, ("input", name))
    return squeezed or None
