"""Logs: only listed keys are written, and never the text of an exception."""

import logging
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import structlog

from infra.telemetry import logs

CANARY = "Example-Canary, born 1990-01-01"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    printed = capsys.readouterr()
    assert printed.out == ""
    return [orjson.loads(line) for line in printed.err.splitlines()]


def assert_unlisted_keys_are_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("cases", "cases-0", "INFO")
    structlog.get_logger("x").info("refused", name=CANARY, status=403, variables={"id": CANARY})
    (line,) = lines(capsys)
    assert CANARY not in str(line)
    assert line["dropped"] == ["name", "variables"]
    assert (line["event"], line["status"], line["level"]) == ("refused", 403, "info")
    assert (line["program"], line["instance"]) == ("cases", "cases-0")


def test_a_key_that_is_not_listed_is_dropped_and_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert_unlisted_keys_are_dropped(capsys)


def test_a_log_that_writes_everything_is_caught(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_keep_allowed", lambda _logger, _method, event: event)
    with pytest.raises(AssertionError):
        assert_unlisted_keys_are_dropped(capsys)


def test_values_bound_to_a_request_are_filtered_as_well(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("cases", "cases-0", "INFO")
    with structlog.contextvars.bound_contextvars(subject=CANARY, trace_id="t"):
        structlog.get_logger("x").warning("slow")
    (line,) = lines(capsys)
    assert (line["dropped"], line["trace_id"]) == (["subject"], "t")
    assert CANARY not in str(line)


def test_levels_below_the_setting_are_silent(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("cases", "cases-0", "WARNING")
    structlog.get_logger("x").info("quiet")
    assert lines(capsys) == []


def test_a_library_s_text_never_reaches_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("cases", "cases-0", "INFO")
    try:
        int(CANARY)
    except ValueError:
        logging.getLogger("library").exception("could not store %s", CANARY)
    (line,) = lines(capsys)
    assert CANARY not in str(line)
    assert (line["event"], line["error_type"], line["level"]) == (
        "library_log",
        "ValueError",
        "error",
    )
    assert line["where"].startswith("test_logs:")


def _fail() -> None:
    try:
        dict[str, str]()[CANARY]
    except KeyError as error:
        raise RuntimeError(CANARY) from error


def test_a_chain_of_errors_names_types_and_places_only() -> None:
    with pytest.raises(RuntimeError) as caught:
        _fail()
    chain = logs.error_chain(caught.value)
    assert chain.startswith("RuntimeError at _fail:")
    assert " <- KeyError at _fail:" in chain
    assert CANARY not in chain


def test_an_endless_chain_ends() -> None:
    error = ValueError("x")
    other = KeyError("y")
    error.__context__, other.__context__ = other, error
    assert logs.error_chain(error).count("<-") == 7


def test_the_list_has_no_key_for_a_person_or_a_value() -> None:
    words = ("name", "subject", "participant", "query", "variables", "body", "text", "token", "sql")
    personal = {key for key in logs.ALLOWED_KEYS if any(word in key for word in words)}
    assert personal == {"operation_name"}


def test_what_json_cannot_write_is_named_by_its_type(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("cases", "cases-0", "INFO")

    class Person:
        def __repr__(self) -> str:
            return CANARY

    structlog.get_logger("x").info("odd", status=Person())
    (line,) = lines(capsys)
    assert line["status"] == "Person"
