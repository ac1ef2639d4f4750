"""Reads what the services hold into the oracle's tables: plain rows, past every rule."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tests.proof.house import House
from tests.proof.oracle.consent import Row, World

TABLES = {
    "consent": (
        "site agency membership mou account role_grant account_binding release release_provision"
        " restriction emergency_access incident legal_demand court_order amendment_request handout"
        " duty"
    ),
    "participants": (
        "participant participant_alias participant_contact participant_demographics referral"
        " site_program enrollment enrollment_event caseload_assignment case_note goal"
        " housing_status progress_summary care_plan goal_step goal_step_event goal_progress"
        " assessment assessment_answer assessment_score encounter arranged_service care_move"
        " income_status benefit naloxone_given overdose_event fund_spend care_document appointment"
        " contact_attempt programme_place case_note_amendment case_note_topic case_note_sign_off"
        " staff_name protocol_version enrollment_date_correction"
    ),
    "cases": (
        "court legal_case charge hearing lead_link case_date_correction filing_decision warrant"
        " counsel_of_record coordination_request owg_meeting owg_attendee owg_item owg_note"
        " owg_action pledge_wording court_letter"
    ),
}


async def read_world(house: House) -> World:
    """Return everything as it is now; settles the house first."""
    await house.settled()
    tables: dict[str, list[Row]] = {}
    for service, names in TABLES.items():
        for name in names.split():
            rows = await house.services[service].rows(f"select * from {name}")
            tables[name] = [{key: _plain(value) for key, value in row.items()} for row in rows]
    (found,) = await house.services["consent"].rows("select clock_timestamp() as now")
    now: datetime = found["now"]
    return World(tables, now)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
