"""Rows of care of the demo: notes, goals, housing, summaries."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from infra.tables import Base
from svc_participants.care.goals.rules import GoalState
from svc_participants.care.goals.tables import GoalProgressRow, GoalRow
from svc_participants.care.housing.tables import HousingStatusRow
from svc_participants.care.notes.tables import CaseNoteRow, NoteAmendmentRow
from svc_participants.care.summaries.rules import Engagement, SummaryState
from svc_participants.care.summaries.tables import ProgressSummaryRow
from svc_participants.demo import texts
from svc_participants.demo.choice import number, pick, row_id
from svc_participants.demo.world import World, at, day, days_after, id_of

NO_SUMMARY_IN = 5
"""One participant in five has no summary; partners see "nothing to add" then."""


def care_rows(world: World, person: dict[str, Any], plain: dict[str, Any]) -> Iterator[Base]:
    """Return the care of somebody enrolled."""
    began = day(plain["enrolled_on"])
    last = day(plain["exited_on"]) if plain["exited_on"] else world.on
    author = world.author(person)
    yield from _notes(person, plain, author, began, last)
    yield from _goals(person, plain, author, began, last)
    yield from _housing(person, plain, author, began, last)
    yield from _summary(person, plain, author, began, last)


def _notes(
    person: dict[str, Any], plain: dict[str, Any], author: str, began: date, last: date
) -> Iterator[Base]:
    key, offset = id_of(person["id"]), number(id_of(person["id"]), "note", len(texts.NOTES))
    count = 4 + number(key, "notes", 5)
    for place in range(count):
        mode, text = texts.NOTES[(offset + place) % len(texts.NOTES)]
        on = days_after(began, 3 + 11 * place, last)
        note_id = row_id(key, f"note:{place}")
        yield CaseNoteRow(
            id=note_id,
            participant_id=key,
            agency_id=id_of(plain["agency_id"]),
            author_account_id=author,
            mode=mode.value,
            occurred_on=on,
            text=text,
            written_at=at(on, 17, place),
        )
        if place == 1 and number(key, "amended", 3) == 0:
            yield NoteAmendmentRow(
                id=row_id(key, f"amendment:{place}"),
                note_id=note_id,
                participant_id=key,
                number=1,
                text=f"{text} (Corrected: it was the morning, not the afternoon.)",
                reason="Wrong time of day.",
                author_account_id=author,
                written_at=at(days_after(on, 1, last), 9),
            )


def _goals(
    person: dict[str, Any], plain: dict[str, Any], author: str, began: date, last: date
) -> Iterator[Base]:
    key, offset = id_of(person["id"]), number(id_of(person["id"]), "goal", len(texts.GOALS))
    for place in range(1 + number(key, "goals", 3)):
        words, area, stage = texts.GOALS[(offset + place) % len(texts.GOALS)]
        on = days_after(began, 2 + 7 * place, last)
        goal_id = row_id(key, f"goal:{place}")
        yield GoalRow(
            id=goal_id,
            participant_id=key,
            agency_id=id_of(plain["agency_id"]),
            own_words=words,
            area=area.value,
            stage=stage.value,
            state=GoalState.OPEN.value,
            set_on=on,
            created_at=at(on, 14, place),
            version=1,
        )
        for step in range(number(key, f"steps:{place}", len(texts.STEPS))):
            marker, said = texts.STEPS[step]
            noted = days_after(on, 9 * (step + 1), last)
            yield GoalProgressRow(
                id=row_id(key, f"step:{place}:{step}"),
                goal_id=goal_id,
                participant_id=key,
                agency_id=id_of(plain["agency_id"]),
                marker=marker.value,
                own_words=said,
                noted_on=noted,
                recorded_at=at(noted, 15, step),
                recorded_by=author,
            )


def _housing(
    person: dict[str, Any], plain: dict[str, Any], author: str, began: date, last: date
) -> Iterator[Base]:
    key = id_of(person["id"])
    for place, situation in enumerate(pick(key, "housing", texts.HOUSING_PATHS)):
        on = days_after(began, 30 * place, last)
        yield HousingStatusRow(
            id=row_id(key, f"housing:{place}"),
            participant_id=key,
            agency_id=id_of(plain["agency_id"]),
            situation=situation.value,
            as_of=on,
            recorded_at=at(on, 12, place),
            recorded_by=author,
        )


def _summary(
    person: dict[str, Any], plain: dict[str, Any], author: str, began: date, last: date
) -> Iterator[Base]:
    key = id_of(person["id"])
    if number(key, "summary", NO_SUMMARY_IN) == 0 and not person["handle"].startswith("roi_"):
        return
    on = days_after(began, 40, last)
    yield ProgressSummaryRow(
        id=row_id(key, "summary"),
        participant_id=key,
        agency_id=id_of(plain["agency_id"]),
        statement=pick(key, "statement", texts.STATEMENTS),
        engagement=pick(key, "engagement", list(Engagement)).value,
        barriers=pick(key, "barrier", texts.BARRIERS),
        what_would_help=pick(key, "help", texts.HELP),
        is_nothing_to_add=False,
        state=SummaryState.APPROVED.value,
        written_at=at(on, 10),
        written_by=author,
        approved_at=at(on, 13),
        approved_on=on,
        approved_by=author,
        version=2,
    )
