"""Search forgives what people do when they type."""

import pytest

from gateway.web.console.searching import score, search

COURSES = [
    "8020 LEAD: Building a Collaborative Response to Mental Illness ESB 5476 RCW 43.101.205",
    "9101 LEAD 101: How Diversion Works case managers",
    "7000 Atención a víctimas",
]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("8020", 0),
        ("mental illness", 0),
        ("menal ilness", 0),
        ("illness mental", 0),
        ("COLLABORATIV", 0),
        ("diversoin", 1),
        ("lead 101", 1),
        ("atencion victimas", 2),
        ("5476", 0),
    ],
)
def test_what_is_meant_comes_first(question: str, first: int) -> None:
    assert search(question, COURSES, str)[0] == COURSES[first]


@pytest.mark.parametrize("question", ["", "   ", "!?"])
def test_an_empty_question_finds_everything_in_order(question: str) -> None:
    assert search(question, COURSES, str) == COURSES


@pytest.mark.parametrize("question", ["zebra", "8021", "mental zebra", "xx"])
def test_what_is_not_there_is_not_found(question: str) -> None:
    assert search(question, COURSES, str) == []


def test_numbers_are_never_guessed() -> None:
    assert score("8020-2", "session 8020-1") == 0.0
