"""Agreements on an agency's pages: what begins later is not shown as if it counted."""

from typing import Any

import pytest

from gateway.web.console import memoranda
from gateway.web.console.views import agencies, agreements, home
from tests.gateway.web.console.test_long_training_lists import (
    DAY,
    NOW,
    Row,
    Service,
    page_of,
    shown,
)

PAGES = [agreements.shown, agencies.own, home.show]
"""Every page that says where an agency's membership stands."""


def agreement(name: str, starts: int, ends: int | None) -> Row:
    """Return an agreement of so many days from now to so many days from now."""
    return {
        "id": name,
        "startsAt": (NOW + starts * DAY).isoformat(),
        "endsAt": None if ends is None else (NOW + ends * DAY).isoformat(),
    }


def membership(*agreed: Row, status: str = "MOU_SIGNED") -> Row:
    return {
        "status": status, "sinceAt": NOW.isoformat(), "version": 1, "agreements": list(agreed),
        "site": {"id": "s", "name": "Cedar Falls"},
    }  # fmt: skip


class Directory(Service):
    """Answers what pages ask about the own agency."""

    def __init__(self, *members: Row) -> None:
        super().__init__()
        self.agency = {
            "id": "agency", "name": "Cedar Falls Police", "type": "CM",
            "memberships": list(members), "grantableRoles": [],
        }  # fmt: skip

    def root(self) -> dict[str, Any]:
        empty = page_of([])
        return super().root() | {
            "agency": lambda _info, **_asked: self.agency,
            "withdrawalPreview": lambda _info, **_asked: None,
            "mouDocuments": lambda _info, **_asked: [],
            "agencyGrants": lambda _info, **_asked: empty,
            "accessReviews": lambda _info, **_asked: empty,
            "myGrants": lambda _info, **_asked: page_of([{"id": "g", "agency": self.agency}]),
        }


def day_of(days: int) -> str:
    at = NOW + days * DAY
    return f"{at.day} {at:%b %Y}"


@pytest.mark.parametrize("page", PAGES)
async def test_an_agreement_that_begins_later_says_when(page: Any) -> None:
    directory = Directory(membership(agreement("a", 40, 400)))
    text = await shown(directory, page, role="AGA")
    assert f'Signed, begins on <time datetime="{NOW + 40 * DAY:%Y-%m-%d}">{day_of(40)}' in text
    assert ">Signed</span>" not in text
    assert ">Live</span>" not in text


@pytest.mark.parametrize("page", PAGES)
async def test_one_that_counts_is_signed(page: Any) -> None:
    directory = Directory(membership(agreement("a", -40, 400), agreement("b", 400, 800)))
    text = await shown(directory, page, role="AGA")
    assert ">Signed</span>" in text
    assert "Signed, begins" not in text


@pytest.mark.parametrize("page", PAGES)
async def test_planted_status_alone_calls_it_signed(
    page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin goes by the membership's status, as pages did."""
    monkeypatch.setattr(memoranda, "begins_at", lambda _membership: None)
    directory = Directory(membership(agreement("a", 40, 400)))
    assert ">Signed</span>" in await shown(directory, page, role="AGA")


def test_a_membership_begins_with_the_first_agreement_that_is_not_over() -> None:
    later = [agreement("a", -90, -30), agreement("c", 60, 90), agreement("b", 20, None)]
    assert memoranda.begins_at(membership(*later)) == NOW + 20 * DAY
    assert memoranda.begins_at(membership(*later, agreement("d", -1, None))) is None
    assert memoranda.begins_at(membership(agreement("a", -90, -30))) is None
    assert memoranda.begins_at(membership()) is None
    for status in ("PROSPECTIVE", "SUSPENDED", "WITHDRAWN", "EXPIRED"):
        assert memoranda.begins_at(membership(*later, status=status)) is None


@pytest.mark.parametrize(
    ("starts", "ends", "status", "state"),
    [
        (-9, 9, "MOU_SIGNED", "live"), (-9, None, "MOU_SIGNED", "live"),
        (9, 99, "MOU_SIGNED", "coming"), (-9, -1, "MOU_SIGNED", "over"),
        (-9, -1, "WITHDRAWN", "over"), (-9, 9, "SUSPENDED", "stopped"),
        (9, 99, "WITHDRAWN", "stopped"),
    ],
)  # fmt: skip
def test_each_agreement_says_where_it_stands(
    starts: int, ends: int | None, status: str, state: str
) -> None:
    assert memoranda.state_of({"status": status}, agreement("a", starts, ends)) == state


async def test_of_several_agreements_each_has_its_own_badge() -> None:
    rows = (agreement("a", -90, -30), agreement("b", -30, 30), agreement("c", 30, 300))
    text = await shown(Directory(membership(*rows)), agreements.shown, role="AGA")
    assert ">Over</span>" in text
    assert "Ends in 29 days" in text
    assert f'Begins on <time datetime="{NOW + 30 * DAY:%Y-%m-%d}">' in text
