"""Keyset orders: what a cursor holds comes back as it was, and nothing else is taken for one."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Mapped, mapped_column

from infra.owner_pages import Order
from infra.pagination import PaginationError
from infra.tables import Base


class Row(Base):
    __tablename__ = "test_owner_pages_row"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    on: Mapped[date]
    at: Mapped[datetime]
    number: Mapped[int]


ORDER = Order((Row.on, Row.at, Row.number, Row.id))


@given(st.dates(), st.datetimes(timezones=st.just(UTC)), st.integers(0, 2**40))
def test_a_key_comes_back_as_it_was(on: date, at: datetime, number: int) -> None:
    row = Row(id=uuid4(), on=on, at=at, number=number)
    key = ORDER.key(row)
    assert all(isinstance(each, str | int) for each in key)
    assert ORDER.parse(key) == (on, at, number, row.id)


@pytest.mark.parametrize(
    "key",
    [
        [],
        ["2026-01-01"],
        ["2026-01-01", "2026-01-01T00:00:00+00:00", 1, "no-id"],
        ["no day", "2026-01-01T00:00:00+00:00", 1, str(UUID(int=1))],
        [None, None, None, None],
    ],
)
def test_anything_else_is_no_cursor(key: list[Any]) -> None:
    with pytest.raises(PaginationError):
        ORDER.parse(key)


def test_both_directions_compare_whole_rows() -> None:
    given_key = (date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), 1, UUID(int=1))
    rising = str(ORDER.after(given_key))
    falling = str(Order(ORDER.columns, is_descending=True).after(given_key))
    assert ") > (" in rising
    assert ") < (" in falling
