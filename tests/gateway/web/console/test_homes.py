"""What start pages offer: only pages that the role has, in words, with figures that are right."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.web.console import homes, roles
from gateway.web.console.homes import Card, cards
from gateway.web.console.pages import PAGES
from gateway.web.console.views import home, home_figures
from gateway.web.console.wording import LANGUAGES, say
from infra import clock


def closed_to(role: str, offered: list[Card]) -> list[str]:
    """Return the addresses among these that the role's door would not open."""
    allowed = {
        f"/console{path}"
        for path, _, roles_, methods in PAGES
        if role in roles_ and "GET" in methods
    }
    return [card.path for card in offered if card.path not in allowed]


def test_every_role_of_staff_has_a_start_page_of_its_own_or_cards() -> None:
    assert homes.AT_HOME | roles.CARE | roles.TRAINING | roles.ADMIN == roles.STAFF
    for role in homes.AT_HOME:
        assert len(cards(role)) >= 3, role
        assert {card.key for card in cards(role)} != {"courses", "library", "directory"} or (
            role in homes.UNTRAINED
        )


@pytest.mark.parametrize("role", sorted(roles.STAFF))
def test_no_role_is_offered_a_page_that_it_does_not_have(role: str) -> None:
    assert closed_to(role, cards(role)) == []


def no_way_to_own_training(table: tuple[roles.Place, ...]) -> set[str]:
    """Return the roles of staff whose menu does not lead to what they are assigned to."""
    return {
        role
        for role in roles.STAFF
        if not any(
            role in place.roles and place.path == "/console/training/mine" for place in table
        )
    }


def test_everybody_who_is_trained_finds_the_own_training_in_the_menu() -> None:
    """Who manages training is trained as well; the twin leaves that role out."""
    assert no_way_to_own_training(roles.PLACES) == set()
    planted = tuple(
        replace(place, roles=place.roles - roles.TRAINING) if place.key == "my_training" else place
        for place in roles.PLACES
    )
    assert no_way_to_own_training(planted) == {"TRM"}


@pytest.mark.parametrize("role", sorted(roles.PURPOSES))
def test_no_menu_names_a_page_that_the_role_does_not_have(role: str) -> None:
    named = [
        Card(each.key, each.path, each.roles) for each in roles.places(role, development=False)
    ]
    assert closed_to(role, [each for each in named if each.key != "home"]) == []


def test_planted_card_for_a_page_of_others_is_caught() -> None:
    planted = (*homes.CARDS, Card("requests", "/console/requests", frozenset({"LEO"})))
    assert closed_to("LEO", cards("LEO", planted)) == ["/console/requests"]


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_everything_offered_is_said_in_every_language(language: str) -> None:
    for card in homes.CARDS:
        assert say(language, f"homes.cards.{card.key}.title")
        assert say(language, f"homes.cards.{card.key}.says").endswith(".")
    for role in homes.AT_HOME:
        assert say(language, f"homes.api.{role}").endswith(".")


def test_every_figure_is_known() -> None:
    wanted = {card.figures for card in homes.CARDS if card.figures}
    assert wanted == set(home_figures._SOURCES)


def meeting(days: int, status: str = "SCHEDULED") -> dict[str, Any]:
    starts_at = clock.now() + timedelta(days=days)
    return {"id": str(days), "startsAt": starts_at.isoformat(), "status": status}


def test_next_meetings_are_those_to_come_the_soonest_first() -> None:
    rows = [meeting(9), meeting(2), meeting(1, "CLOSED"), meeting(-1)]
    connection = {"edges": [{"node": each} for each in rows]}
    assert [each["id"] for each in home_figures.next_meetings(connection)] == ["2", "9"]


def test_open_reviews_say_what_is_left_before_and_after_their_deadline() -> None:
    def review(days: int, closed_at: str | None = None) -> dict[str, Any]:
        ends = (clock.now() + timedelta(days=days)).isoformat()
        return {"deadlineAt": ends, "closedAt": closed_at, "total": 5, "decided": 2,
                "reviewer": "AGA" if days > 0 else "PLA"}  # fmt: skip

    found = home.open_reviews([review(8), review(-1), review(3, "2026-01-01T00:00:00Z")])
    assert [(each["left"], each["is_over"]) for each in found] == [(3, True), (3, False)]
    assert [each["is_mine"] for each in found] == [False, True]
