"""Settings: read once, named in errors, and no secret ever shown or defaulted."""

import copy
import json
import pickle
from pathlib import Path

import pytest

from infra.settings import (
    Environment,
    Secret,
    SettingsError,
    parse_address,
    read_service_settings,
)

GIVEN = {
    "GT_BIND": "unix:/run/gt/cases.sock",
    "GT_METRICS_BIND": "tcp:127.0.0.1:9100",
    "GT_DATABASE_DSN": "postgresql://gt:hunter2@localhost/cases",
    "GT_KEY_DIR": "/keys",
    "GT_PUBLIC_KEY_DIR": "/public",
    "GT_CONSENT_ADDRESS": "unix:/run/gt/consent.sock",
    "GT_CURSOR_KEY": "c2VjcmV0",
}


def assert_never_shown(value: object) -> None:
    assert "hunter2" not in f"{value} {value!r} {[value]} {str(value)!s}"
    with pytest.raises(TypeError):
        pickle.dumps(value)
    with pytest.raises(TypeError):
        copy.copy(value)
    with pytest.raises(TypeError):
        json.dumps(value)


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret("hunter2")
    assert_never_shown(secret)
    assert secret.reveal() == "hunter2"
    assert not hasattr(secret, "__dict__")


def test_a_secret_that_prints_is_caught() -> None:
    with pytest.raises(AssertionError):
        assert_never_shown("hunter2")


def test_settings_print_without_their_secrets() -> None:
    settings = read_service_settings("cases", Environment(GIVEN))
    assert "hunter2" not in repr(settings)
    assert "c2VjcmV0" not in repr(settings)
    assert settings.database_dsn.reveal() == GIVEN["GT_DATABASE_DSN"]


@pytest.mark.parametrize("name", sorted(GIVEN))
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_setting_is_named_and_stops_the_start(name: str, value: str | None) -> None:
    variables = {key: text for key, text in GIVEN.items() if key != name}
    if value is not None:
        variables[name] = value
    with pytest.raises(SettingsError, match=name):
        read_service_settings("cases", Environment(variables))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GT_BIND", "8000"),
        ("GT_BIND", "unix:relative.sock"),
        ("GT_BIND", "tcp::80"),
        ("GT_BIND", "tcp:localhost"),
        ("GT_BIND", "tcp:localhost:65536"),
        ("GT_BIND", "tcp:localhost:-1"),
        ("GT_KEY_DIR", "keys"),
        ("GT_DATABASE_POOL_SIZE", "many"),
    ],
)
def test_a_misshapen_setting_is_named_without_its_value(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        read_service_settings("cases", Environment({**GIVEN, name: value}))
    assert value not in str(caught.value)


def test_production_is_what_nothing_else_was_said_of() -> None:
    assert read_service_settings("cases", Environment(GIVEN)).is_production
    for word, is_production in (("development", False), ("Development", True), ("test", True)):
        variables = {**GIVEN, "GT_ENVIRONMENT": word}
        settings = read_service_settings("cases", Environment(variables))
        assert settings.is_production is is_production


def test_patience_is_for_development() -> None:
    slow = {**GIVEN, "GT_PATIENCE": "20"}
    settings = read_service_settings(
        "cases", Environment({**slow, "GT_ENVIRONMENT": "development"})
    )
    assert settings.patience == 20
    assert read_service_settings("cases", Environment(GIVEN)).patience == 1
    with pytest.raises(SettingsError, match="GT_PATIENCE"):
        read_service_settings("cases", Environment(slow))
    for value in ("0.5", "1e9", "nan"):
        given = {**GIVEN, "GT_PATIENCE": value, "GT_ENVIRONMENT": "development"}
        with pytest.raises(SettingsError, match="GT_PATIENCE"):
            read_service_settings("cases", Environment(given))


def test_defaults_are_only_what_is_safe_to_assume() -> None:
    settings = read_service_settings("cases", Environment(GIVEN))
    assert settings.instance == "cases-0"
    assert settings.key_dir == Path("/keys")
    assert (settings.otlp_endpoint, settings.pool_size, settings.log_level) == (None, 8, "INFO")


def test_a_socket_without_a_name_is_refused() -> None:
    with pytest.raises(SettingsError):
        parse_address("GT_BIND", "unix:/")


def test_an_address_is_a_socket_or_a_port() -> None:
    unix, tcp = parse_address("X", "unix:/a/b.sock"), parse_address("X", "tcp:::1:80")
    assert (unix.unix_path, unix.host_port) == ("/a/b.sock", None)
    assert (tcp.unix_path, tcp.host_port) == (None, ("::1", 80))


def test_numbers_are_read_or_named() -> None:
    env = Environment({"A": "7", "B": "0.5", "C": "x"})
    assert (env.integer("A", 1), env.integer("Z", 1)) == (7, 1)
    assert (env.number("B", 1.0), env.number("Z", 1.0)) == (0.5, 1.0)
    with pytest.raises(SettingsError, match="C must be a number"):
        env.number("C", 1.0)
    assert env.optional("Z") is None


def test_only_the_participants_have_a_folder_of_instruments() -> None:
    given = {**GIVEN, "GT_INSTRUMENTS_DIR": "/etc/own"}
    found = {
        name: read_service_settings(name, Environment(given)).instruments_dir
        for name in ("participants", "cases")
    }
    assert found == {"participants": Path("/etc/own"), "cases": None}
    assert read_service_settings("participants", Environment(GIVEN)).instruments_dir is None
    with pytest.raises(SettingsError, match="GT_INSTRUMENTS_DIR must be an absolute path"):
        read_service_settings("participants", Environment({**given, "GT_INSTRUMENTS_DIR": "own"}))
