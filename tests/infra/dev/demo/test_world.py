"""The demo world keeps the promises that services, scripts and the walk rely on."""

import json
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from infra.dev.demo.identifiers import demo_id
from infra.dev.demo.participants import NAMED, RoiState, Stage
from infra.dev.demo.releases import Release
from infra.dev.demo.summary import demo_summary, first_case
from infra.dev.demo.world import World, build_world, world_json
from infra.vocabulary import AgencyType, Role

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(TODAY)


def _live(world: World, handle: str) -> list[Release]:
    return [
        release
        for release in world.releases
        if release.participant_id == demo_id("participant", handle)
        and release.signed_at <= NOW < release.expires_at
        and not release.missing_elements
        and (release.revoked_at is None or release.revoked_at > NOW)
        and (release.superseded_at is None or release.superseded_at > NOW)
    ]


def _recipients(world: World, release: Release) -> set[AgencyType]:
    types = {agency.id: agency.type for agency in world.agencies}
    return {types[provision.recipient_agency_id] for provision in release.provisions}


def test_there_are_sixty_participants_and_personas_of_every_role(world: World) -> None:
    assert len(world.participants) == 60
    assert sum(person.persona for person in world.staff) == 32
    assert {person.role for person in world.staff} == set(Role)
    assert {agency.type for agency in world.agencies} == set(AgencyType)


def test_the_same_day_gives_the_same_world(world: World) -> None:
    assert world_json(build_world(TODAY)) == world_json(world)


def test_ids_and_case_numbers_outlive_the_day(world: World) -> None:
    later = build_world(TODAY + timedelta(days=400))
    assert [row.id for row in later.participants] == [row.id for row in world.participants]
    assert [row.id for row in later.releases] == [row.id for row in world.releases]
    for handle in NAMED:
        assert first_case(later, handle).number == first_case(world, handle).number


def test_ids_are_unique(world: World) -> None:
    ids = [str(value) for value in re.findall(r'^ {3}"id": "([^"]+)"', world_json(world), re.M)]
    assert len(ids) > 600
    assert [row for row, count in Counter(ids).items() if count > 1] == []


def test_every_name_of_a_participant_is_plainly_invented(world: World) -> None:
    for row in world.participants:
        assert row.family_name.startswith("Example-")
    for case in world.legal_cases:
        assert case.defendant_family_name.startswith("Example-")
    for name in (*(p.name for p in world.staff), *(p.family_name for p in world.rosters)):
        assert "Sample-" in name or "xample" in name
    for person in world.rosters:
        assert person.email.endswith(".example")


@pytest.mark.parametrize("handle", ["roi_none", "roi_expired", "roi_revoked", "roi_defective"])
def test_these_handles_have_no_live_release(world: World, handle: str) -> None:
    assert _live(world, handle) == []


def test_the_active_release_names_every_partner_but_the_court(world: World) -> None:
    [release] = _live(world, "roi_active")
    assert _recipients(world, release) >= {
        AgencyType.LE, AgencyType.PROS, AgencyType.DEF, AgencyType.HOUS, AgencyType.PMA,
    }  # fmt: skip
    assert AgencyType.COURT not in _recipients(world, release)


def test_the_partial_release_leaves_only_the_prosecutor_out(world: World) -> None:
    [partial] = _live(world, "roi_partial_no_prosecutor")
    [full] = _live(world, "roi_active")
    assert _recipients(world, full) - _recipients(world, partial) == {AgencyType.PROS}


def test_the_superseding_release_leaves_the_police_out(world: World) -> None:
    [new] = _live(world, "roi_superseded")
    assert new.version == 2
    assert AgencyType.LE not in _recipients(world, new)


def test_no_release_of_one_site_names_an_agency_of_the_other_alone(world: World) -> None:
    sites = {agency.id: agency.site_keys for agency in world.agencies}
    keys = {site.id: site.key for site in world.sites}
    for release in world.releases:
        for provision in release.provisions:
            assert keys[release.site_id] in sites[provision.recipient_agency_id]


def test_nobody_signed_before_intake(world: World) -> None:
    stages = {row.id: row for row in world.participants}
    for release in world.releases:
        assert stages[release.participant_id].stage is not Stage.SCREENING
    screening = [row for row in world.participants if row.stage is Stage.SCREENING]
    assert screening
    assert all(row.roi_state is RoiState.NONE for row in screening)


def test_caseloads_stay_below_the_warning(world: World) -> None:
    counts = Counter(row.subject for row in world.assignments)
    assert max(counts.values()) < 20
    assert counts["persona:case_manager"] > 7
    assert counts["persona:case_manager_unassigned"] == 0
    named = {demo_id("participant", handle) for handle in NAMED if handle != "other_site"}
    mine = {r.participant_id for r in world.assignments if r.subject == "persona:case_manager"}
    assert named <= mine


def test_dockets_hold_five_others_for_each_participants_case(world: World) -> None:
    matched = {match.case_id for match in world.matches}
    assert len(world.legal_cases) - len(matched) >= 5 * len(matched)
    assert len({case.number for case in world.legal_cases}) == len(world.legal_cases)


def test_every_relation_occurs_and_follows_from_the_dates(world: World) -> None:
    cases = {case.id: case for case in world.legal_cases}
    enrolled = {row.participant_id: row.enrolled_on for row in world.enrollments}
    seen = set()
    for match in world.matches:
        case, day = cases[match.case_id], enrolled[match.participant_id]
        seen.add((match.relation, match.incident_timing))
        if match.relation == "POST_ENROLLMENT":
            assert case.filed_on is not None
            assert case.filed_on > day
            before = match.incident_timing == "INCIDENT_BEFORE_ENROLLMENT"
            assert (case.incident_on < day) == before
        elif match.relation in {"PRE_EXISTING", "HISTORICAL"}:
            assert case.filed_on is not None
            assert case.filed_on < day
            assert (case.closed_on is not None) == (match.relation == "HISTORICAL")
        else:
            assert match.held_for_lead
            assert case.filed_on is None
        assert case.filed_on is None or case.filed_on <= TODAY
    assert len(seen) == 5


def test_numbers_do_not_tell_participants_from_others(world: World) -> None:
    """Were participants' cases numbered together, their mean rank would be far from the middle."""
    matched = {match.case_id for match in world.matches}
    local = [case for case in world.legal_cases if case.number.startswith("CF-")]
    ranks = [rank for rank, case in enumerate(local) if case.id in matched]
    assert 0.35 < sum(ranks) / len(ranks) / len(local) < 0.65


def test_the_officer_referred_most_named_participants(world: World) -> None:
    mine = {r.participant_id for r in world.referrals if r.author_subject == "persona:officer"}
    assert demo_id("participant", "roi_active") in mine
    assert {row.door for row in world.referrals} == {
        "ARREST_DIVERSION", "SOCIAL_CONTACT", "COMMUNITY",
    }  # fmt: skip


def test_the_file_is_plain_json(world: World) -> None:
    document = json.loads(world_json(world))
    assert document["format"] == 1
    assert document["on"] == "2026-11-22"
    assert document["releases"][0]["signed_at"].endswith("+00:00")
    assert "8020-1" in document["course_page"]


def test_rosters_hold_no_participant(world: World) -> None:
    people = {(row.given_name, row.family_name) for row in world.participants}
    assert not people & {(row.given_name, row.family_name) for row in world.rosters}
    assert len({row.agency_id for row in world.rosters}) == 2


def test_the_summary_speaks_of_what_scripts_need(world: World) -> None:
    summary = demo_summary(world)
    by_handle = {row["handle"]: row for row in summary["participants"]}
    assert set(by_handle) >= {*NAMED, "absent"}
    assert by_handle["absent"]["id"] not in {str(row.id) for row in world.participants}
    for handle in NAMED:
        assert by_handle[handle]["cases"]
    states = [row["state"] for row in by_handle["roi_superseded"]["releases"]]
    assert states == ["SUPERSEDED", "ACTIVE"]
    assert by_handle["roi_revoked"]["releases"][0]["state"] == "REVOKED"
