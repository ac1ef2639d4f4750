"""The referral form: what is written on it, and what a protocol reads from it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from infra.errors import RuleError
from svc_participants.people.rules import BirthDateQuality, NameQuality, YesNo
from svc_participants.protocols import judgement
from svc_participants.referrals import rules

MAX_EXCLUSIONS: Final = 50
MAX_PLACES: Final = 5
LATEST_ENTRY: Final = timedelta(days=30)
"""A referral made on paper is entered within these."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a referral is about: a participant whom the referrer may see, or a description."""

    participant_id: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    alias: str | None = None
    description: str | None = None
    born_on: date | None = None
    estimated_birth_year: int | None = None
    phone: str | None = None
    usual_places: tuple[str, ...] = ()

    @property
    def is_described(self) -> bool:
        """Return whether anything says who it is."""
        return any((self.given_name, self.family_name, self.alias, self.description))

    @property
    def name_quality(self) -> NameQuality:
        """Return how far the name can be relied on (HUD 3.01)."""
        if self.given_name and self.family_name:
            return NameQuality.FULL
        if self.given_name or self.family_name or self.alias:
            return NameQuality.PARTIAL_OR_STREET_NAME
        return NameQuality.NOT_ASKED

    @property
    def birth_quality(self) -> BirthDateQuality:
        """Return how far the birth can be relied on (HUD 3.03)."""
        if self.born_on is not None:
            return BirthDateQuality.FULL
        if self.estimated_birth_year is not None:
            return BirthDateQuality.ESTIMATED
        return BirthDateQuality.NOT_ASKED


@dataclass(frozen=True, slots=True)
class Referrer:
    """How to reach whoever refers."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    unit: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the form in which it is stored."""
        return {
            "name": self.name, "phone": self.phone, "email": self.email, "unit": self.unit,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReferralForm:
    """What all three doors have in common, and the door's own part in ``details``."""

    door: rules.Door
    person: Person
    account: str
    urgency: rules.Urgency
    intercept_point: rules.InterceptPoint
    counterfactual: rules.Counterfactual
    occurred_at: datetime | None
    place: str | None
    needs: list[rules.Need]
    safety_concerns: str | None
    preferred_language: str | None
    person_is_aware: YesNo
    person_agreed: YesNo = YesNo.NOT_ASKED
    made_at: datetime | None = None
    referrer: Referrer = field(default_factory=Referrer)
    exclusions: Mapping[str, YesNo] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


def check(form: ReferralForm, now: datetime, today: date) -> None:
    """Check a form as a whole.

    Args:
        form: the form.
        now: the present moment.
        today: the present day at the site.

    Raises:
        RuleError: TEXT_MISSING, TEXT_LENGTH, DATE_IN_FUTURE, DATE_TOO_EARLY, BIRTH_OUT_OF_RANGE
            or TOO_MANY.
    """
    if not form.account.strip():
        raise RuleError("TEXT_MISSING", "Say what happened.", ("input", "account"))
    rules.check_text(form.account, "account", rules.MAX_ACCOUNT)
    referrer = form.referrer
    check_person(form.person, today)
    for text in (referrer.name, referrer.phone, referrer.email, referrer.unit):
        rules.check_text(text, "referrer")
    rules.check_text(form.place, "place")
    rules.check_text(form.safety_concerns, "safetyConcerns")
    rules.check_text(form.preferred_language, "preferredLanguage")
    for name, value in form.details.items():
        rules.check_text(value if isinstance(value, str) else None, name)
    if len(form.exclusions) > MAX_EXCLUSIONS:
        raise RuleError("TOO_MANY", "There are too many entries.", ("input", "form"))
    for code in form.exclusions:
        rules.check_text(code, "exclusionAnswers")
    rules.check_occurred(form.occurred_at, now)
    _check_made(form.made_at, now)


def check_person(person: Person, today: date) -> None:
    """Check what is said of a person.

    Raises:
        RuleError: TEXT_LENGTH, TOO_MANY or BIRTH_OUT_OF_RANGE.
    """
    for text in (person.given_name, person.family_name, person.alias, person.description):
        rules.check_text(text, "person")
    for text in (person.phone, *person.usual_places):
        rules.check_text(text, "person")
    if len(person.usual_places) > MAX_PLACES:
        raise RuleError("TOO_MANY", "There are too many entries.", ("input", "person"))
    rules.check_birth(person.born_on, person.estimated_birth_year, today)


def _check_made(made_at: datetime | None, now: datetime) -> None:
    if made_at is None:
        return
    if made_at > now:
        raise RuleError(
            "DATE_IN_FUTURE", "What is reported has happened already.", ("input", "madeAt")
        )
    if made_at < now - LATEST_ENTRY:
        raise RuleError(
            "DATE_TOO_EARLY", "A referral is entered within 30 days.", ("input", "madeAt")
        )


def facts_of(
    form: ReferralForm, today: date, birth: tuple[date | None, int | None]
) -> judgement.Facts:
    """Return what a protocol reads from a form.

    Args:
        form: the form.
        today: day of the referral in the site's zone.
        birth: date and estimated year of birth, of the record where the referrer named one.
    """
    low, high = judgement.ages(*birth, today)
    details = form.details
    return judgement.Facts(
        door=form.door.value,
        urgency=form.urgency.value,
        intercept_point=form.intercept_point.value,
        counterfactual=form.counterfactual.value,
        needs=tuple(each.value for each in form.needs),
        rcw=details.get("statute"),
        nibrs=details.get("offence_code"),
        grams=details.get("drug_amount_grams"),
        age_low=low,
        age_high=high,
        exclusions={code: answer.value for code, answer in form.exclusions.items()},
    )
