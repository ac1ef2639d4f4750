"""The resource library, and asking the LEAD Support Bureau for help."""

from typing import Any, Final

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.changing import change, form_key, need, posted_version
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.moments import local_day
from gateway.web.console.problems import Problems
from gateway.web.console.site_days import posted_day
from gateway.web.console.visit import Visit
from infra import clock

CATEGORIES: Final = (
    "COMMUNICATIONS", "LEAD_101", "DATA_AND_EVALUATIONS", "PROJECT_MANAGEMENT", "GLOSSARY",
)  # fmt: skip
TOPICS: Final = (
    "EXPLORING", "DEVELOPING", "LAUNCHING", "OPERATING", "TRAINING", "EVALUATION", "OTHER",
)  # fmt: skip
HOME: Final = "/console/assistance"
_OURS: Final = {
    "OPEN": ("WITHDRAWN",),
    "ACKNOWLEDGED": ("WITHDRAWN",),
    "IN_PROGRESS": ("WITHDRAWN",),
    "ANSWERED": ("CLOSED", "IN_PROGRESS"),
}
_BUREAUS: Final = {
    "OPEN": ("ACKNOWLEDGED", "DECLINED"),
    "ACKNOWLEDGED": ("IN_PROGRESS", "ANSWERED", "DECLINED"),
    "IN_PROGRESS": ("ANSWERED", "DECLINED"),
}
"""Steps to offer to each side; the training service decides."""


def is_bureau(visit: Visit) -> bool:
    """Say whether the Support Bureau looks."""
    return visit.standing.role in roles.BUREAU


def narrowed(visit: Visit) -> dict[str, Any]:
    """Return what the address asks of the library: words, a shelf, a tag, only what is printed."""
    question, category = visit.queried("q"), visit.queried("category", 40)
    asked: dict[str, Any] = {}
    if question:
        asked["search"] = question
    if category in CATEGORIES:
        asked["category"] = category
    if visit.queried("tag"):
        asked["tag"] = visit.queried("tag", 60)
    if visit.queried("printable", 4) == "yes":
        asked["printable"] = True
    return asked


async def shelves(visit: Visit) -> Response:
    """Show the library, searched and by shelf."""
    question, category = visit.queried("q"), visit.queried("category", 40)
    variables = visit.paged(**narrowed(visit))
    connection, reply = await visit.ask_needed("Library", variables, root="library")
    facts: dict[str, Any] = {
        "rows": nodes(connection),
        "question": question,
        "cursor": next_cursor(connection),
    }
    if visit.is_fragment:
        return visit.page("_library.html", **facts)
    return visit.page(
        "library.html",
        categories=CATEGORIES,
        category=category,
        tag=visit.queried("tag", 60),
        is_printable=visit.queried("printable", 4) == "yes",
        is_bureau=is_bureau(visit),
        is_partial=reply.is_partial,
        **facts,
    )


async def resource(visit: Visit) -> Response:
    """Show one resource with its versions."""
    slug = visit.request.path_params["slug"]
    found, reply = await visit.ask_needed("LibraryResource", {"slug": slug}, root="libraryResource")
    if found is None:
        return visit.page("unknown.html", 404)
    return visit.page(
        "resource.html", each=found, is_bureau=is_bureau(visit), is_partial=reply.is_partial
    )


async def publish(visit: Visit) -> Response:
    """Publish a resource, or a new version of one (the Support Bureau)."""
    problems, slug = Problems(), visit.queried("slug", 100)
    if visit.request.method == "POST":
        await _published(visit, problems)
        if not problems:
            return visit.go(f"/console/library/{visit.text('slug', 100)}", "published")
    found = None
    if slug and not problems:
        reply = await visit.ask("LibraryResource", {"slug": slug})
        found = reply.data["libraryResource"]
    return visit.page(
        "publish.html",
        422 if problems else 200,
        found=found or {},
        categories=CATEGORIES,
        today=local_day(clock.now(), visit.standing.time_zone).isoformat(),
        problems=problems,
        form=visit.form,
        key=form_key(visit),
    )


async def _published(visit: Visit, problems: Problems) -> None:
    need(
        visit,
        problems,
        {
            "slug": "Give it a short name: lower-case letters, digits, hyphens.",
            "title": "Write a title.",
            "summary": "Say in a sentence what it is about.",
        },
    )
    updated_on = posted_day(visit, "updated_on", problems)
    if updated_on is None and not problems.of("updated_on"):
        problems.add("updated_on", "Choose the day of the last update.")
    if visit.text("category", 40) not in CATEGORIES:
        problems.add("category", "Choose a shelf.")
    if problems or updated_on is None:
        return
    tags = [each.strip() for each in visit.text("tags", 600).split(",") if each.strip()]
    version = posted_version(visit)
    sent = {
        "slug": visit.text("slug", 100),
        "title": visit.text("title", 300),
        "category": visit.text("category", 40),
        "lastUpdatedOn": updated_on.isoformat(),
        "summary": visit.text("summary", 2000),
        "tags": tags,
        "isPrintable": visit.text("printable") == "yes",
        "link": visit.text("link", 1000) or None,
        "body": visit.text("body", 100_000) or None,
        "expectedVersion": version or None,
    }
    fields = {key: key for key in sent} | {"lastUpdatedOn": "updated_on", "expectedVersion": "slug"}
    await change(visit, "PublishResource", sent, problems, fields)


async def withdraw(visit: Visit) -> Response:
    """Take a resource off the shelves (the Support Bureau)."""
    problems = Problems()
    slug = visit.request.path_params["slug"]
    sent = {"slug": slug, "expectedVersion": posted_version(visit)}
    await change(visit, "WithdrawResource", sent, problems, {})
    if problems:
        return visit.go(f"/console/library/{slug}", "not_moved")
    return visit.go("/console/library", "resource_withdrawn")


async def assistance(visit: Visit) -> Response:
    """Show requests for help with their steps, or ask for some."""
    problems = Problems()
    if visit.request.method == "POST" and not is_bureau(visit):
        need(visit, problems, {"question": "Write what you would like to know."})
        if visit.text("topic", 20) not in TOPICS:
            problems.add("topic", "Choose what it is about.")
        if not problems:
            sent = {"topic": visit.text("topic", 20), "question": visit.text("question", 5000)}
            await change(visit, "RequestAssistance", sent, problems)
        if not problems:
            return visit.go(HOME, "assistance_asked")
    return await _assistance(visit, problems)


async def _assistance(visit: Visit, problems: Problems, wrong: str = "") -> Response:
    connection, reply = await visit.ask_needed(
        "AssistanceRequests", visit.paged(), root="assistanceRequests"
    )
    steps = _BUREAUS if is_bureau(visit) else _OURS
    return visit.page(
        "assistance.html",
        422 if problems else 200,
        rows=[(each, steps.get(each["status"], ())) for each in nodes(connection)],
        cursor=next_cursor(connection),
        topics=TOPICS,
        is_bureau=is_bureau(visit),
        problems=problems,
        wrong=wrong,
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


async def step(visit: Visit) -> Response:
    """Move a request one step, as the side that looks."""
    id_, problems = visit.request.path_params["id"], Problems()
    field, status = f"comment-{id_}", visit.text("status", 20)
    offered = {each for row in (*_OURS.values(), *_BUREAUS.values()) for each in row}
    if status not in offered:
        problems.add(field, "Choose what happens.")
    else:
        sent = {
            "requestId": id_,
            "status": status,
            "expectedVersion": posted_version(visit),
            "comment": visit.text("comment", 2000) or None,
        }
        fields = dict.fromkeys(("comment", "status", "requestId", "expectedVersion"), field)
        await change(visit, "MoveAssistance", sent, problems, fields)
    return await _assistance(visit, problems, id_) if problems else visit.go(HOME, "moved")
