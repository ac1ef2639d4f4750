"""What a site may set for itself, with values that are safe until counsel says otherwise.

Names, safe values and notes are data (``site_settings.toml``). Pure apart from reading that file.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from infra.errors import GoldenThreadError, bug

_FILE = "site_settings.toml"


class SiteSettingError(GoldenThreadError):
    """A site's own value has an unknown name or is of another kind than the safe one."""

    code = "SITE_SETTING_INVALID"


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """The values that hold at one site."""

    values: Mapping[str, Any]

    def flag(self, name: str) -> bool:
        """Return a setting that is on or off."""
        value = self._value(name)
        return value if isinstance(value, bool) else bug(f"{name} is not a flag")

    def number(self, name: str) -> int:
        """Return a setting that is a whole number."""
        value = self._value(name)
        if isinstance(value, bool) or not isinstance(value, int):
            bug(f"{name} is not a number")
        return value

    def words(self, name: str) -> tuple[str, ...]:
        """Return a setting that is a list of words."""
        value = self._value(name)
        return tuple(value) if isinstance(value, list) else bug(f"{name} is not a list")

    def minutes(self, name: str) -> timedelta:
        """Return a number of minutes as a span of time."""
        return timedelta(minutes=self.number(name))

    def hours(self, name: str) -> timedelta:
        """Return a number of hours as a span of time."""
        return timedelta(hours=self.number(name))

    def days(self, name: str) -> timedelta:
        """Return a number of days as a span of time."""
        return timedelta(days=self.number(name))

    def _value(self, name: str) -> Any:
        return self.values[name] if name in self.values else bug(f"no setting is called {name}")


@lru_cache(maxsize=1)
def safe_values() -> Mapping[str, Any]:
    """Return the safe value of every setting."""
    return MappingProxyType({name: each["safe"] for name, each in _packaged().items()})


@lru_cache(maxsize=1)
def notes() -> Mapping[str, str]:
    """Return what every setting does, in a sentence for counsel."""
    return MappingProxyType({name: each["note"] for name, each in _packaged().items()})


def _packaged() -> dict[str, Any]:
    text = (resources.files("svc_consent.agencies") / _FILE).read_text(encoding="utf-8")
    return tomllib.loads(text)


def settings_with(own: Mapping[str, Any] | None) -> SiteSettings:
    """Return the settings of a site with these values of its own.

    Raises:
        SiteSettingError: an unknown name, or a value of another kind.
    """
    safe = safe_values()
    for name, value in (own or {}).items():
        if name not in safe:
            raise SiteSettingError(f"no setting is called {name}")
        if type(value) is not type(safe[name]):
            raise SiteSettingError(f"{name} takes another kind of value")
    return SiteSettings(MappingProxyType({**safe, **(own or {})}))
