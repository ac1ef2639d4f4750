"""The demo world: every release state permits exactly what it should, and loading twice is once."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from infra.dev.demo.world import build_world, world_json
from svc_consent.seed import seed
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.service_app import ServiceAppFactory

ACCESS = {"IDENTITY": "r", "HOUSING": "r", "LEGAL_COORD": "r"}


@dataclass(frozen=True, slots=True)
class Demo:
    """The seeded service beside the document that it was seeded from."""

    world: ConsentWorld
    document: dict[str, Any]
    file: Path

    def staff(self, handle: str) -> dict[str, Any]:
        """The person with this handle."""
        return next(row for row in self.document["staff"] if row["handle"] == handle)

    def participant(self, handle: str) -> str:
        """The id of the participant with this handle."""
        rows = self.document["participants"]
        return str(next(row["id"] for row in rows if row["handle"] == handle))

    async def permitted(self, persona: str, handle: str, purpose: str) -> list[str]:
        """What a persona may see of a participant."""
        person = self.staff(persona)
        answer = await self.world.ok(
            "/internal/authority/decisions",
            {
                "subject": person["id"], "agencyId": person["agency_id"] or "",
                "siteId": person["site_id"],
                "role": person["role"], "purpose": purpose, "access": ACCESS,
                "participants": [self.participant(handle)],
            },
        )  # fmt: skip
        categories: list[str] = answer["decisions"][0]["categories"]
        return categories


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def demo(
    service_app: ServiceAppFactory, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Demo]:
    text = world_json(build_world(datetime.now(UTC).date()))
    file = tmp_path_factory.mktemp("world") / "world.json"
    file.write_text(text, encoding="utf-8")
    async with service_app("svc_consent") as service:
        world = ConsentWorld(service)
        world.make_keys_known()
        await seed(service.chassis, file)
        yield Demo(world, json.loads(text), file)


@pytest.mark.parametrize(
    ("handle", "expected"),
    [
        ("roi_none", []),
        ("roi_active", ["IDENTITY", "HOUSING", "LEGAL_COORD"]),
        ("roi_partial_no_prosecutor", ["IDENTITY", "HOUSING", "LEGAL_COORD"]),
        ("roi_expired", []),
        ("roi_revoked", []),
        ("roi_defective", []),
        ("roi_superseded", []),
        ("other_site", []),
    ],
)
async def test_officer_sees_what_the_release_permits(
    demo: Demo, handle: str, expected: list[str]
) -> None:
    assert await demo.permitted("officer", handle, "LEAD_COORD") == expected


async def test_prosecutor_is_left_out_of_the_partial_release(demo: Demo) -> None:
    purpose = "LEAD_LEGAL_COORD"
    assert await demo.permitted("prosecutor", "roi_active", purpose) != []
    assert await demo.permitted("prosecutor", "roi_partial_no_prosecutor", purpose) == []


async def test_every_persona_has_the_one_grant(demo: Demo) -> None:
    for person in demo.document["staff"]:
        found = await demo.world.ok(
            "/internal/directory/principal", {"issuer": "dev", "subject": person["subject"]}
        )
        assert found["subject"] == person["id"]
        (grant,) = found["grants"]
        assert grant["id"] == person["grant_id"]
        assert grant["role"] == person["role"]
        assert grant["agencyId"] == (person["agency_id"] or "")
        assert grant["isLiaison"] == person["liaison"]
        assert grant["serviceField"] == person["service"]


async def test_loading_again_changes_nothing(demo: Demo) -> None:
    before = await demo.world.head()
    await seed(demo.world.service.chassis, demo.file)
    assert await demo.world.head() == before < 12
