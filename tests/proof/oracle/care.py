"""Records of daily care, requests and court dates: which hang where, and who may read which.

All care records follow one rule: a record is kept by the agency that wrote it, has a day, and may
tell of something that takes a category of its own beside that of its kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.proof.oracle.consent import Row
from tests.proof.oracle.records import Records

_HELP = {
    "SUBSTANCE_USE_TREATMENT": "SUD",
    "MENTAL_HEALTH_CARE": "MENTAL_HEALTH",
    "MEDICAL_CARE": "HEALTH_HIV",
}
_PAPERS = {
    "IDENTITY_PAPER": "IDENTITY",
    "BENEFIT_LETTER": "INCOME",
    "LEASE": "HOUSING",
    "COURT_PAPER": "LEGAL_COORD",
    "TREATMENT_RECORD": "SUD",
    "MENTAL_HEALTH_RECORD": "MENTAL_HEALTH",
    "MEDICAL_RECORD": "HEALTH_HIV",
}


@dataclass(frozen=True)
class Kept:
    """One kind of record: its table, category, day, order, and what its kind tells besides."""

    table: str
    category: str
    day: str | None
    order: tuple[str, ...]
    telling: Mapping[str, str] = field(default_factory=dict)
    told_by_others: tuple[str, str] | None = None
    owner: str = "participant_id"
    newest_first: bool = True


_KEPT = {
    "planhistory": Kept("care_plan", "GOALS_PLAN", "agreed_on", ("recorded_at",)),
    "assessments": Kept("assessment", "PSYCHOSOCIAL", "taken_on", ("taken_on",)),
    "encounters": Kept(
        "encounter", "CASE_NOTES", "occurred_on", ("occurred_on", "recorded_at"),
        told_by_others=("mode", "COLLATERAL"),
    ),
    "servicesarranged": Kept(
        "arranged_service", "GOALS_PLAN", "arranged_on", ("arranged_on",), _HELP
    ),
    "incomehistory": Kept("income_status", "INCOME", "as_of", ("as_of", "recorded_at")),
    "benefits": Kept("benefit", "INCOME", "applied_on", ("applied_on",)),
    "naloxone": Kept("naloxone_given", "SUD", "given_on", ("given_on",)),
    "overdoses": Kept(
        "overdose_event", "SUD", "occurred_on", ("occurred_on",),
        told_by_others=("told_by", "SOMEBODY_ELSE"),
    ),
    "fundspending": Kept("fund_spend", "INCOME", "asked_on", ("asked_on",)),
    "documents": Kept("care_document", "CASE_NOTES", "dated_on", ("recorded_at",), _PAPERS),
    "appointments": Kept("appointment", "GOALS_PLAN", "on_day", ("starts_at",), _HELP),
    "contactattempts": Kept("contact_attempt", "CASE_NOTES", None, ("attempted_at",)),
    "steps": Kept(
        "goal_step", "GOALS_PLAN", "planned_on", ("recorded_at",), owner="goal_id",
        newest_first=False,
    ),
    "progress": Kept(
        "goal_progress", "GOALS_PLAN", "noted_on", ("recorded_at",), owner="goal_id",
        newest_first=False,
    ),
}  # fmt: skip
_KEPT_AT = {("Participant", name): name for name in _KEPT} | {
    ("Goal", "steps"): "steps",
    ("Goal", "progress"): "progress",
}
_READS_ALL_REQUESTS = {"CM", "SUP", "PM", "DEF", "PAR", "REP"}


class CareRecords(Records):
    """What the services keep of daily care, and of work with the court."""

    def children(
        self, type_name: str, name: str, row: Row, about: str | None, arguments: Mapping[str, Any]
    ) -> list[Row] | None:
        """Return the rows behind a field, in order, without those that may not be read."""
        kept = _KEPT_AT.get((type_name, name.lower()))
        if kept is not None:
            return self._kept(_KEPT[kept], row)
        return super().children(type_name, name, row, about, arguments)

    def _kept(self, kind: Kept, owner: Row) -> list[Row]:
        found = []
        for row in self._world.rows(kind.table, **{kind.owner: owner["id"]}):
            day = row[kind.day] if kind.day else None
            if not self.covers(row, kind.category, day, kept=True):
                continue
            more = kind.telling.get(str(row.get("kind")))
            if more is not None and not self.covers(row, more, day, kept=True):
                continue
            if kind.told_by_others and self._asker.role in ("PAR", "REP"):  # D04
                column, value = kind.told_by_others
                if row[column] == value:
                    continue
            found.append(row)
        order = (*kind.order, "id")
        return sorted(
            found, key=lambda each: [each[name] for name in order], reverse=kind.newest_first
        )

    def _participant_plan(self, row: Row, *_: Any) -> list[Row]:
        return self._kept(_KEPT["planhistory"], row)[:1]

    def _participant_income(self, row: Row, *_: Any) -> list[Row]:
        return self._kept(_KEPT["incomehistory"], row)[:1]

    def _in_order(self, table: str, owner: str, row: Row, *by: str) -> list[Row]:
        found = self._world.rows(table, **{owner: row["id"]})
        return sorted(found, key=lambda each: [each[name] for name in by])

    # A move is as visible as what has moved.

    def _goalstep_history(self, row: Row, *_: Any) -> list[Row]:
        return self._in_order("goal_step_event", "step_id", row, "recorded_at", "id")

    def _moves(self, row: Row, *_: Any) -> list[Row]:
        return self._in_order("care_move", "record_id", row, "recorded_at", "id")

    _arrangedservice_history = _moves
    _benefit_history = _moves
    _fundspend_history = _moves
    _appointment_history = _moves

    # Assessments: each answer by the category of its section.

    def _parts(self, table: str, row: Row, *, is_current: bool) -> list[Row]:
        return [
            each
            for each in self._world.rows(table, assessment_id=row["id"])
            if (each["wording"] == row["wording"]) is is_current
            and self.covers(row, each["category"], row["taken_on"], kept=True)
        ]

    def _assessment_answers(self, row: Row, *_: Any) -> list[Row]:
        found = self._parts("assessment_answer", row, is_current=True)
        return sorted(found, key=lambda each: each["place"])

    def _assessment_earlieranswers(self, row: Row, *_: Any) -> list[Row]:
        found = self._parts("assessment_answer", row, is_current=False)
        return sorted(found, key=lambda each: (-each["wording"], each["place"]))

    def _assessment_scores(self, row: Row, *_: Any) -> list[Row]:
        found = self._parts("assessment_score", row, is_current=True)
        return sorted(found, key=lambda each: each["key"])

    # Notes: the newest wording, and what was signed under.

    def _casenote_amendments(self, row: Row, *_: Any) -> list[Row]:
        return self._in_order("case_note_amendment", "note_id", row, "written_at", "id")

    def _newest_wording(self, row: Row) -> Row | None:
        found = self._in_order("case_note_amendment", "note_id", row, "number")
        return found[-1] if found else None

    def _leafnewest_text(self, row: Row, _about: str | None) -> Any:
        newest = self._newest_wording(row)
        return row["text"] if newest is None else newest["text"]

    def _leafwordings(self, row: Row, _about: str | None) -> int:
        newest = self._newest_wording(row)
        return 1 if newest is None else int(newest["number"]) + 1

    def _leaftopics(self, row: Row, _about: str | None) -> list[str]:
        found = self._world.rows("case_note_topic", note_id=row["id"])
        return sorted(each["topic"] for each in found)

    def _casenote_signoff(self, row: Row, *_: Any) -> list[Row]:
        found = self._in_order("case_note_sign_off", "note_id", row, "wording")
        return [
            {**each, "is_current": each["wording"] == self._leafwordings(row, None)}
            for each in found[-1:]
        ]

    # Where somebody was met, or shall come to: whereabouts, whatever record says so.

    def _whereabouts(self, row: Row, day: str | None) -> Any:
        on = row[day] if day else None
        return row["place"] if self.covers(row, "CONTACT", on, kept=True) else None

    def _leafplace_of_encounter(self, row: Row, _about: str | None) -> Any:
        return self._whereabouts(row, "occurred_on")

    def _leafplace_of_appointment(self, row: Row, _about: str | None) -> Any:
        return self._whereabouts(row, "on_day")

    def _leafplace_of_attempt(self, row: Row, _about: str | None) -> Any:
        return self._whereabouts(row, None)

    def _contactdetails_emergencycontact(self, row: Row, *_: Any) -> list[Row]:
        return [row] if row["emergency_name"] or row["emergency_phone"] else []

    def _participant_contact(self, row: Row, *_: Any) -> list[Row]:
        """Return the contact; one that is to be confidential no release opens (D52)."""
        found = self._world.rows("participant_contact", participant_id=row["id"])
        working = {"own", "self"}
        with_them = any(g.kind in working for g in self._grounds(str(row["id"]), "CONTACT"))
        return [each for each in found if with_them or not each["is_confidential"]]

    # Names of staff are as visible as what they wrote.

    def _leafby(self, row: Row, column: str) -> Any:
        for each in self._world.rows("staff_name", account_id=str(row[column])):
            return each["display_name"]
        return None

    def _leafkeeper(self, row: Row, _about: str | None) -> Any:
        return self._leafby(row, "recorded_by")

    def _leafsigner(self, row: Row, _about: str | None) -> Any:
        return self._leafby(row, "signed_by")

    def _leafmanager(self, row: Row, _about: str | None) -> Any:
        return self._leafby(row, "account_id")

    def _leafwriter(self, row: Row, _about: str | None) -> Any:
        return self._leafby(row, "written_by")

    def _leafapprover(self, row: Row, _about: str | None) -> Any:
        return self._leafby(row, "approved_by")

    def _leafauthor(self, row: Row, _about: str | None) -> Any:
        return self._leafby(row, "author_account_id")

    # Places in programmes belong to the enrolment.

    def _participant_programmeplaces(self, row: Row, *_: Any) -> list[Row]:
        found = self._of("programme_place", row, "ENROLLMENT", "entered_on")
        return sorted(found, key=lambda each: (each["created_at"], each["id"]), reverse=True)

    def _leaflodging(self, row: Row, _about: str | None) -> Any:
        covered = self.covers(row, "HOUSING", row["entered_on"], kept=True)
        return row["is_lodged"] if covered else None

    # Work with the court.

    def _leadlink_requests(self, row: Row, *_: Any) -> list[Row]:
        found = []
        for each in self._world.rows("coordination_request", link_id=row["id"]):
            day = each["requested_on"]
            if not self.covers(each, "LEGAL_COORD", day):
                continue
            if each["kind"] == "QUASH_WARRANT" and not self.covers(each, "WARRANTS", day):
                continue  # it tells that there is one
            to_us = str(each["recipient_agency_id"]) == str(self._asker.grant["agency_id"])
            if self._asker.role in _READS_ALL_REQUESTS or to_us:
                found.append(each)
        return sorted(found, key=lambda each: (each["requested_at"], each["id"]), reverse=True)

    def _leafended(self, row: Row, _about: str | None) -> bool:
        return row["ended_at"] is not None

    def _query_courtcalendar(
        self, _row: Row, _about: None, arguments: Mapping[str, Any]
    ) -> list[Row]:
        """Return the coming court dates in matched cases, cancelled ones too."""
        start = self._world.now
        end = start + timedelta(days=arguments.get("days", 60))
        found = []
        for link in self._matches(self._world.tables["lead_link"]):
            about = {"participant_id": link["participant_id"], "_link": link}
            found += [
                {**hearing, **about}
                for hearing in self._world.rows("hearing", case_id=link["case_id"])
                if start <= hearing["starts_at"] < end
            ]
        return sorted(found, key=lambda each: (each["starts_at"], each["id"], each["_link"]["id"]))

    def _courtdate_link(self, row: Row, *_: Any) -> list[Row]:
        return [row["_link"]]

    def _courtdate_participant(self, row: Row, *_: Any) -> list[Row]:
        return self._world.rows("participant", id=row["participant_id"])

    def _courtdate_court(self, row: Row, *_: Any) -> list[Row]:
        return self._world.rows("court", id=self._case_of(row["_link"])["court_id"])

    def _leafcase_number(self, row: Row, _about: str | None) -> str:
        return str(self._case_of(row["_link"])["number"])

    # What is kept about consent itself: AUDIT, without a day, of the person as a whole.

    def _about_consent(self, table: str, row: Row, by: str) -> list[Row]:
        found = self._world.rows(table, participant_id=row["id"])
        return sorted(found, key=lambda each: (each[by], each["id"]), reverse=True)

    def _participant_restrictions(self, row: Row, *_: Any) -> list[Row]:
        return self._about_consent("restriction", row, "recorded_at")

    def _participant_emergencyaccesses(self, row: Row, *_: Any) -> list[Row]:
        return self._about_consent("emergency_access", row, "starts_at")

    def _participant_incidents(self, row: Row, *_: Any) -> list[Row]:
        return self._about_consent("incident", row, "reported_at")

    def _participant_amendmentrequests(self, row: Row, *_: Any) -> list[Row]:
        return self._about_consent("amendment_request", row, "requested_at")

    def _participant_handouts(self, row: Row, *_: Any) -> list[Row]:
        return self._about_consent("handout", row, "recorded_at")

    def _participant_legaldemands(self, row: Row, *_: Any) -> list[Row]:
        if self._asker.role in ("PAR", "REP"):  # an order not to tell may come with it
            return []
        return self._about_consent("legal_demand", row, "recorded_at")

    def _participant_courtorders(self, row: Row, *_: Any) -> list[Row]:
        if self._asker.role in ("PAR", "REP"):
            return []
        return self._about_consent("court_order", row, "admitted_at")

    def _participant_duties(self, row: Row, *_: Any) -> list[Row]:
        if self._asker.role not in ("CM", "SUP", "PRV"):
            return []
        return self._in_order("duty", "participant_id", row, "due_at", "id")

    def _participant_bindings(self, row: Row, *_: Any) -> list[Row]:
        found = self._in_order("account_binding", "participant_id", row, "id")
        return sorted(found, key=lambda each: each["starts_at"], reverse=True)

    def _leafrelease_status(self, row: Row, _about: str | None) -> str:
        ended = row["expires_at"] is not None and row["expires_at"] <= self._world.now
        return "EXPIRED" if row["status"] == "ACTIVE" and ended else str(row["status"])

    def _release_provisions(self, row: Row, *_: Any) -> list[Row]:
        return sorted(
            self._world.rows("release_provision", release_id=row["id"]),
            key=lambda each: each["id"],
        )

    def _leafeffect(self, row: Row, _about: str | None) -> str:
        return str(row["effect"]).upper()

    def _agency(self, agency_id: Any) -> list[Row]:
        return self._world.rows("agency", id=str(agency_id)) if agency_id else []

    def _release_discloser(self, row: Row, *_: Any) -> list[Row]:
        return self._agency(row["disclosing_agency_id"])

    def _releaseprovision_recipient(self, row: Row, *_: Any) -> list[Row]:
        return self._agency(row["recipient_agency_id"])

    _courtorder_recipient = _releaseprovision_recipient

    def _restriction_agency(self, row: Row, *_: Any) -> list[Row]:
        return self._agency(row["agency_id"])

    _emergencyaccess_agency = _restriction_agency
    _incident_agency = _restriction_agency
