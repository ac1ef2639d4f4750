"""Files that were looked at come back as they were, and nothing else does; what is linked."""

import base64
import re
import zlib
from typing import Any

import orjson
import pytest

from gateway.web.console.views import exchange
from tests.gateway.web.console.test_long_training_lists import NOW, Service, page_of, shown


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


class Linked(Service):
    """Answers with organizations that are linked."""

    def __init__(self, *ids: str) -> None:
        super().__init__()
        self.rows = [{"organizationId": each, "linkedAt": NOW.isoformat()} for each in ids]

    def root(self) -> dict[str, Any]:
        return super().root() | {
            "exchangeBatches": lambda _info, **page: page_of([], **page),
            "linkedOrganizations": lambda _info, **page: page_of(self.rows, **page),
        }


async def test_what_is_linked_is_listed_and_what_is_beyond_a_page_is_counted() -> None:
    page = await shown(Linked("O-17", "O-18"), exchange.shown)
    assert re.findall(r'class="breaks">(O-\d+)<', page) == ["O-17", "O-18"]
    assert "more are linked" not in page
    page = await shown(Linked(*(f"O-{n}" for n in range(103))), exchange.shown)
    assert "3 more are linked." in page
    assert "None is linked yet." in await shown(Linked(), exchange.shown)
