"""Files that were looked at come back as they were, and nothing else does."""

import base64
import zlib

import orjson
import pytest

from gateway.web.console.views import exchange


def test_files_come_back_with_the_ends_of_their_lines() -> None:
    files = [{"name": "results.csv", "text": "a,b\r\n1,2\r\n"}, {"name": "x", "text": "\n ñ \n"}]
    assert exchange.unpacked(exchange.packed(files)) == files


def _value(rows: object) -> str:
    return base64.b64encode(zlib.compress(orjson.dumps(rows))).decode()


@pytest.mark.parametrize(
    "value",
    ["", "no", "AAAA", _value({}), _value([{"name": "x", "text": "y"}] * 7)],
    ids=["empty", "not-packed", "not-compressed", "no-list", "too-many"],
)
def test_anything_else_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        exchange.unpacked(value)


def test_what_unpacks_to_too_much_is_refused() -> None:
    bomb = _value([{"name": "x", "text": "a" * (exchange.MAX_KEPT_BYTES + 1)}])
    assert len(bomb) < 10_000
    with pytest.raises(ValueError, match=r".+"):
        exchange.unpacked(bomb)


def test_rows_of_another_form_are_left_out() -> None:
    assert exchange.unpacked(_value([{"name": "x"}, 1, {"name": "x", "text": "y"}])) == [
        {"name": "x", "text": "y"}
    ]
