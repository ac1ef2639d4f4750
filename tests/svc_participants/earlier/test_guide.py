"""The guide's list of who was enrolled before, read by its mapping and sent as it stands."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

from infra.cli.importing.mapping import Row, read_mapping
from infra.cli.importing.run import rows_of
from tests.fixtures.participants_service import change, supervisor
from tests.fixtures.service_app import ServiceApp

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "infra" / "docs" / "import.md").read_text(encoding="utf-8")


def example(folder: Path) -> list[dict[str, Any]]:
    """Return the inputs that the guide's rows become, under keys that nobody else sends."""
    (section,) = re.findall(r"^## Enrolled before\n(.*?)^## ", GUIDE, re.DOTALL | re.MULTILINE)
    (rows,), (mapping,) = (
        re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL) for kind in ("csv", "toml")
    )
    (folder / "enrolled.csv").write_text(rows)
    (folder / "enrolled.toml").write_text(mapping)
    mapped = read_mapping(folder / "enrolled.toml", "enrollments")
    inputs = []
    for _, row in rows_of(mapped, folder / "enrolled.csv"):
        assert isinstance(row, Row)
        inputs.append(row.input | {"idempotencyKey": str(uuid4())})
    return inputs


async def test_the_guide_s_rows_are_taken_and_refused_as_it_says(
    participants: ServiceApp, tmp_path: Path
) -> None:
    told = []
    for given in example(tmp_path):
        payload = await change(
            participants, supervisor(), "recordEarlierEnrollment",
            "enrollment { status exitReason inactiveReason } participant { id }", **given,
        )  # fmt: skip
        stay = payload["enrollment"] or {}
        wrong = [(each["field"][-1], each["code"]) for each in payload["userErrors"]]
        told.append((stay.get("status"), stay.get("inactiveReason"), stay.get("exitReason"), wrong))
    assert told == [
        ("ENROLLED_ACTIVE", None, None, []),
        ("ENROLLED_INACTIVE", "IN_THE_WIND", None, []),
        ("EXITED", None, "GOALS_MET", []),
        (None, None, None, [("exitReason", "REASON_MISMATCH")]),
    ]
    line = len(told) + 1  # the heading is the first
    assert f"`{line},exitReason,REASON_MISMATCH" in GUIDE
