"""`demo`: who can sign in and which records there are, as columns of text."""

from typing import Any


def show(demo: dict[str, Any]) -> str:
    """Return personas, named participants and the course session as lines."""
    personas = [
        [
            row["persona"],
            row["role"],
            (row["agency"] or {}).get("key", "-"),
            row["site"]["key"],
            " ".join(row["purposes"]) or "-",
        ]
        for row in demo["personas"]
    ]
    participants = [
        [
            row["handle"],
            row["id"],
            row["roi_state"] or "-",
            " ".join(case["number"] for case in row["cases"]) or "-",
        ]
        for row in demo["participants"]
        if row["named"]
    ]
    return "\n".join(
        [
            "Personas (./goldenthread token PERSONA)",
            *_columns(["persona", "role", "agency", "site", "purposes"], personas),
            "",
            "Participants (all invented)",
            *_columns(["handle", "id", "release", "case numbers"], participants),
            "",
            f"Course session {demo['session']['number']}",
            "",
        ]
    )


def _columns(headings: list[str], rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[index]) for row in [headings, *rows]) for index, _ in enumerate(headings)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in [headings, *rows]
    ]
