"""What `demo --json` prints: the parts of the demo world that a person or a script can use."""

from typing import Any

from infra.dev.demo.directory import Staff
from infra.dev.demo.dockets import LegalCase
from infra.dev.demo.identifiers import demo_id
from infra.dev.demo.participants import ABSENT, NAMED
from infra.dev.demo.world import World

SESSION_NUMBER = "8020-1"


def demo_summary(world: World) -> dict[str, Any]:
    """Return personas, participants with releases and case numbers, agencies, and the session.

    ::

        {"on": day,
         "personas": [{persona, name, subject, role, agency: {id, key, name, type} | null,
                       site: {id, key, name}, purposes, liaison, service, grant_id, participant}],
         "participants": [{handle, named, id, name, site, roi_state, stage, serving_agency,
                           case_manager, releases: [{id, version, state, recipients, expires_at}],
                           cases: [{id, number, relation}]}],
         "agencies": [{id, key, name, type, sites}], "sites": [{id, key, name}],
         "session": {"number": "8020-1", "course": "8020"}}

    The last participant is `absent`: its id names nobody.
    """
    agencies = {
        row.id: {"id": str(row.id), "key": row.key, "name": row.name, "type": row.type.value}
        for row in world.agencies
    }
    sites = {row.key: {"id": str(row.id), "key": row.key, "name": row.name} for row in world.sites}
    nobody = {
        "handle": ABSENT,
        "named": True,
        "id": str(demo_id("participant", ABSENT)),
        "name": None,
        "site": None,
        "roi_state": None,
        "stage": None,
        "serving_agency": None,
        "case_manager": None,
        "releases": [],
        "cases": [],
    }
    return {
        "on": world.on.isoformat(),
        "personas": [
            _persona(row, agencies[row.agency_id] if row.agency_id else None, sites[row.site_key])
            for row in world.staff
            if row.persona
        ],
        "participants": [*_participants(world), nobody],
        "agencies": [{**agencies[row.id], "sites": list(row.site_keys)} for row in world.agencies],
        "sites": list(sites.values()),
        "session": {"number": SESSION_NUMBER, "course": SESSION_NUMBER.partition("-")[0]},
    }


def _persona(row: Staff, agency: dict[str, str] | None, site: dict[str, str]) -> dict[str, Any]:
    return {
        "persona": row.handle,
        "name": row.name,
        "subject": row.subject,
        "role": row.role.value,
        "agency": agency,
        "site": site,
        "purposes": [purpose.value for purpose in row.purposes],
        "liaison": row.liaison,
        "service": row.service,
        "grant_id": str(row.grant_id),
        "participant": row.participant_handle,
    }


def _participants(world: World) -> list[dict[str, Any]]:
    keys = {row.id: row.key for row in world.agencies}
    handles = {row.subject: row.handle for row in world.staff}
    managers = {row.participant_id: handles[row.subject] for row in world.assignments}
    cases = {row.id: row for row in world.legal_cases}
    return [
        {
            "handle": row.handle,
            "named": row.handle in NAMED,
            "id": str(row.id),
            "name": f"{row.given_name} {row.family_name}",
            "site": row.site_key,
            "roi_state": row.roi_state.value,
            "stage": row.stage.value,
            "serving_agency": row.serving_agency_key,
            "case_manager": managers.get(row.id),
            "releases": [
                {
                    "id": str(release.id),
                    "version": release.version,
                    "state": "SUPERSEDED" if release.superseded_by else _state(row.roi_state.value),
                    "recipients": [keys[p.recipient_agency_id] for p in release.provisions],
                    "expires_at": release.expires_at.isoformat(),
                }
                for release in world.releases
                if release.participant_id == row.id
            ],
            "cases": [
                {
                    "id": str(match.case_id),
                    "number": cases[match.case_id].number,
                    "relation": match.relation,
                }
                for match in world.matches
                if match.participant_id == row.id
            ],
        }
        for row in world.participants
    ]


def _state(of_participant: str) -> str:
    """Return the state of a release that is not superseded."""
    return "ACTIVE" if of_participant in {"PARTIAL", "SUPERSEDED"} else of_participant


def first_case(world: World, handle: str) -> LegalCase:
    """Return the first legal case of a named participant; its number depends on no date.

    Raises KeyError when the participant has none.
    """
    participant_id = demo_id("participant", handle)
    for match in world.matches:
        if match.participant_id == participant_id:
            return next(case for case in world.legal_cases if case.id == match.case_id)
    raise KeyError(handle)
