"""Asking for a role that begins later: what is sent, and which days are none."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.web.console.views import role_requests
from tests.gateway.web.console.test_long_training_lists import DAY, NOW, Row, page_of, shown
from tests.gateway.web.console.test_training_forms import Desk


class Asking(Desk):
    def root(self) -> dict[str, Any]:
        agency = {"id": "agency", "name": "A", "grantableRoles": [], "requestableRoles": ["PRV"]}
        account = {"id": "acc", "name": "Bea", "isBlocked": False, "version": 1}
        grant = {"id": "g", "role": "LEO", "liaison": False, "status": "ACTIVE", "agency": agency,
                 "account": account}  # fmt: skip
        waiting = {"id": "r", "role": "PRV", "liaison": False, "status": "REQUESTED",
                   "reason": "Why.", "requestedAt": NOW.isoformat(), "account": account,
                   "agency": agency, "validFrom": (NOW + 40 * DAY).isoformat()}  # fmt: skip
        return super().root() | {
            "agencyGrants": lambda _info, **_asked: page_of([grant]),
            "roleRequests": lambda _info, **_asked: page_of([waiting]),
            "requestRole": self._keeping("requestRole", request=None),
        }


def form(**days: str) -> Row:
    return {"account": "acc", "role": "PRV", "reason": "Why.", "key": "k", **days}


def day(days: int) -> str:
    return (NOW + days * DAY).date().isoformat()


async def test_a_role_begins_on_the_day_that_was_chosen() -> None:
    desk = Asking()
    await shown(desk, role_requests.ask, role="AGA", form=form(valid_from=day(9)))
    assert desk.sent["requestRole"]["validFrom"] == f"{day(9)}T00:00:00+00:00"


@pytest.mark.parametrize("first", ["", day(0)])
async def test_at_once_is_no_moment_that_is_over(first: str) -> None:
    desk = Asking()
    await shown(desk, role_requests.ask, role="AGA", form=form(valid_from=first))
    assert desk.sent["requestRole"]["validFrom"] is None


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({"valid_from": day(-2)}, "The first day is over"),
        ({"valid_from": day(9), "valid_to": day(8)}, "The last day is before the first"),
        ({"valid_from": "soon"}, "Write a day"),
    ],
)
async def test_a_day_that_is_none_is_said_beside_its_field(days: dict[str, str], said: str) -> None:
    desk = Asking()
    page = await shown(desk, role_requests.ask, role="AGA", form=form(**days))
    assert said in page
    assert desk.sent == {}


async def test_who_decides_sees_from_when() -> None:
    page = await shown(Asking(), role_requests.listed, role="AGA")
    at = NOW + timedelta(days=40)
    assert f'from <time datetime="{at:%Y-%m-%d}">' in page
