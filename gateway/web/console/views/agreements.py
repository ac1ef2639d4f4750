"""An agency's agreements with the site: dates, documents, and how a membership goes on or ends."""

import base64
import binascii
from typing import Any
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.changing import change, form_key, need, posted_version
from gateway.web.console.moments import day_text, last_instant, read_moment
from gateway.web.console.problems import Problems
from gateway.web.console.site_days import beginning_of, end_of, posted_day
from gateway.web.console.visit import Visit
from infra import clock

MAX_DOCUMENT_BYTES = 1_500_000
STEPS = {
    "MOU_SIGNED": ("SUSPENDED", "WITHDRAWN"),
    "SUSPENDED": ("MOU_SIGNED", "WITHDRAWN"),
    "PROSPECTIVE": ("WITHDRAWN",),
    "EXPIRED": ("WITHDRAWN",),
}
"""Where a membership can go; the consent service decides, this says what to offer."""
OWN_STEPS = dict.fromkeys(STEPS, ("WITHDRAWN",))
"""Where the agency's own administrator can take it."""


def agency_id_of(visit: Visit) -> str:
    """Return the agency that a page is about: the one in the address, else the own."""
    return str(visit.request.path_params.get("id") or visit.standing.agency_id)


def base_of(visit: Visit) -> str:
    """Return where the pages of that agency begin."""
    id_ = visit.request.path_params.get("id")
    return f"/console/agencies/{id_}" if id_ else "/console/agency"


async def shown(visit: Visit) -> Response:
    """Show memberships, agreements and their documents."""
    return await _shown(visit, Problems())


async def _shown(visit: Visit, problems: Problems) -> Response:
    agency, reply = await visit.ask_needed(
        "AgencyAgreements", {"id": agency_id_of(visit)}, root="agency"
    )
    if agency is None:
        return visit.page("unknown.html", 404)
    papers: dict[str, list[Any]] = {}
    for each in reply.data["mouDocuments"] or []:
        papers.setdefault(each["agreementId"], []).append(each)
    memberships = agency["memberships"] or []
    return visit.page(
        "agreements.html",
        422 if problems else 200,
        agency=agency,
        base=base_of(visit),
        memberships=memberships,
        agreements=[
            (each["id"], _said(each, visit))
            for row in memberships
            for each in row["agreements"] or []
        ],
        papers=papers,
        memberships_here=[row for row in memberships if _is_here(row, visit)],
        steps=STEPS if visit.standing.role in roles.PLATFORM else OWN_STEPS,
        now=clock.now(),
        read=read_moment,
        is_platform=visit.standing.role in roles.PLATFORM,
        leaving=reply.data["withdrawalPreview"],
        problems=problems,
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


def _is_here(membership: Any, visit: Visit) -> bool:
    return bool(membership["site"]) and membership["site"]["name"] == visit.standing.site


def _said(agreement: Any, visit: Visit) -> str:
    zone, ends = visit.standing.time_zone, agreement["endsAt"]
    days = [day_text(read_moment(agreement["startsAt"]), zone, visit.language)]
    days.append(
        day_text(last_instant(read_moment(ends)), zone, visit.language) if ends else "an open end"
    )
    return " to ".join(days)


async def add_document(visit: Visit) -> Response:
    """Add a file to an agreement."""
    problems, upload = Problems(), visit.form.get("file")
    if not visit.text("agreement", 64):
        problems.add("agreement", "Choose which agreement it belongs to.")
    content = b""
    if isinstance(upload, UploadFile) and upload.size:
        content = await upload.read(MAX_DOCUMENT_BYTES + 1)
    if not isinstance(upload, UploadFile) or not content:
        problems.add("file", "Choose a file.")
    elif len(content) > MAX_DOCUMENT_BYTES:
        problems.add("file", f"A file has at most {MAX_DOCUMENT_BYTES:,} bytes.")
    if not problems and isinstance(upload, UploadFile):
        sent = {
            "agreementId": visit.text("agreement", 64),
            "fileName": upload.filename or "",
            "mediaType": (upload.content_type or "").partition(";")[0],
            "contentBase64": base64.b64encode(content).decode(),
        }
        fields = {"agreementId": "agreement"} | dict.fromkeys(
            ("fileName", "mediaType", "contentBase64"), "file"
        )
        await change(visit, "AddMouDocument", sent, problems, fields)
    if problems:
        return await _shown(visit, problems)
    return visit.go(f"{base_of(visit)}/agreements", "document_added")


async def download(visit: Visit) -> Response:
    """Send one document, always as a file to keep: nothing in it runs in the console."""
    wanted = visit.request.path_params["document"]
    variables = {"agencyId": agency_id_of(visit), "documentId": wanted}
    reply = await visit.ask("MouDocumentContent", variables)
    rows = reply.data["mouDocuments"] or []
    found = next((each for each in rows if each["id"] == wanted), None)
    try:
        content = base64.b64decode(found["contentBase64"] or "", validate=True) if found else b""
    except binascii.Error:
        content = b""
    if found is None or not content:
        return visit.page("unknown.html", 404)
    headers = {
        **visit.pages.headers,
        "content-disposition": f"attachment; filename*=UTF-8''{quote(found['fileName'])}",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)


async def change_membership(visit: Visit) -> Response:
    """Suspend, resume or withdraw the agency's membership of the site, at once."""
    problems, status = Problems(), visit.text("status", 20)
    need(visit, problems, {"why": "Say why; it is kept in the history."})
    if status not in STEPS and status != "WITHDRAWN":
        problems.add("status", "Choose what happens.")
    if visit.text("sure") != "yes":
        problems.add("sure", "Tick that you mean it: it counts at once.")
    if not problems:
        sent = {
            "agencyId": agency_id_of(visit),
            "status": status,
            "expectedVersion": posted_version(visit),
            "reason": visit.text("why"),
        }
        fields = {"status": "status", "reason": "why", "expectedVersion": "status"}
        await change(visit, "ChangeMembership", sent, problems, fields)
    if problems:
        return await _shown(visit, problems)
    return visit.go(f"{base_of(visit)}/agreements", "membership_changed")


async def invite(visit: Visit) -> Response:
    """Make an agency a prospective member of the site."""
    problems = Problems()
    need(visit, problems, {"why": "Say why; it is kept in the history."})
    if not problems:
        sent = {"agencyId": agency_id_of(visit), "reason": visit.text("why")}
        await change(visit, "InviteAgency", sent, problems, {"reason": "why"})
    if problems:
        return await _shown(visit, problems)
    return visit.go(f"{base_of(visit)}/agreements", "invited")


async def sign(visit: Visit) -> Response:
    """Record a signed memorandum, from one day to another."""
    problems, zone = Problems(), visit.standing.time_zone
    sentences = {"starts_on": "Choose the first day.", "ends_on": "Choose the last day."}
    need(visit, problems, {**sentences, "mou_why": "Say where the signed paper is."})
    starts_on = posted_day(visit, "starts_on", problems)
    ends_on = posted_day(visit, "ends_on", problems)
    if starts_on and ends_on and ends_on < starts_on:
        problems.add("ends_on", "The last day is before the first.")
    if not problems and starts_on and ends_on:
        sent = {
            "agencyId": agency_id_of(visit),
            "startsAt": beginning_of(starts_on, zone).isoformat(),
            "endsAt": end_of(ends_on, zone).isoformat(),
            "reason": visit.text("mou_why"),
        }
        fields = {"startsAt": "starts_on", "endsAt": "ends_on", "reason": "mou_why"}
        await change(visit, "SignMou", sent, problems, fields)
    if problems:
        return await _shown(visit, problems)
    return visit.go(f"{base_of(visit)}/agreements", "mou_signed")
