"""Tokens that claimed a role which the directory does not confirm, and what claims mean here."""

from typing import Any, Final

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.changing import MAX_VERSION_DIGITS, change, form_key, need
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.problems import Problems
from gateway.web.console.visit import Visit
from gateway.web.console.wording import catalogue

HOME: Final = "/console/alerts"
_FIELDS: Final = {
    "issuer": "issuer",
    "claimedRole": "claimed_role",
    "claimedAgency": "claimed_agency",
    "role": "role",
    "agencyId": "agency",
    "reason": "why",
    "expectedVersion": "claimed_role",
}


async def shown(visit: Visit) -> Response:
    """Show the alerts about people whom this person answers for."""
    return await _shown(visit, Problems())


async def _shown(visit: Visit, problems: Problems) -> Response:
    keeps = visit.standing.role in roles.PLATFORM
    variables = visit.paged(keepsMeanings=keeps)
    connection, reply = await visit.ask_needed("SignInAlerts", variables, root="claimMismatches")
    known = {each["id"]: each["name"] for each in nodes(reply.data.get("agencies"))}
    named = catalogue("en")["roles"]
    return visit.page(
        "sign_in_alerts.html",
        422 if problems else 200,
        rows=nodes(connection),
        total=(connection or {}).get("totalCount"),
        cursor=next_cursor(connection),
        meanings=reply.data.get("claimMeanings"),
        known=known,
        agencies=sorted(known.items(), key=lambda choice: str(choice[1])),
        offered=sorted(
            ((code, str(named.get(code, code))) for code in roles.STAFF),
            key=lambda choice: choice[1],
        ),
        problems=problems,
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


async def map_claim(visit: Visit) -> Response:
    """Keep what a claim means, or that it means nothing any more (platform's administrator)."""
    problems, removes = Problems(), visit.text("step", 10) == "remove"
    sentences = {"issuer": "Write whose tokens.", "claimed_role": "Write the role they claim."}
    if not removes:
        sentences["role"] = "Choose what it means here."
    need(visit, problems, {**sentences, "why": "Say why; it is kept in the history."})
    if not problems:
        version = visit.text("version", MAX_VERSION_DIGITS)
        sent: dict[str, Any] = {
            "issuer": visit.text("issuer", 255),
            "claimedRole": visit.text("claimed_role", 255),
            "claimedAgency": visit.text("claimed_agency", 255) or None,
            "role": None if removes else visit.text("role", 10),
            "agencyId": None if removes else visit.text("agency", 64) or None,
            "reason": visit.text("why"),
            "expectedVersion": int(version) if version.isdigit() else None,
        }
        await change(visit, "MapClaim", sent, problems, _FIELDS)
    if problems:
        return await _shown(visit, problems)
    return visit.go(HOME, "claim_removed" if removes else "claim_mapped")
