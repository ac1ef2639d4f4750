"""Loads the demo world's dockets, matches and counsel. Idempotent: a second run does nothing."""

import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from infra import clock
from infra.authority.handover import append
from infra.database import WriteSession
from infra.subgraph_app import Chassis
from svc_cases.cases import repository
from svc_cases.cases.rules import CaseStatus
from svc_cases.cases.tables import Charge, Court, Hearing, LegalCase, Statute
from svc_cases.coordination.rules import CoordinationStatus, WarrantSource, status_at_match
from svc_cases.coordination.tables import FilingDecision, LeadLink, Warrant, WarrantChange
from svc_cases.counsel.commands import counsel_operation
from svc_cases.counsel.tables import Counsel
from svc_cases.demo import seed_demo

_NAMESPACE = UUID("2f4f3f1c-6a34-5d0b-8b6e-9d1f0c7a5b21")
_PUBLIC_STATUS = {"UNDER_REVIEW": CaseStatus.NOT_FILED}
_COURTROOMS = ("Courtroom 1", "Courtroom 2", "Courtroom 3")
_STATUTES_FROM = date(1976, 7, 1)
"""The criminal code (RCW 9A) is in force since that day."""
_HOLD_REASON = "Held so that work with LEAD can go on."

World = dict[str, Any]


async def seed(chassis: Chassis, world: Path) -> None:
    """Load the world from a file.

    Args:
        chassis: the service's parts; counsel is left in the outbox until the service runs.
        world: `world.json` of the demo.
    """
    loaded = _read(world)
    async with chassis.database.write() as session:
        if await repository.courts(session):
            return
        await _seed_record(session, loaded)
        await _seed_matches(session, loaded)
        _seed_counsel(session, loaded)
        await seed_demo(session, loaded)


def _read(path: Path) -> World:
    world: World = json.loads(path.read_text(encoding="utf-8"))
    return world


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _moment(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _made_up_id(kind: str, row_id: str) -> UUID:
    return uuid5(_NAMESPACE, f"{kind}:{row_id}")


async def _seed_record(session: WriteSession, world: World) -> None:
    agencies = {row["id"]: row for row in world["agencies"]}
    sites = {row["id"]: row for row in world["sites"]}
    courts = {row["court_agency_id"]: row["site_id"] for row in world["legal_cases"]}
    for court_id, site_id in courts.items():
        session.add(
            Court(
                id=UUID(court_id),
                code=agencies[court_id]["key"],
                name=agencies[court_id]["name"],
                site_id=UUID(site_id),
                time_zone=sites[site_id]["time_zone"],
            )
        )
    await session.flush()
    session.add_all(_statutes(world))
    for row in world["legal_cases"]:
        session.add(_case(row))
    await session.flush()
    for row in world["legal_cases"]:
        session.add_all(_charges(row))
        session.add_all(_hearings(row))
    await session.flush()


def _statutes(world: World) -> list[Statute]:
    """Return each site's list: the offences that its dockets charge."""
    known = {
        (row["site_id"], charge["statute"]): charge
        for row in world["legal_cases"]
        for charge in row["charges"]
    }
    return [
        Statute(
            id=_made_up_id("statute", f"{site_id}:{code}"),
            site_id=UUID(site_id),
            code=code,
            title=charge["description"],
            nibrs=charge["nibrs"],
            charge_class=charge["charge_class"],
            from_on=_STATUTES_FROM,
            to_on=None,
        )
        for (site_id, code), charge in sorted(known.items())
    ]


def _case(row: World) -> LegalCase:
    return LegalCase(
        id=UUID(row["id"]),
        number=row["number"],
        court_id=UUID(row["court_agency_id"]),
        site_id=UUID(row["site_id"]),
        prosecutor_agency_id=UUID(row["prosecutor_agency_id"]),
        defendant_given_name=row["defendant_given_name"],
        defendant_family_name=row["defendant_family_name"],
        status=(_PUBLIC_STATUS.get(row["status"]) or CaseStatus(row["status"])).value,
        incident_on=_day(row["incident_on"]),
        filed_on=_day(row["filed_on"]),
        closed_on=_day(row["closed_on"]),
        version=1,
    )


def _charges(row: World) -> list[Charge]:
    return [
        Charge(
            id=UUID(charge["id"]),
            case_id=UUID(row["id"]),
            position=position,
            statute=charge["statute"],
            description=charge["description"],
            nibrs=charge["nibrs"],
            charge_class=charge["charge_class"],
            status=charge["status"],
        )
        for position, charge in enumerate(row["charges"], start=1)
    ]


def _hearings(row: World) -> list[Hearing]:
    return [
        Hearing(
            id=UUID(hearing["id"]),
            case_id=UUID(row["id"]),
            kind=hearing["kind"],
            starts_at=datetime.fromisoformat(hearing["starts_at"]),
            courtroom=_COURTROOMS[UUID(hearing["id"]).int % len(_COURTROOMS)],
        )
        for hearing in row["hearings"]
    ]


async def _seed_matches(session: WriteSession, world: World) -> None:
    cases = {row["id"]: row for row in world["legal_cases"]}
    accounts = {row["subject"]: row for row in world["staff"]}
    enrolled: dict[str, date] = {}
    for row in sorted(world["enrollments"], key=lambda each: str(each["enrolled_on"])):
        enrolled.setdefault(row["participant_id"], date.fromisoformat(row["enrolled_on"]))
    liaisons = {
        row["agency_id"]: row for row in world["staff"] if row["role"] == "PRO" and row["liaison"]
    }
    for match in world["matches"]:
        case = cases[match["case_id"]]
        # Cases that were there at enrollment were matched then; a later one when it was filed.
        filed_on = _day(case["filed_on"])
        matched_on = enrolled[match["participant_id"]]
        if filed_on is not None:
            matched_on = max(matched_on, filed_on)
        link = _link(match, filed_on, matched_on, accounts)
        session.add(link)
        await session.flush()
        if match["held_for_lead"]:
            liaison = liaisons.get(case["prosecutor_agency_id"])
            if liaison is not None:
                session.add(_hold(match, matched_on, liaison))
        for warrant in case["warrants"]:
            await _seed_warrant(session, link, warrant)


def _link(
    match: World, filed_on: date | None, matched_on: date, accounts: dict[str, World]
) -> LeadLink:
    status = status_at_match(is_filed=filed_on is not None)
    if match["held_for_lead"]:
        status = CoordinationStatus.HELD_FOR_LEAD
    return LeadLink(
        id=UUID(match["id"]),
        case_id=UUID(match["case_id"]),
        participant_id=UUID(match["participant_id"]),
        is_diverted_arrest=match["held_for_lead"],
        coordination_status=status.value,
        matched_by=accounts[match["matched_by_subject"]]["id"],
        matched_on=matched_on,
        matched_at=_moment(matched_on),
        version=1,
    )


def _hold(match: World, decided_on: date, liaison: World) -> FilingDecision:
    return FilingDecision(
        id=_made_up_id("hold", match["id"]),
        link_id=UUID(match["id"]),
        participant_id=UUID(match["participant_id"]),
        decision=CoordinationStatus.HELD_FOR_LEAD.value,
        reason=_HOLD_REASON,
        decided_on=decided_on,
        decided_by=liaison["id"],
        agency_id=liaison["agency_id"],
        recorded_at=_moment(decided_on),
    )


async def _seed_warrant(session: WriteSession, link: LeadLink, row: World) -> None:
    source = WarrantSource.PUBLIC_COURT.value
    session.add(
        Warrant(
            id=UUID(row["id"]),
            link_id=link.id,
            participant_id=link.participant_id,
            status=row["status"],
            source=source,
            issued_on=_day(row["issued_on"]),
            recorded_on=link.matched_on,
            version=1,
        )
    )
    await session.flush()
    session.add(
        WarrantChange(
            id=_made_up_id("warrant_change", row["id"]),
            warrant_id=UUID(row["id"]),
            status=row["status"],
            source=source,
            recorded_by=link.matched_by,
            agency_id="",
            recorded_at=link.matched_at,
        )
    )


def _seed_counsel(session: WriteSession, world: World) -> None:
    accounts = {row["subject"]: row["id"] for row in world["staff"]}
    operations = []
    for row in world["counsel"]:
        starts_on = date.fromisoformat(row["starts_on"])
        counsel = Counsel(
            id=UUID(row["id"]),
            participant_id=UUID(row["participant_id"]),
            defender=accounts[row["subject"]],
            agency_id=row["agency_id"],
            starts_on=starts_on,
            confirmed_on=starts_on,
            recorded_by=accounts["persona:case_manager"],
            recorded_at=clock.now(),
            version=1,
        )
        session.add(counsel)
        operations.append(
            counsel_operation(
                counsel.id, counsel.participant_id, counsel.defender, _moment(starts_on)
            )
        )
    append(session, operations)
