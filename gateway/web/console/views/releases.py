"""Capturing a release with the participant, checking it while it is filled in, taking it back."""

from typing import Any
from uuid import uuid4

from starlette.responses import Response

from gateway.web.console import recipients, release_copy, release_form, roles
from gateway.web.console.connection import nodes
from gateway.web.console.problems import Problems
from gateway.web.console.release_form import CATEGORIES, EDITIONS, METHODS, SENSITIVE
from gateway.web.console.views.people import full_name
from gateway.web.console.visit import Visit

_FIELDS = {
    "expiresAt": "expires_on",
    "signedAt": "signed_on",
    "method": "method",
    "formVersion": "edition",
    "provisions": "recipients",
}


async def _form(visit: Visit) -> tuple[Any, Any]:
    id_ = visit.request.path_params["id"]
    return await visit.ask_needed("ReleaseForm", {"id": id_}, root="participant")


async def capture(visit: Visit) -> Response:
    """Show the form, or record it as signed."""
    found, reply = await _form(visit)
    if found is None:
        return visit.page("unknown.html", 404)
    zone = visit.standing.time_zone
    problems = Problems()
    own_id = visit.standing.agency_id
    agencies = [each for each in nodes(reply.data["agencies"]) if each["id"] != own_id]
    draft = release_form.read_draft(visit, agencies, problems)
    key = visit.text("key", 200) or uuid4().hex
    if visit.request.method == "POST":
        release_form.check(draft, zone, problems)
        if not problems:
            sent = release_form.as_input(draft, found["id"], zone, key)
            signed = (await visit.ask("SignForm", {"input": sent})).data["signRelease"]
            problems.take(signed["userErrors"], _FIELDS)
            if not problems:
                is_whole = signed["release"] and signed["release"]["status"] == "ACTIVE"
                note = "release_signed" if is_whole else "release_defective"
                return visit.go(f"/console/people/{found['id']}", note)
    in_force = [each for each in nodes(found["releases"]) if each["status"] == "ACTIVE"]
    return visit.page(
        "release_form.html",
        422 if problems else 200,
        person=found,
        called=full_name(found),
        draft=draft,
        seen=recipients.would_be_told(visit.client, draft),
        in_force=in_force,
        problems=problems,
        key=key,
        categories=CATEGORIES,
        sensitive=SENSITIVE,
        methods=METHODS,
        editions=EDITIONS,
        is_partial=reply.is_partial,
    )


async def check(visit: Visit) -> Response:
    """Say what the form still lacks, while it is being filled in; nothing is recorded."""
    found, reply = await _form(visit)
    if found is None:
        return visit.page("unknown.html", 404)
    problems = Problems()
    draft = release_form.read_draft(visit, nodes(reply.data["agencies"]), problems)
    release_form.check(draft, visit.standing.time_zone, problems)
    seen = recipients.would_be_told(visit.client, draft)
    return visit.page("_release_check.html", problems=problems, draft=draft, seen=seen)


async def copy(visit: Visit) -> Response:
    """Send a release as it was signed, as a PDF, to whoever may read it."""
    if visit.standing.role in roles.OWN_RECORD:
        connection, reply = await visit.ask_needed("OwnReleaseCopy", root="participants")
        found = next(iter(nodes(connection)), None)
    else:
        variables = {"id": visit.request.path_params["id"]}
        found, reply = await visit.ask_needed("ReleaseCopy", variables, root="participant")
    wanted = visit.request.path_params["release"]
    releases = nodes((found or {}).get("releases"))
    release = next((each for each in releases if each["id"] == wanted), None)
    if release is None:
        return visit.page("unknown.html", 404)
    forms = {each["edition"]: each for each in reply.data["releaseForms"] or []}
    form = forms.get(release["formVersion"])
    paper = release_copy.copy_of(release, full_name(found), form, visit.standing.time_zone)
    return visit.paper(paper, f"release-{release['number']}.pdf")


async def revoke(visit: Visit) -> Response:
    """Take a release back at the participant's wish."""
    id_ = visit.request.path_params["id"]
    back = f"/console/people/{id_}"
    found, _ = await visit.ask_needed("PersonReleases", {"id": id_}, root="participant")
    release_id = visit.request.path_params["release"]
    releases = nodes((found or {}).get("releases"))
    release = next((each for each in releases if each["id"] == release_id), None)
    if release is None:
        return visit.page("unknown.html", 404)
    problems = Problems()
    if visit.request.method == "POST":
        await take_back(visit, release_id, problems, "Say why, in the participant's words.")
        if not problems:
            return visit.go(back, "release_revoked")
    return visit.page(
        "release_revoke.html",
        422 if problems else 200,
        release=release,
        called=full_name(found),
        back=back,
        problems=problems,
        form=visit.form,
        key=visit.text("key", 200) or uuid4().hex,
    )


async def take_back(visit: Visit, release_id: str, problems: Problems, sentence: str) -> None:
    """Run the revocation that was posted, noting what is wrong with it."""
    reason, version = visit.text("reason"), visit.text("version", 9)
    if not reason:
        problems.add("reason", sentence)
        return
    reply = await visit.ask(
        "TakeBack",
        {
            "input": {
                "releaseId": release_id,
                "expectedVersion": int(version) if version.isdigit() else 0,
                "reason": reason,
                "idempotencyKey": visit.text("key", 200) or uuid4().hex,
            }
        },
    )
    problems.take(reply.data["revokeRelease"]["userErrors"], {"reason": "reason"})
