"""How far requirements are met in all agencies that are large enough: counts, never people."""

from typing import Any

from starlette.responses import Response

from gateway.web.console.visit import Visit

FIGURES = ("people", "met", "due", "overdue", "exempt")


async def shown(visit: Visit) -> Response:
    """Show each requirement over all agencies, and one of them agency by agency."""
    counts, reply = await visit.ask_needed("Statewide", root="statewideCompliance")
    rows = counts or []
    titles = {row["requirement"]["key"]: row["requirement"] for row in rows}
    asked = visit.queried("requirement", 100)
    chosen = asked if asked in titles else next(iter(titles), "")
    return visit.page(
        "statewide.html",
        totals=[(each, _sum(rows, key)) for key, each in titles.items()],
        chosen=titles.get(chosen),
        rows=sorted(
            (row for row in rows if row["requirement"]["key"] == chosen),
            key=lambda row: (row["agency"]["name"] or "").casefold(),
        ),
        is_partial=reply.is_partial,
    )


def _sum(rows: list[Any], key: str) -> dict[str, int]:
    of_it = [row for row in rows if row["requirement"]["key"] == key]
    return {each: sum(row[each] for row in of_it) for each in FIGURES} | {"agencies": len(of_it)}
