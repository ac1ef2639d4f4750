"""What a course asks for beforehand: kept with the course, shown by documents, judged or waived."""

import base64
import binascii
from typing import Any, Final
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.responses import Response

from gateway.web.console.changing import change, form_key, need, posted_version
from gateway.web.console.problems import Problems
from gateway.web.console.training_steps import FULFILLMENTS
from gateway.web.console.views import on_session, training
from gateway.web.console.visit import Visit

MAX_BYTES: Final = 40_000
_WITH_REASON: Final = frozenset({"WAIVER_REQUESTED", "REJECTED"})
_DECIDED: Final = frozenset(step for found in FULFILLMENTS.values() for step in found)


async def of_course(visit: Visit) -> Response:
    """Show what a course asks for, or add to it."""
    number, problems = visit.request.path_params["number"], Problems()
    if visit.request.method == "POST":
        need(visit, problems, {"title": "Say what is asked for."})
        if not problems:
            sent = {
                "courseNumber": number,
                "title": visit.text("title", 300),
                "requiredCourseNumber": visit.text("course", 40) or None,
            }
            fields = {"title": "title", "requiredCourseNumber": "course"}
            await change(visit, "AddPrerequisite", sent, problems, fields)
        if not problems:
            return visit.go(f"/console/training/courses/{number}/prerequisites", "asked_for")
    return await _of_course(visit, problems)


async def end(visit: Visit) -> Response:
    """Take back what a course asks for."""
    problems = Problems()
    sent = {
        "prerequisiteId": visit.request.path_params["id"],
        "expectedVersion": posted_version(visit),
    }
    await change(visit, "EndPrerequisite", sent, problems, {})
    if problems:
        return await _of_course(visit, problems)
    number = visit.request.path_params["number"]
    return visit.go(f"/console/training/courses/{number}/prerequisites", "asked_no_more")


async def _of_course(visit: Visit, problems: Problems) -> Response:
    number = visit.request.path_params["number"]
    found, reply = await visit.ask_needed("CoursePrerequisites", {"number": number}, root="course")
    if found is None:
        return visit.page("unknown.html", 404)
    return visit.page(
        "prerequisites.html",
        422 if problems else 200,
        course=found,
        asked=reply.data["prerequisites"] or [],
        problems=problems,
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


async def hand_in(visit: Visit) -> Response:
    """Take a person's document from the training manager."""
    problems = Problems()
    await _handed_in(visit, visit.request.path_params["id"], problems)
    if problems:
        return await on_session.page(visit, problems)
    return visit.go(on_session.address_of(visit), "handed_in")


async def hand_in_own(visit: Visit) -> Response:
    """Take a document from the person whom it is about."""
    problems = Problems()
    await _handed_in(visit, visit.text("person", 64), problems)
    if problems:
        return await training.own_page(visit, problems)
    return visit.go("/console/training/mine", "handed_in")


async def _handed_in(visit: Visit, person: str, problems: Problems) -> None:
    asked, upload, content = visit.text("prerequisite", 64), visit.form.get("file"), b""
    field = f"file-{asked}"
    if isinstance(upload, UploadFile) and upload.size:
        content = await upload.read(MAX_BYTES + 1)
    if not isinstance(upload, UploadFile) or not content:
        problems.add(field, "Choose a file.")
        return
    if len(content) > MAX_BYTES:
        problems.add(field, f"A file has at most {MAX_BYTES:,} bytes.")
        return
    sent = {
        "personnelId": person,
        "prerequisiteId": asked,
        "fileName": upload.filename or "",
        "mediaType": (upload.content_type or "").partition(";")[0],
        "contentBase64": base64.b64encode(content).decode(),
    }
    await change(visit, "SubmitDocument", sent, problems, dict.fromkeys(sent, field))


async def judge(visit: Visit) -> Response:
    """Take a document for enough, ask for a waiver, or decide one that somebody else asked for."""
    problems, asked = Problems(), visit.text("prerequisite", 64)
    step, field = visit.text("step", 40), f"comment-{asked}"
    if step not in _DECIDED:
        problems.add(field, "Choose what becomes of it.")
    elif step in _WITH_REASON and not visit.text("comment"):
        problems.add(field, "Say why; it is kept with the decision.")
    if not problems:
        sent: dict[str, Any] = {
            "personnelId": visit.request.path_params["id"],
            "prerequisiteId": asked,
            "status": step,
            "expectedVersion": posted_version(visit),
            "comment": visit.text("comment") or None,
        }
        await change(visit, "ChangeFulfillment", sent, problems, dict.fromkeys(sent, field))
    if problems:
        return await on_session.page(visit, problems)
    return visit.go(on_session.address_of(visit), "moved")


async def download(visit: Visit) -> Response:
    """Send a document as a file to keep: nothing in it runs in the console."""
    variables = {"id": visit.request.path_params["id"]}
    found, _ = await visit.ask_needed("TrainingDocumentContent", variables, root="trainingDocument")
    try:
        content = base64.b64decode(found["contentBase64"] or "", validate=True) if found else b""
    except binascii.Error:
        content = b""
    if not content:
        return visit.page("unknown.html", 404)
    headers = {
        **visit.pages.headers,
        "content-disposition": f"attachment; filename*=UTF-8''{quote(found['fileName'])}",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)
