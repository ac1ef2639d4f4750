"""For partner developers, in development only: schema by role, operations, explorer, a token."""

from typing import Any

import orjson
from graphql import build_client_schema, get_introspection_query, print_schema
from starlette.responses import HTMLResponse, JSONResponse, Response

from gateway.web.console import roles
from gateway.web.console.documents import load_documents
from gateway.web.console.visit import Visit

_EXPLORER_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""The explorer's editor writes styles; it is served in development only."""
MAX_OPERATION_BYTES = 65_536


async def show(visit: Visit) -> Response:
    """Show how to ask the API as the own role, and the schema as that role sees it."""
    purpose = roles.PURPOSES.get(visit.standing.role)
    is_wanted = visit.queried("schema") == "yes"  # it takes long to make
    data: Any = None
    if is_wanted:
        introspection = get_introspection_query(descriptions=True)
        answer = await visit.client.send(visit.session, introspection, None, purpose)
        data = answer.body.get("data")
    schema = print_schema(build_client_schema(data)) if data else ""
    return visit.page(
        "developer.html",
        schema=schema,
        is_wanted=is_wanted,
        base_url=str(visit.request.base_url).rstrip("/"),
        purpose=purpose,
        documents=samples(visit.standing.role),
        token=visit.session.access_token if visit.text("token") == "yes" else "",
    )


def samples(role: str) -> list[tuple[str, str]]:
    """Return name and document of the operations that a role's own pages run."""
    known = load_documents()
    names = ["OwnStanding", *_SAMPLES.get(role, ("StaffHome", "MyTraining"))]
    return [(name, known[name]) for name in names]


_SAMPLES = {
    "CM": ("Caseload", "PersonReleases", "SignForm", "TakeBack", "Seen"),
    "SUP": ("Caseload", "PersonReleases", "SignForm", "TakeBack", "Seen"),
    "TRM": ("Courses", "SessionRoster", "AssignPeople", "MoveAssignment", "ImportPage"),
    "AGA": ("OwnAgency", "GrantAgencyRole", "RevokeAgencyRole"),
    "PAR": ("OwnReleases", "OwnSeen", "TakeBack"),
    "REP": ("OwnReleases", "OwnSeen", "TakeBack"),
}


async def explorer(visit: Visit) -> Response:
    """Show GraphiQL, which asks as the person who is signed in."""
    purpose = roles.PURPOSES.get(visit.standing.role)
    documents = samples(visit.standing.role)
    page = visit.page("explorer.html", documents=documents, purpose=purpose)
    headers = {**visit.pages.headers, "content-security-policy": _EXPLORER_POLICY}
    return HTMLResponse(page.body, headers=headers)


async def run(visit: Visit) -> Response:
    """Run what the explorer sends, as the person; the answer is the API's own, byte for byte."""
    sent = visit.form.get("request", "")
    try:
        payload = orjson.loads(sent if isinstance(sent, str) else "")
        document, variables = payload["query"], payload.get("variables")
        name = payload.get("operationName")
    except (ValueError, KeyError, TypeError, AttributeError):
        return JSONResponse({"errors": [{"message": "No operation was sent."}]}, 400)
    if not isinstance(document, str) or not isinstance(variables, dict | None):
        return JSONResponse({"errors": [{"message": "No operation was sent."}]}, 400)
    purpose = visit.text("purpose", 60) or None
    grant = visit.text("grant", 60) or None
    named = name if isinstance(name, str) else None
    answer = await visit.client.send(visit.session, document, variables, purpose, grant, named)
    return JSONResponse(answer.body, answer.status)
