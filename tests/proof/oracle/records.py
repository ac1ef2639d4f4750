"""Which records hang on which, and which of them one asker may read: rules that look at a row."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from tests.proof.oracle.consent import Asker, Ground, Row, World

Grounds = Callable[[str, str], list[Ground]]

_UNFILED_CASES = {"CM", "SUP", "PM", "PRO", "DEF", "PAR", "REP"}
# A stay at one of these tells what somebody is treated for (42 CFR 2.13(c), RCW 70.02.230).
_TELLING = {
    "SUBSTANCE_USE_FACILITY": "SUD",
    "PSYCHIATRIC_FACILITY": "MENTAL_HEALTH",
}
_NOTHING = "There is nothing helpful to add at this time."
_NOT_A_FILING = {"REFERRED_TO_PROSECUTOR", "UNDER_REVIEW", "HELD_FOR_LEAD"}


class Records:
    """The world's records as one asker reaches them."""

    def __init__(self, world: World, asker: Asker, grounds: Grounds) -> None:
        self._world = world
        self._asker = asker
        self._grounds = grounds

    def children(
        self,
        type_name: str,
        name: str,
        row: Row,
        about: str | None,
        arguments: Mapping[str, Any],
    ) -> list[Row] | None:
        """Return the rows behind a field, in order, without those that may not be read.

        None stands for a list that is not there at all.
        """
        read = getattr(self, f"_{type_name}_{name}".lower())
        rows: list[Row] | None = read(row, about, arguments)
        return rows

    def leaf(self, type_name: str, row: Row, about: str | None, column: str) -> Any:
        """Return a value; a ``+`` marks what is not simply a column."""
        if not column.startswith("+"):
            value = row[column]
            if type_name == "Referral" and not self._may_read_part(row, column):
                return None
            return value
        return getattr(self, f"_leaf{column[1:]}")(row, about)

    # Which grounds cover which row.

    def covers(self, row: Row, category: str, day: date | None, *, kept: bool = False) -> bool:
        """Return whether any ground covers a row of that day; ``kept`` by one agency (D05, D08)."""
        return any(
            ground.covers_day(day)
            and (not kept or ground.agency is None or ground.agency == str(row["agency_id"]))
            for ground in self._grounds(str(row["participant_id"]), category)
        )

    def _of(
        self, table: str, row: Row, category: str, day: str, *, kept: bool = False
    ) -> list[Row]:
        return [
            each
            for each in self._world.rows(table, participant_id=row["id"])
            if self.covers(each, category, each[day], kept=kept)
        ]

    # Roots.

    def _query_courts(self, *_: Any) -> list[Row]:
        return sorted(self._world.rows("court"), key=lambda each: each["code"])

    def _query_sites(self, *_: Any) -> list[Row]:
        return sorted(self._world.rows("site"), key=lambda each: (each["name"], str(each["id"])))

    def _query_mygrants(self, *_: Any) -> list[Row]:
        return self._world.rows("role_grant", account_id=self._asker.account)

    def _query_participant(
        self, _row: Row, _about: None, arguments: Mapping[str, Any]
    ) -> list[Row]:
        return self._world.rows("participant", id=arguments["id"])

    def _query_participants(self, *_: Any) -> list[Row]:
        return [
            each
            for each in sorted(
                self._world.rows("participant"), key=lambda row: (row["created_at"], row["id"])
            )
            if self._grounds(str(each["id"]), "IDENTITY")
        ]

    def _query_caseload(self, *_: Any) -> list[Row]:
        mine = {
            str(each["participant_id"])
            for each in self._world.rows("caseload_assignment", account_id=self._asker.account)
            if each["ended_at"] is None
        }
        return [each for each in self._query_participants() if str(each["id"]) in mine]

    def _query_casebynumber(
        self, _row: Row, _about: None, arguments: Mapping[str, Any]
    ) -> list[Row]:
        return self._public(self._world.rows("legal_case", number=arguments["number"]))

    def _query_legalcase(self, _row: Row, _about: None, arguments: Mapping[str, Any]) -> list[Row]:
        return self._public(self._world.rows("legal_case", id=arguments["id"]))

    def _query_docket(self, _row: Row, _about: None, arguments: Mapping[str, Any]) -> list[Row]:
        """Return the whole docket of the own office at a court on a day, participants or not."""
        first_on_day: list[tuple[Any, str, Row]] = []
        for court in self._world.rows("court", code=arguments["court"]):
            zone = ZoneInfo(court["time_zone"])
            for case in self._public(self._world.rows("legal_case", court_id=court["id"])):
                offices = {str(case["prosecutor_agency_id"]), str(case["court_id"])}
                times = [
                    each["starts_at"]
                    for each in self._world.rows("hearing", case_id=case["id"])
                    if each["starts_at"].astimezone(zone).date().isoformat() == arguments["on"]
                ]
                if times and str(self._asker.grant["agency_id"]) in offices:
                    first_on_day.append((min(times), case["number"], case))
        return [case for _, _, case in sorted(first_on_day, key=lambda each: each[:2])]

    def _public(self, cases: list[Row]) -> list[Row]:
        if self._asker.purpose is None or self._asker.cell("LEGAL_PUBLIC") not in "WP":
            return []
        return [each for each in cases if each["filed_on"] is not None]

    def _query_leadlink(self, _row: Row, _about: None, arguments: Mapping[str, Any]) -> list[Row]:
        return self._matches(self._world.rows("lead_link", id=arguments["id"]))

    def _query_referral(self, _row: Row, _about: None, arguments: Mapping[str, Any]) -> list[Row]:
        return [
            each
            for each in self._world.rows("referral", id=arguments["id"])
            if self._reads_form(each) or self._reads_outcome(each)
        ]

    def _query_myreferrals(self, *_: Any) -> list[Row]:
        mine = self._world.rows("referral", author_subject=self._asker.account)
        return [each for each in _newest(mine, "submitted_at") if self._reads_form(each)]

    def _query_referralqueue(self, *_: Any) -> list[Row]:
        waiting = [
            each
            for each in self._world.rows("referral")
            if each["status"] in ("SUBMITTED", "SCREENING", "WAITLISTED")
            and any(
                ground.kind == "screening" and ground.referral in (None, str(each["id"]))
                for ground in self._grounds(str(each["participant_id"]), "ELIGIBILITY")
            )
        ]
        return _newest(waiting, "submitted_at")[::-1]

    # Referrals: the form is REFERRAL, what became of it ELIGIBILITY.

    def _reads(self, row: Row, category: str) -> bool:
        return any(
            ground.covers_day(row["submitted_on"]) and ground.referral in (None, str(row["id"]))
            for ground in self._grounds(str(row["participant_id"]), category)
        )

    def _reads_form(self, row: Row) -> bool:
        return self._reads(row, "REFERRAL")

    def _reads_outcome(self, row: Row) -> bool:
        return self._reads(row, "ELIGIBILITY")

    def _may_read_part(self, row: Row, column: str) -> bool:
        if column == "id":
            return True
        outcome = ("status", "decision_reason", "decided_at", "provider_agency_id", "version")
        return self._reads_outcome(row) if column in outcome else self._reads_form(row)

    def _leafnot_to_the_person(self, row: Row, _about: str | None) -> Any:
        hidden = self._asker.role in ("PAR", "REP") or not self._reads_form(row)
        return None if hidden else row["account"]

    def _leafsafety(self, row: Row, _about: str | None) -> Any:
        hidden = self._asker.role in ("PAR", "REP") or not self._reads_form(row)
        return None if hidden else row["safety_concerns"]

    def _referral_participant(self, row: Row, *_: Any) -> list[Row]:
        return self._world.rows("participant", id=row["participant_id"])

    def _referral_person(self, row: Row, *_: Any) -> list[Row]:
        return [row] if self._reads_form(row) else []

    # The person.

    def _participant_name(self, row: Row, *_: Any) -> list[Row]:
        return [row]

    def _participant_aliases(self, row: Row, *_: Any) -> list[Row]:
        aliases = self._world.rows("participant_alias", participant_id=row["id"])
        return sorted(aliases, key=lambda each: (each["name"], each["id"]))

    def _participant_contact(self, row: Row, *_: Any) -> list[Row]:
        return self._world.rows("participant_contact", participant_id=row["id"])

    def _participant_demographics(self, row: Row, *_: Any) -> list[Row]:
        return self._world.rows("participant_demographics", participant_id=row["id"])

    def _participant_referrals(self, row: Row, *_: Any) -> list[Row]:
        found = self._world.rows("referral", participant_id=row["id"])
        return [each for each in _newest(found, "submitted_at") if self._reads_form(each)]

    def _participant_enrollments(self, row: Row, *_: Any) -> list[Row]:
        return _newest(self._of("enrollment", row, "ENROLLMENT", "enrolled_on"), "created_at")

    def _participant_enrollment(self, row: Row, *_: Any) -> list[Row]:
        found = self._participant_enrollments(row)
        return [each for each in found if each["exit_reason"] != "ADMIN_ERROR"][:1]

    def _leaffirst_enrolled_on(self, row: Row, _about: str | None) -> date | None:
        entered = [
            each
            for each in self._world.rows("enrollment", participant_id=row["id"])
            if each["enrolled_on"] is not None and each["exit_reason"] != "ADMIN_ERROR"
        ]
        for first in sorted(entered, key=lambda each: (each["enrolled_on"], each["id"]))[:1]:
            if self.covers(first, "ENROLLMENT", first["enrolled_on"]):
                day: date = first["enrolled_on"]
                return day
        return None

    def _enrollment_steps(self, row: Row, *_: Any) -> list[Row]:
        steps = self._world.rows("enrollment_event", enrollment_id=row["id"])
        return [
            each
            for each in sorted(steps, key=lambda step: (step["happened_at"], step["id"]))
            if self.covers(each, "ENROLLMENT", each["happened_on"])
        ]

    def _enrollment_datecorrections(self, row: Row, *_: Any) -> list[Row]:
        found = self._world.rows("enrollment_date_correction", enrollment_id=row["id"])
        return [
            each
            for each in sorted(found, key=lambda each: (each["corrected_at"], each["id"]))
            if self.covers(each, "ENROLLMENT", each["after_on"])
        ]

    def _participant_assignments(self, row: Row, *_: Any) -> list[Row]:
        return _newest(
            self._of("caseload_assignment", row, "ENROLLMENT", "starts_on"), "created_at"
        )

    def _participant_notes(self, row: Row, *_: Any) -> list[Row]:
        found = self._of("case_note", row, "CASE_NOTES", "occurred_on", kept=True)
        if self._asker.role in ("PAR", "REP"):  # what third parties told is excepted (D04)
            found = [each for each in found if each["mode"] != "COLLATERAL"]
        return _newest(found, "written_at")

    def _participant_goals(self, row: Row, *_: Any) -> list[Row]:
        found = self._of("goal", row, "GOALS_PLAN", "set_on", kept=True)
        return sorted(found, key=lambda each: (each["created_at"], each["id"]))

    def _participant_housinghistory(self, row: Row, *_: Any) -> list[Row]:
        found = [
            each
            for each in self._of("housing_status", row, "HOUSING", "as_of", kept=True)
            if each["situation"] not in _TELLING
            or self.covers(each, _TELLING[each["situation"]], each["as_of"], kept=True)
        ]
        return sorted(
            found, key=lambda each: (each["as_of"], each["recorded_at"], each["id"]), reverse=True
        )

    def _participant_housing(self, row: Row, *_: Any) -> list[Row]:
        return self._participant_housinghistory(row)[:1]

    def _participant_progresssummary(self, row: Row, *_: Any) -> list[Row]:
        approved = [
            each
            for each in self._of("progress_summary", row, "GOALS_PLAN", "approved_on")
            if each["state"] == "APPROVED" and not each["is_nothing_to_add"]
        ]
        nothing = dict.fromkeys(("engagement", "barriers", "what_would_help", "approved_at"))
        return approved or [{"is_nothing_to_add": True, "statement": _NOTHING, **nothing}]  # GR-5

    def _participant_progresssummarywordings(self, row: Row, *_: Any) -> list[Row]:
        return _newest(
            [
                each
                for each in self._world.rows("progress_summary", participant_id=row["id"])
                if any(
                    ground.agency in (None, str(each["agency_id"]))
                    for ground in self._grounds(str(row["id"]), "GOALS_PLAN")
                )
            ],
            "written_at",
        )

    def _participant_releases(self, row: Row, *_: Any) -> list[Row]:
        return _newest(self._world.rows("release", participant_id=row["id"]), "recorded_at")

    # The legal side.

    def _matches(self, links: list[Row]) -> list[Row]:
        return [
            each
            for each in sorted(links, key=lambda link: (link["matched_at"], link["id"]))
            if each["ended_at"] is None and self.covers(each, "LEGAL_COORD", each["matched_on"])
        ]

    def _participant_legalcases(self, row: Row, *_: Any) -> list[Row]:
        return self._matches(self._world.rows("lead_link", participant_id=row["id"]))

    def _participant_counsel(self, row: Row, *_: Any) -> list[Row]:
        found = self._world.rows("counsel_of_record", participant_id=row["id"])
        present = [each for each in found if each["ended_at"] is None]
        return sorted(present, key=lambda each: (each["recorded_at"], each["id"]))

    def _legalcase_leadlink(self, row: Row, *_: Any) -> list[Row]:
        return self._matches(self._world.rows("lead_link", case_id=row["id"]))[:1]

    def _legalcase_court(self, row: Row, *_: Any) -> list[Row]:
        return self._world.rows("court", id=row["court_id"])

    def _legalcase_charges(self, row: Row, *_: Any) -> list[Row]:
        found = self._world.rows("charge", case_id=row["id"])
        return sorted(found, key=lambda each: (each["position"], each["id"]))

    def _legalcase_hearings(self, row: Row, *_: Any) -> list[Row]:
        found = self._world.rows("hearing", case_id=row["id"])
        return sorted(found, key=lambda each: (each["starts_at"], each["id"]))

    def _leafdefendant(self, row: Row, _about: str | None) -> str:
        return f"{row['defendant_family_name']}, {row['defendant_given_name']}"

    def _case_of(self, link: Row) -> Row:
        (case,) = self._world.rows("legal_case", id=link["case_id"])
        return case

    def _leadlink_case(self, row: Row, *_: Any) -> list[Row]:
        case = self._case_of(row)
        if case["filed_on"] is None and self._asker.role not in _UNFILED_CASES:
            return []
        return [case]

    def _leadlink_participant(self, row: Row, *_: Any) -> list[Row]:
        return self._world.rows("participant", id=row["participant_id"])

    def _leadlink_datecorrections(self, row: Row, *_: Any) -> list[Row]:
        found = self._world.rows("case_date_correction", case_id=row["case_id"])
        return sorted(found, key=lambda each: (each["corrected_at"], each["id"]))

    def _leadlink_warrants(self, row: Row, *_: Any) -> list[Row]:
        found = self._world.rows("warrant", link_id=row["id"])
        ordered = sorted(
            found, key=lambda each: (each["issued_on"] is None, each["issued_on"], each["id"])
        )
        return [each for each in ordered if self.covers(each, "WARRANTS", each["recorded_on"])]

    def _leadlink_filingdecision(self, row: Row, *_: Any) -> list[Row]:
        found = self._world.rows("filing_decision", link_id=row["id"])
        return [
            each
            for each in _newest(found, "recorded_at")
            if self.covers(each, "LEGAL_COORD", each["decided_on"])
        ][:1]

    def _leafstanding(self, row: Row, _about: str | None) -> str:
        status = str(row["coordination_status"])
        is_filed = self._case_of(row)["filed_on"] is not None
        return "FILED" if is_filed and status in _NOT_A_FILING else status

    def _leafrelation(self, row: Row, _about: str | None) -> str | None:
        if row["is_diverted_arrest"]:
            return "DIVERTED"
        case = self._case_of(row)
        (person,) = self._world.rows("participant", id=row["participant_id"])
        enrolled = self._leaffirst_enrolled_on(person, None)
        if enrolled is None:
            return None
        if case["closed_on"] is not None and case["closed_on"] < enrolled:
            return "HISTORICAL"
        if case["filed_on"] is not None:
            return "PRE_EXISTING" if case["filed_on"] <= enrolled else "POST_ENROLLMENT"
        if case["incident_on"] is not None and case["incident_on"] > enrolled:
            return "POST_ENROLLMENT"
        return None

    def _leaftiming(self, row: Row, about: str | None) -> str | None:
        case = self._case_of(row)
        if self._leafrelation(row, about) != "POST_ENROLLMENT" or case["incident_on"] is None:
            return None
        (person,) = self._world.rows("participant", id=row["participant_id"])
        enrolled = self._leaffirst_enrolled_on(person, None)
        after = enrolled is not None and case["incident_on"] > enrolled
        return "INCIDENT_AFTER_ENROLLMENT" if after else "INCIDENT_BEFORE_ENROLLMENT"


def _newest(rows: list[Row], by: str) -> list[Row]:
    return sorted(rows, key=lambda each: (each[by], each["id"]), reverse=True)
