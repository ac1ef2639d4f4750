"""What no service can store is refused before a command begins, and the field is named."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.command_edge import _check_values
from infra.mutation_result import CommandError


@dataclass
class Inner:
    place_name: str | None = None
    happened_at: datetime | None = None


@dataclass
class Request:
    text: str
    inner: Inner
    many: list[str]


def check(request: Any) -> None:
    _check_values(asdict(request), ("input",))


def test_what_can_be_stored_passes() -> None:
    check(Request("fine é 🌲", Inner("here", datetime(2026, 1, 1, tzinfo=UTC)), ["a", "b"]))


@pytest.mark.parametrize(
    ("request_", "code", "path"),
    [
        (Request("a\x00", Inner(), []), "CHARACTER_NOT_ALLOWED", ("input", "text")),
        (Request("a", Inner("\x00"), []), "CHARACTER_NOT_ALLOWED", ("input", "inner", "placeName")),
        (Request("a", Inner(), ["b", "\x00"]), "CHARACTER_NOT_ALLOWED", ("input", "many")),
        (
            Request("a", Inner(None, datetime(2026, 1, 1)), []),  # noqa: DTZ001 - the mistake
            "TIME_ZONE_MISSING",
            ("input", "inner", "happenedAt"),
        ),
    ],
)
def test_what_cannot_be_stored_is_named(
    request_: Request, code: str, path: tuple[str, ...]
) -> None:
    with pytest.raises(CommandError) as refused:
        check(request_)
    assert (refused.value.code, refused.value.field) == (code, path)
