"""The parts of a place that has several pages: a second row under the menu."""

import re
from dataclasses import dataclass
from typing import Final

from gateway.web.console.roles import (
    ADMIN,
    ASSISTED,
    CARE,
    PLATFORM,
    PRIVACY,
    TRAINING,
)

_ID: Final = "[0-9a-f-]{36}"
_ROWS: Final = (
    (
        re.compile("/console/agency(?=/|$)"),
        (
            ("", "People and roles", ADMIN),
            ("/requests", "Requests", ADMIN),
            ("/reviews", "Access reviews", ADMIN),
            ("/access", "Who can see what", ADMIN),
            ("/dormant", "Not used lately", ADMIN),
            ("/alerts", "Sign-in alerts", ADMIN),
            ("/agreements", "Agreements", ADMIN),
            ("/history", "History", ADMIN),
        ),
    ),
    (
        re.compile(f"/console/agencies/{_ID}(?=/|$)"),
        (
            ("", "People and roles", PLATFORM),
            ("/access", "Who can see what", PLATFORM),
            ("/dormant", "Not used lately", PLATFORM),
            ("/agreements", "Agreements", PLATFORM),
            ("/history", "History", PLATFORM),
        ),
    ),
    (
        re.compile(
            "/console/training(?=/(?:due|compliance|gates|requirements|outside|batches)(?:/|$))"
        ),
        (
            ("/due", "Due and overdue", TRAINING),
            ("/compliance", "Compliance", TRAINING),
            ("/gates", "What training opens", TRAINING),
            ("/requirements", "Requirements", TRAINING),
            ("/outside", "Training elsewhere", TRAINING),
            ("/batches", "Whole agency at once", TRAINING),
        ),
    ),
    (
        re.compile("/console/training(?=/(?:import|exchange|reconcile)(?:/|$))"),
        (
            ("/import", "Course page", TRAINING),
            ("/exchange", "Academy files", TRAINING),
            ("/reconcile", "Differences", TRAINING),
        ),
    ),
    (
        re.compile("/console(?=/(?:library|assistance)(?:/|$))"),
        (
            ("/library", "Library", ASSISTED),
            ("/assistance", "Technical assistance", ASSISTED),
        ),
    ),
    (
        re.compile("/console/privacy(?=/ledger|/alerts|$)"),
        (
            ("", "Review a record", PRIVACY),
            ("/ledger", "The ledger", PRIVACY),
            ("/alerts", "Sign-in alerts", PRIVACY),
        ),
    ),
    (
        re.compile(f"/console/privacy/{_ID}(?=/|$)"),
        (
            ("", "Explain", PRIVACY),
            ("/attempts", "Denied attempts", PRIVACY),
            ("/emergencies", "Emergency access", PRIVACY),
            ("/incidents", "Incidents", PRIVACY),
        ),
    ),
    (
        re.compile(f"/console/people/{_ID}(?=/|$)"),
        (
            ("", "Releases", CARE),
            ("/preview", "What would they see?", frozenset({"CM"})),
            ("/seen", "Who saw this record", CARE),
            ("/letters", "Letters to a court", CARE),
            ("/incidents", "Incidents", CARE),
        ),
    ),
)
"""Where a row begins, and its pages: the rest of the address, the name, the roles that have it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One page of a place."""

    path: str
    name: str
    is_here: bool


def parts(role: str, path: str) -> list[Part]:
    """Return the pages beside the one at a path that the role has, in their order."""
    for pattern, pages in _ROWS:
        found = pattern.match(path)
        if found is None:
            continue
        start = found[0]
        here = _here(path[len(start) :], [end for end, _, _ in pages])
        return [
            Part(f"{start}{end}", name, end == here)
            for end, name, allowed in pages
            if role in allowed
        ]
    return []


def _here(rest: str, ends: list[str]) -> str:
    """Return the page that an address belongs to: the longest that it begins with."""
    fitting = [end for end in ends if rest == end or (end and rest.startswith(f"{end}/"))]
    return max(fitting, key=len, default="")
