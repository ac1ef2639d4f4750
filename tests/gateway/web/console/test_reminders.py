"""What is due soon: said on the own pages from its reminder on, and one mail that names nobody."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.web.console import reminders
from gateway.web.console.reminders import MAX_LINK, days_left, prepared_mail
from gateway.web.console.views import batches, home, training
from gateway.web.console.wording import say
from tests.fixtures.people_served import people_served_in, planted
from tests.gateway.web.console.test_long_training_lists import (
    NOW,
    Row,
    Service,
    assignment_of,
    page_of,
    person_of,
    session_of,
    shown,
)

TODAY = NOW.date()


def due_in(days: int | None, lead: int | None = None, reminded_at: Any = None) -> Row:
    due_on = None if days is None else (TODAY + timedelta(days=days)).isoformat()
    return {"dueOn": due_on, "reminderDays": lead, "remindedAt": reminded_at}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (due_in(None), None), (due_in(20), None), (due_in(20, 19), None), (due_in(20, 20), 20),
        (due_in(0, 0), 0), (due_in(3), None), (due_in(3, None, "2026-01-01"), 3), (due_in(-1), -1),
    ],
)  # fmt: skip
def test_there_is_something_to_say_from_the_reminder_on(row: Row, said: int | None) -> None:
    assert days_left(row, "UTC", NOW) == said


def test_a_day_is_one_of_the_sites() -> None:
    assert days_left(due_in(1, 5), "UTC", NOW) == 1
    assert date.fromisoformat(due_in(1)["dueOn"]) == TODAY + timedelta(days=1)


def of(link: str, part: str) -> str:
    return parse_qs(urlsplit(link).query)[part][0]


def test_the_mail_is_one_for_all_hidden_from_each_other() -> None:
    people = [
        person_of(1, email="a@x.example"),
        person_of(2),
        person_of(3, email="b&c=d@x.example"),
    ]
    link, taken = prepared_mail(people, "Due & late", "One.\n\nTwo.")
    assert urlsplit(link).scheme == "mailto"
    assert urlsplit(link).path == ""
    assert of(link, "bcc") == "a@x.example,b&c=d@x.example"
    assert of(link, "subject") == "Due & late"
    assert of(link, "body") == "One.\r\n\r\nTwo."
    assert taken == {"a@x.example", "b&c=d@x.example"}
    assert prepared_mail([person_of(2)], "s", "b") == ("", frozenset())


def mail_is_short() -> None:
    people = [
        person_of(n, email=f"somebody.with.a.long.name.{n}@agency.example") for n in range(50)
    ]
    link, taken = prepared_mail(people, "Due", "Soon.")
    assert len(link) <= MAX_LINK, "no mail program takes it"
    assert 20 < len(taken) < 50


def test_a_mail_that_would_be_too_long_leaves_people_out_and_says_so() -> None:
    mail_is_short()


def test_planted_mail_to_everybody_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "MAX_LINK", 1_000_000)
    with pytest.raises(AssertionError, match="no mail program"):
        mail_is_short()


class DueDesk(Service):
    """Answers for what is due: on the own pages, and on the manager's."""

    def __init__(self, *rows: Row) -> None:
        super().__init__()
        self.due = list(rows)

    def root(self) -> dict[str, Any]:
        return super().root() | {
            "myAssignments": self._due, "dueAssignments": self._due, "remindersDue": self._due,
            "myCompliance": [], "complianceSummary": [],
            "myTrainingRecords": lambda _info, **page: page_of([], **page),
        }  # fmt: skip

    def _due(self, _info: Any, before: str | None = None, **page: Any) -> Row:
        assert before is None
        return page_of(self.due, **page)


def assigned(number: int, terms: Row, status: str = "NOTIFIED", email: str = "") -> Row:
    return {
        **assignment_of(person_of(number, email=email), status), **terms, "prerequisites": [],
        "session": session_of(f"9101-{number}", NOW + timedelta(days=60)),
    }  # fmt: skip


@pytest.mark.parametrize("page", [home.show, training.mine])
async def test_the_person_sees_what_is_due_and_that_somebody_reminded(page: Any) -> None:
    desk = DueDesk(
        assigned(1, due_in(5, 30, NOW.isoformat())), assigned(2, due_in(40, 30)),
        assigned(3, due_in(-2), "COMPLETED"), assigned(4, due_in(-3)),
    )  # fmt: skip
    shows = await shown(desk, page, role="LEO")
    assert "in 5 days" in shows
    assert "in 40 days" not in shows
    assert "3 days late" in shows
    assert "2 days late" not in shows
    assert shows.count("reminded ") == 1


async def test_the_manager_writes_one_mail_and_is_told_whom_it_does_not_reach() -> None:
    desk = DueDesk(
        assigned(1, due_in(5, 30), email="one@x.example"), assigned(2, due_in(6, 30))
    )  # fmt: skip
    page = await shown(desk, batches.due)
    assert "mailto:?bcc=one@x.example&amp;subject=" in page
    assert page.count("no address on the roster") == 1
    assert "No mail is sent from here" in page
    assert "mailto:" not in await shown(DueDesk(assigned(2, due_in(6, 30))), batches.due)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_mail_names_nobody_whom_the_programme_serves(language: str) -> None:
    words = (say(language, "reminders.subject"), say(language, "reminders.body"))
    people = [{**person_of(1, planted(), "one@x.example"), "note": planted()}]
    link, _ = prepared_mail(people, *words)
    assert people_served_in([of(link, "subject"), of(link, "body")]) == []
    named, _ = prepared_mail(people, words[0], f"{words[1]} {planted()}")
    assert people_served_in([of(named, "body")]) == [
        planted().lower(),
        planted().split()[-1].lower(),
    ]
