"""Reading a list to its end, where a form or a search needs all of it and not the next page."""

from typing import Any, Final

from gateway.web.console.asking import Reply
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.visit import Visit

MAX_PAGES: Final = 50
"""5,000 rows: far more than an agency has roles, ended ones too, and an end all the same."""


async def whole(visit: Visit, name: str, root: str, **variables: Any) -> tuple[list[Any], Reply]:
    """Run a committed list operation page by page; returns all its rows, and the first reply.

    Raises:
        SignedOutError: the access token is not accepted.
        RefusedError: the role may not see it, or its service is away.
    """
    connection, first = await visit.ask_needed(name, variables, root=root)
    rows, cursor = nodes(connection), next_cursor(connection)
    for _ in range(MAX_PAGES - 1):
        if not cursor:
            break
        connection, _reply = await visit.ask_needed(name, {**variables, "after": cursor}, root=root)
        rows += nodes(connection)
        cursor = next_cursor(connection)
    return rows, first
