"""Fresh and strong sign-in for the most sensitive categories (RFC 9470).

Whether a challenge is sent depends on the operation, the role and the token, never on data: it is
sent before anything is fetched.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gateway.errors import RequestRefusedError, error
from gateway.identity.claims import VerifiedAccessToken
from gateway.identity.strict_json import StrictJsonError, parse_strictly
from infra import clock
from infra.settings import SettingsError
from infra.vocabulary import Category

_FIELDS = frozenset({"categories", "acr_values", "max_age_seconds"})
_FORBIDDEN = frozenset('"\\ ')


@dataclass(frozen=True, slots=True)
class StepUp:
    """What a token must say before some categories are opened.

    Attributes:
        categories: which ones; none means that nothing is demanded.
        acr_values: acceptable values of ``acr``, best first; empty means any.
        max_age_seconds: longest time since the person signed in; None means any.
    """

    categories: frozenset[Category] = frozenset()
    acr_values: tuple[str, ...] = ()
    max_age_seconds: int | None = None

    def check(self, verified: VerifiedAccessToken, selected: Iterable[Category]) -> None:
        """Check a token against what an operation selects for this role.

        Raises:
            RequestRefusedError: 401, with the challenge that says what to sign in with; its error
                says the same, for transports without headers.
        """
        if not self._is_about(selected):
            return
        is_strong = not self.acr_values or verified.acr in self.acr_values
        if not is_strong or not self._is_fresh(verified.auth_time):
            headers = {"www-authenticate": self._challenge()}
            refusal = error("STEP_UP_REQUIRED", **self._wanted())
            raise RequestRefusedError(401, "STEP_UP_REQUIRED", [refusal], headers)

    def good_until(self, verified: VerifiedAccessToken, selected: Iterable[Category]) -> int | None:
        """Return when a sign-in is too old for what an operation selects; None where it never is.

        Seconds since the epoch: at this second it is good no more.
        """
        if self.max_age_seconds is None or not self._is_about(selected):
            return None
        return (verified.auth_time or 0) + self.max_age_seconds + 1

    def _is_about(self, selected: Iterable[Category]) -> bool:
        return bool(self.categories) and not self.categories.isdisjoint(selected)

    def _wanted(self) -> dict[str, Any]:
        wanted: dict[str, Any] = {}
        if self.acr_values:
            wanted["acrValues"] = list(self.acr_values)
        if self.max_age_seconds is not None:
            wanted["maxAgeSeconds"] = self.max_age_seconds
        return wanted

    def _is_fresh(self, auth_time: int | None) -> bool:
        if self.max_age_seconds is None:
            return True
        return auth_time is not None and clock.epoch_seconds() - auth_time <= self.max_age_seconds

    def _challenge(self) -> str:
        parts = ['Bearer error="insufficient_user_authentication"']
        if self.acr_values:
            parts.append(f'acr_values="{" ".join(self.acr_values)}"')
        if self.max_age_seconds is not None:
            parts.append(f'max_age="{self.max_age_seconds}"')
        return ", ".join(parts)


def parse_step_up(text: str | None) -> StepUp:
    """Read ``GT_STEP_UP``: a JSON object with the fields of ``StepUp``.

    Raises:
        SettingsError: not such an object, or a category or field is unknown.
    """
    if text is None:
        return StepUp()
    try:
        given = parse_strictly(text)
    except StrictJsonError:
        raise SettingsError("GT_STEP_UP must be JSON without duplicate names") from None
    if not isinstance(given, dict) or given.keys() - _FIELDS or not given.get("categories"):
        raise SettingsError("GT_STEP_UP must have categories, and acr_values or max_age_seconds")
    acr_values, max_age = given.get("acr_values", []), given.get("max_age_seconds")
    are_names = isinstance(acr_values, list) and all(_is_name(each) for each in acr_values)
    if not are_names or not (max_age is None or (type(max_age) is int and max_age > 0)):
        raise SettingsError("GT_STEP_UP: acr_values are texts, max_age_seconds a whole number")
    if not acr_values and max_age is None:
        raise SettingsError("GT_STEP_UP demands nothing: give acr_values or max_age_seconds")
    try:
        categories = frozenset(Category(each) for each in given["categories"])
    except (ValueError, TypeError):
        raise SettingsError("GT_STEP_UP names an unknown category") from None
    return StepUp(categories, tuple(acr_values), max_age)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value) and not _FORBIDDEN & set(value)
