"""The same histories with real processes under faults (CN-03, CN-04, AU-01).

Each fault of `long_history` happens once in the test run; the long form runs until
`GT_SOAK_DISCLOSURES` (200,000), as `python -m tests.proof.long_history` does, which can go on where
it was ended. What is asserted is what was seen, never when.
"""

import os
import sys

import pytest

from tests.fixtures.whole_platform import Platform
from tests.proof.long_history import FAULTS, GATEWAYS, Totals, drive_on
from tests.proof.processes import PATIENT, running_cluster

_READERS, _WRITERS = 6, 4


@pytest.mark.timeout(900)
async def test_history_of_three_gateways_while_each_fault_happens_once(platform: Platform) -> None:
    totals = Totals()
    async with running_cluster(platform, GATEWAYS, PATIENT, has_consent=True) as cluster:
        await drive_on(
            cluster,
            totals,
            most=sys.maxsize,
            clients=_READERS,
            writers=_WRITERS,
            once=True,
            between=1.0,
        )
    assert set(totals.faults) == set(FAULTS)
    assert totals.violations == []
    assert totals.disclosures
    assert totals.changes


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_long_history_of_three_gateways_under_faults(platform: Platform) -> None:
    """32 clients, twenty changes a second."""
    totals = Totals()
    most = int(os.environ.get("GT_SOAK_DISCLOSURES", "200000"))
    async with running_cluster(platform, GATEWAYS, has_consent=True) as cluster:
        await drive_on(cluster, totals, most=most)
    print(totals, flush=True)
    assert totals.violations == []
    assert totals.disclosures >= most
