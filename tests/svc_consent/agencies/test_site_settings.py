"""A site's settings: safe until it says otherwise, and nothing but what is known."""

import tomllib
from importlib import resources

import pytest

from infra.errors import BugError
from svc_consent.agencies.site_settings import SiteSettingError, safe_values, settings_with


def test_every_setting_is_safe_until_a_site_says_otherwise() -> None:
    settings = settings_with(None)
    assert settings.flag("oral_revocation_counts") is True
    assert settings.flag("conditional_consent_is_taken") is False
    assert settings.number("minor_consent_age") == 13
    assert settings.minutes("emergency_minutes").total_seconds() == 3600
    assert settings.words("withheld_from_parents") == ("SUD", "MENTAL_HEALTH", "HEALTH_HIV")


def test_site_s_own_value_stands_beside_the_safe_ones() -> None:
    settings = settings_with({"emergency_minutes": 30})
    assert settings.number("emergency_minutes") == 30
    assert settings.hours("emergency_review_hours").total_seconds() == 86_400


@pytest.mark.parametrize(
    "own", [{"unheard_of": True}, {"minor_consent_age": "13"}, {"emergency_minutes": True}]
)
def test_unknown_name_or_other_kind_of_value_is_refused(own: dict[str, object]) -> None:
    with pytest.raises(SiteSettingError):
        settings_with(own)


def test_setting_is_read_as_what_it_is() -> None:
    settings = settings_with(None)
    for read, name in (
        (settings.flag, "minor_consent_age"), (settings.number, "oral_revocation_counts"),
        (settings.words, "minor_consent_age"), (settings.number, "unheard_of"),
    ):  # fmt: skip
        with pytest.raises(BugError):
            read(name)


def test_every_setting_has_a_note_for_counsel() -> None:
    text = (resources.files("svc_consent.agencies") / "site_settings.toml").read_text("utf-8")
    document = tomllib.loads(text)
    assert document.keys() == safe_values().keys()
    assert all(len(each["note"]) > 20 for each in document.values())
