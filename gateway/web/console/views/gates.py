"""What training opens: who of the agency is kept out for want of it, and what is missing."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from gateway.web.console.connection import nodes
from gateway.web.console.visit import Visit


@dataclass(frozen=True, slots=True)
class Missing:
    """A requirement that leads to something, and who does not meet it.

    Attributes:
        rows: the first of them, those who are late before the others.
        counts: status, and how many stand like that in all.
    """

    requirement: Any
    rows: list[Any]
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """How many do not meet it."""
        return sum(self.counts.values())


async def shown(visit: Visit) -> Response:
    """Show each gate with the requirements that open it, and who lacks which of them."""
    rules, reply = await visit.ask_needed("Gates", root="trainingRequirements")
    gates: dict[str, list[Missing]] = {}
    is_partial = reply.is_partial
    for rule in rules or []:
        if rule["clearance"]:
            late, answer = await visit.ask_needed("KeptOut", {"key": rule["key"]}, root="overdue")
            due = answer.data["due"]
            counts = {
                status: rows["totalCount"] or 0
                for status, rows in (("OVERDUE", late), ("DUE", due))
                if rows
            }
            missing = Missing(rule, nodes(late) + nodes(due), counts)
            gates.setdefault(rule["clearance"], []).append(missing)
            is_partial = is_partial or answer.is_partial
    return visit.page("gates.html", gates=gates, is_partial=is_partial)
