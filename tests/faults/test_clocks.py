"""Wall clocks that step, ahead and back: only the database's clock decides what has ended (CN-04).

Real processes, each with a clock of its own (Debian's libfaketime). What is asserted is what was
answered; that a clock has been stepped shows in whom it refuses.
"""

import asyncio
import random

import pytest

from tests.fixtures.whole_platform import Platform
from tests.proof.history import check
from tests.proof.processes import FAKE_CLOCKS, PATIENT, Cluster, OwnProcess, running_cluster
from tests.proof.revocation import Drive

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(not FAKE_CLOCKS, reason="needs Debian's libfaketime"),
]

_BEHIND_SECONDS = 8  # within what a token may be ahead of a gateway's clock
_HOUR = 3600
_ENDS_AFTER = (4.0, 8.0, 16.0, 32.0, 64.0)
_QUERY = "{ participants(first: 1) { totalCount } courses(first: 1) { edges { node { number } } } }"


async def _shown_after_the_end(cluster: Cluster) -> list[str]:
    """Let a release end by its own time before a gateway that is behind; say what is wrong."""
    agencies = cluster.platform.demo()["agencies"]
    recipients = [a["id"] for a in agencies if a["key"] in ("cedar-housing", "cedar-sud")]
    drive = Drive(cluster.door, 1, recipients, random.Random(3))
    await drive.prepare(1)
    assert await cluster.gateways[0].step_clock(-_BEHIND_SECONDS)
    found: list[str] = []
    for seconds in _ENDS_AFTER:
        was_shown = await drive.end_by_time(seconds)
        found = [each.reason for each in check(drive.changes, drive.disclosures, is_fresh=False)]
        if was_shown or found:
            return found
    raise AssertionError("nobody was shown while the release was in force")


async def test_a_gateway_whose_clock_is_behind_shows_nothing_after_the_end(
    platform: Platform,
) -> None:
    async with running_cluster(platform, 1, PATIENT) as cluster:
        assert await _shown_after_the_end(cluster) == []


async def test_twin_that_believes_its_own_clock_is_noticed(platform: Platform) -> None:
    """Planted in a real process: it releases on what it knows, until its own clock says no."""
    async with running_cluster(
        platform, 1, PATIENT, modules={"gateway": "tests.proof.ungated"}
    ) as cluster:
        assert await _shown_after_the_end(cluster)


async def _status(cluster: Cluster, query: str) -> tuple[int, set[str], bool]:
    """Return status and codes of an answer, and whether it tells anything about people."""
    answered = await cluster.door(0, "case_manager", query, {}, "CAREMGT")
    assert answered is not None
    status, body = answered
    codes = {each["extensions"]["code"] for each in body.get("errors", [])}
    return status, codes, bool((body.get("data") or {}).get("participants"))


async def _until(cluster: Cluster, query: str, wanted: tuple[int, set[str], bool]) -> None:
    """Ask until the answer is of this kind; the test's own time limit ends it."""
    while await _status(cluster, query) != wanted:  # noqa: ASYNC110 - another process has no event
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("seconds", [_HOUR, -_HOUR])
async def test_a_gateway_whose_clock_is_far_off_knows_nobody_until_it_is_right_again(
    platform: Platform, seconds: int
) -> None:
    async with running_cluster(platform, 1, PATIENT) as cluster:
        gateway = cluster.gateways[0]
        await _until(cluster, _QUERY, (200, set(), True))
        await _is_refused_while_off(cluster, gateway, seconds, (401, {"UNAUTHENTICATED"}, False))


@pytest.mark.parametrize("seconds", [_HOUR, -_HOUR])
async def test_a_consent_service_whose_clock_is_far_off_leaves_the_catalogue_alone(
    platform: Platform, seconds: int
) -> None:
    """It believes no token of the gateway's, so nothing about people is released."""
    async with running_cluster(platform, 1, PATIENT, has_consent=True) as cluster:
        assert cluster.consent is not None
        await _until(cluster, _QUERY, (200, set(), True))
        outage = (200, {"SERVICE_UNAVAILABLE"}, False)
        await _is_refused_while_off(cluster, cluster.consent, seconds, outage)


async def _is_refused_while_off(
    cluster: Cluster, one: OwnProcess, seconds: int, refused: tuple[int, set[str], bool]
) -> None:
    assert await one.step_clock(seconds)
    cluster.tokens.clear()  # one verified before the step would serve for as long as it lasts
    await _until(cluster, _QUERY, refused)
    for _ in range(3):
        assert await _status(cluster, _QUERY) == refused
    assert await one.step_clock(0)
    await _until(cluster, _QUERY, (200, set(), True))
