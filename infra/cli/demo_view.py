"""`demo`: who can sign in and which records there are, as tables for people."""

from typing import Any

from rich.console import Console
from rich.table import Table


def show(demo: dict[str, Any], console: Console) -> None:
    """Print personas, named participants and the course session."""
    people = Table(title="Personas (./goldenthread token PERSONA)", title_justify="left")
    for heading in ("persona", "role", "agency", "site", "purposes"):
        people.add_column(heading, overflow="fold")
    for row in demo["personas"]:
        agency = (row["agency"] or {}).get("name", "")
        people.add_row(
            row["persona"], row["role"], agency, row["site"]["key"], " ".join(row["purposes"])
        )
    console.print(people)
    records = Table(title="Participants (all invented)", title_justify="left")
    for heading in ("handle", "id", "release", "case numbers"):
        records.add_column(heading, overflow="fold")
    for row in demo["participants"]:
        if row["named"]:
            numbers = " ".join(case["number"] for case in row["cases"])
            records.add_row(row["handle"], row["id"], row["roi_state"] or "", numbers)
    console.print(records)
    console.print(f"Course session: {demo['session']['number']}")
