"""Rows of daily care of the demo: plans, assessments, contacts, services, money, papers, visits."""

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from infra.tables import Base
from svc_participants.care.appointments.tables import AppointmentRow
from svc_participants.care.arrangements.tables import ArrangementRow
from svc_participants.care.assessments import rules
from svc_participants.care.assessments.shelf import SHELF
from svc_participants.care.assessments.tables import (
    AssessmentAnswerRow,
    AssessmentRow,
    AssessmentScoreRow,
)
from svc_participants.care.documents.tables import DocumentPartRow, DocumentRow
from svc_participants.care.encounters.tables import EncounterRow
from svc_participants.care.funds.tables import FundLimitRow, FundSpendRow
from svc_participants.care.history.tables import CareMoveRow
from svc_participants.care.income.tables import BenefitRow, IncomeRow
from svc_participants.care.plans.tables import CarePlanRow, GoalStepRow
from svc_participants.care.safety.tables import NaloxoneRow, OverdoseRow
from svc_participants.demo import texts
from svc_participants.demo.choice import number, pick, row_id
from svc_participants.demo.world import World, at, day, days_after, id_of

NALOXONE_IN, OVERDOSE_IN = 2, 6
"""One in two was given naloxone, one in six has overdosed since they enrolled."""


def limit_rows(world: World) -> Iterator[Base]:
    """Return each site's limits for flexible funds."""
    for site in world.sites:
        site_id = id_of(site["id"])
        on = world.on - timedelta(days=3 * 365)
        yield FundLimitRow(
            id=row_id(site_id, "fund-limit:1"),
            site_id=site_id,
            number=1,
            each_cents=15_000,
            year_cents=120_000,
            effective_on=on,
            set_at=at(on, 9),
            set_by="",
        )


def daily_rows(world: World, person: dict[str, Any], plain: dict[str, Any]) -> Iterator[Base]:
    """Return the daily care of somebody enrolled."""
    began = day(plain["enrolled_on"])
    last = day(plain["exited_on"]) if plain["exited_on"] else world.on
    made = _Maker(id_of(person["id"]), id_of(plain["agency_id"]), world.author(person), began, last)
    yield from made.plan()
    yield from made.assessment()
    yield from made.encounters()
    yield from made.services()
    yield from made.money()
    yield from made.safety()
    yield from made.document()
    yield from made.appointments()


class _Maker:
    """Makes the rows of one person, the same each time."""

    def __init__(self, key: UUID, agency: UUID, author: str, began: date, last: date) -> None:
        self._key, self._agency, self._author = key, agency, author
        self._began, self._last = began, last

    def _on(self, days: int) -> date:
        return days_after(self._began, days, self._last)

    def _kept(self, topic: str, on: date, hour: int = 16) -> dict[str, Any]:
        return {
            "id": row_id(self._key, topic),
            "participant_id": self._key,
            "agency_id": self._agency,
            "recorded_at": at(on, hour),
            "recorded_by": self._author,
        }

    def _moved(self, record_id: UUID, states: tuple[str, str], on: date) -> CareMoveRow:
        return CareMoveRow(
            **self._kept(f"move:{record_id}", on, 17),
            record_id=record_id,
            from_state=states[0],
            to_state=states[1],
            happened_on=on,
            remark=None,
        )

    def plan(self) -> Iterator[Base]:
        on = self._on(5)
        hopes, strengths = pick(self._key, "plan", texts.PLANS)
        yield CarePlanRow(
            **self._kept("plan:1", on),
            number=1,
            hopes=hopes,
            strengths=strengths,
            supports=None,
            agreed_on=on,
            review_on=on + timedelta(days=90),
        )
        yield GoalStepRow(
            **self._kept("goal-step:0", on),
            goal_id=row_id(self._key, "goal:0"),
            what=pick(self._key, "planned-step", texts.PLANNED_STEPS),
            doer="TOGETHER",
            state="PLANNED",
            planned_on=on,
            version=1,
        )

    def assessment(self) -> Iterator[Base]:
        instrument = SHELF.all()["lead-intake", 1]
        on, items = self._on(2), instrument.items()
        kept = self._kept("assessment:0", on)
        yield AssessmentRow(
            **kept,
            instrument=instrument.key,
            instrument_version=instrument.version,
            taken_on=on,
            state="SIGNED",
            wording=1,
            signed_at=at(on, 18),
            signed_by=self._author,
            version=2,
        )
        answers = [rules.Answer("words", text="(Invented.) I want to sleep without one eye open.")]
        for key in ("safe_place", "food", "use", "sleep"):
            option = pick(self._key, f"answer:{key}", items[key].options)
            answers.append(rules.Answer(key, choices=(option.code,)))
        rules.check_answers(instrument, answers)
        for place, each in enumerate(answers):
            yield AssessmentAnswerRow(
                **self._kept(f"answer:{each.item}", on),
                assessment_id=kept["id"],
                wording=1,
                place=place,
                item=each.item,
                category=items[each.item].category.value,
                state=each.state.value,
                choices=list(each.choices),
                number=each.number,
                text=each.text,
            )
        for score in rules.scores_of(instrument, answers):
            yield AssessmentScoreRow(
                **self._kept(f"score:{score.key}", on),
                assessment_id=kept["id"],
                wording=1,
                key=score.key,
                title=score.title,
                category=score.category.value,
                points=score.points,
                meaning=score.meaning,
            )

    def encounters(self) -> Iterator[Base]:
        for place, (mode, outcome) in enumerate(texts.ENCOUNTERS):
            on = self._on(4 + 9 * place)
            yield EncounterRow(
                **self._kept(f"encounter:{place}", on),
                mode=mode.value,
                outcome=outcome,
                occurred_on=on,
                minutes=15 + number(self._key, f"minutes:{place}", 60),
                with_whom=None,
                place=pick(self._key, f"met:{place}", texts.PLACES),
            )

    def services(self) -> Iterator[Base]:
        kind, provider = pick(self._key, "service", texts.SERVICES)
        kept = self._kept("service:0", self._on(12))
        yield ArrangementRow(
            **kept,
            kind=kind.value,
            provider=provider,
            arranged_on=self._on(12),
            state="BEGUN",
            version=2,
        )
        yield self._moved(kept["id"], ("ARRANGED", "BEGUN"), self._on(20))

    def money(self) -> Iterator[Base]:
        source = pick(self._key, "income", ("SSI", "GENERAL_ASSISTANCE", None))
        yield IncomeRow(
            **self._kept("income:0", self._on(3)),
            any_source="YES" if source else "NO",
            monthly_cents=94_300 if source else None,
            sources=[source] if source else [],
            as_of=self._on(3),
        )
        kept = self._kept("benefit:0", self._on(6))
        yield BenefitRow(**kept, kind="SNAP", applied_on=self._on(6), state="RECEIVING", version=2)
        yield self._moved(kept["id"], ("APPLYING", "RECEIVING"), self._on(26))
        kept = self._kept("spend:0", self._on(8))
        yield FundSpendRow(
            **kept,
            purpose="CLOTHES",
            amount_cents=2_500 + 100 * number(self._key, "spend", 50),
            asked_on=self._on(8),
            payee="Example outfitters",
            fund="Demo fund",
            state="SPENT",
            version=2,
        )
        yield self._moved(kept["id"], ("APPROVED", "SPENT"), self._on(9))

    def safety(self) -> Iterator[Base]:
        if number(self._key, "naloxone", NALOXONE_IN) == 0:
            yield NaloxoneRow(
                **self._kept("naloxone:0", self._on(7)),
                given_on=self._on(7),
                kits=2,
                given_to="PARTICIPANT",
                was_shown="YES",
            )
        if number(self._key, "overdose", OVERDOSE_IN) == 0:
            yield OverdoseRow(
                **self._kept("overdose:0", self._on(30)),
                occurred_on=self._on(30),
                outcome="SURVIVED",
                naloxone_used="YES",
                emergency_called="YES",
                hospital="NO",
                told_by="PARTICIPANT",
            )

    def document(self) -> Iterator[Base]:
        content = f"Invented letter of the demo, number {self._key}.".encode()
        kept = self._kept("document:0", self._on(14))
        yield DocumentRow(
            **kept,
            kind="OTHER",
            title="Letter of the day centre (invented)",
            media_type="TEXT",
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            dated_on=self._on(14),
            state="STORED",
            version=2,
        )
        yield DocumentPartRow(document_id=kept["id"], number=1, content=content)

    def appointments(self) -> Iterator[Base]:
        kind, with_whom = pick(self._key, "appointment", texts.SERVICES)
        on = self._on(20)
        kept = self._kept("appointment:0", on)
        yield AppointmentRow(
            **kept,
            kind=kind.value,
            starts_at=at(on, 18),
            on_day=on,
            with_whom=with_whom,
            place=pick(self._key, "appointment-place", texts.PLACES),
            remind_by="CALL",
            remind_at=at(on, 9),
            reminded_at=at(on, 9),
            state="KEPT",
            version=3,
        )
        yield self._moved(kept["id"], ("PLANNED", "KEPT"), on)
