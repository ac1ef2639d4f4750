"""Access reviews: an administrator keeps or removes each role of the agency by a deadline.

The platform's administrator does so with the administrators and privacy officers of an agency, and
with the platform's own administrators.
"""

from typing import Any

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.changing import change, form_key, need
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.moments import read_moment
from gateway.web.console.problems import Problems
from gateway.web.console.site_days import end_of_day
from gateway.web.console.visit import Visit
from gateway.web.console.whole_lists import whole
from infra import clock

_FIELDS = {"title": "title", "deadlineAt": "deadline", "agencyId": "agency"}


def home(visit: Visit) -> str:
    """Return where the reviews of this role's are."""
    return "/console/agency/reviews" if visit.standing.role in roles.ADMIN else "/console/reviews"


async def listed(visit: Visit) -> Response:
    """Show the reviews, or open one."""
    problems = Problems()
    if visit.request.method == "POST":
        opened = await _opened(visit, problems)
        if opened is not None:
            return visit.go(f"{home(visit)}/{opened}", "review_begun")
    connection, reply = await visit.ask_needed("AccessReviews", visit.paged(), root="accessReviews")
    return visit.page(
        "reviews.html",
        422 if problems else 200,
        rows=nodes(connection),
        cursor=next_cursor(connection),
        home=home(visit),
        agencies=await _agencies(visit),
        chosen=visit.text("agency", 100) or visit.queried("agency"),
        problems=problems,
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


async def _agencies(visit: Visit) -> list[tuple[str, str]]:
    """Return the agencies, the platform's too, for its administrator; none for an agency's own."""
    if visit.standing.role not in roles.PLATFORM:
        return []
    found, _ = await whole(visit, "AgencyDirectory", "agencies")
    return [(each["id"], each["name"]) for each in found]


async def _opened(visit: Visit, problems: Problems) -> str | None:
    need(visit, problems, {"title": "Name it, for example Spring 2027."})
    if not visit.text("deadline"):
        problems.add("deadline", "Choose the last day.")
    is_platform = visit.standing.role in roles.PLATFORM
    if is_platform and not visit.text("agency", 100):
        problems.add("agency", "Choose whose administrators to go through.")
    deadline_at = end_of_day(visit, "deadline", problems)
    if problems or deadline_at is None:
        return None
    sent = {"title": visit.text("title", 200), "deadlineAt": deadline_at.isoformat()}
    if is_platform:
        sent["agencyId"] = visit.text("agency", 100)
    payload = await change(visit, "OpenAccessReview", sent, problems, _FIELDS)
    return None if problems else str(payload["accessReview"]["id"])


async def _review(visit: Visit) -> tuple[Any, Any]:
    variables = visit.paged(id=visit.request.path_params["id"])
    return await visit.ask_needed("AccessReview", variables, root="accessReview")


async def shown(visit: Visit) -> Response:
    """Show one review: what is decided, what is left, and whether it can be closed."""
    return await _shown(visit, Problems())


async def _shown(visit: Visit, problems: Problems, wrong: str = "") -> Response:
    found, reply = await _review(visit)
    if found is None:
        return visit.page("unknown.html", 404)
    items = nodes(found["items"])
    return visit.page(
        "review_access.html",
        422 if problems else 200,
        review=found,
        items=items,
        cursor=next_cursor(found["items"]),
        home=home(visit),
        is_mine=found["reviewer"] == visit.standing.role,
        is_over=read_moment(found["deadlineAt"]) <= clock.now(),
        problems=problems,
        wrong=wrong,
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


async def decide(visit: Visit) -> Response:
    """Keep a role, or remove it at once."""
    id_, grant_id = visit.request.path_params["id"], visit.request.path_params["grant"]
    problems = Problems()
    decision = visit.text("decision", 10)
    if decision not in ("KEEP", "REMOVE"):
        problems.add(f"reason-{grant_id}", "Choose whether to keep or to remove it.")
    if not visit.text("reason"):
        problems.add(f"reason-{grant_id}", "Say why; it is kept with the decision.")
    if not problems:
        sent = {
            "reviewId": id_,
            "grantId": grant_id,
            "decision": decision,
            "reason": visit.text("reason"),
        }
        fields = {"reason": f"reason-{grant_id}", "grantId": f"reason-{grant_id}"}
        await change(visit, "DecideReviewItem", sent, problems, fields)
    if problems:
        return await _shown(visit, problems, grant_id)
    return visit.go(f"{home(visit)}/{id_}", "kept" if decision == "KEEP" else "role_taken")


async def close(visit: Visit) -> Response:
    """Close a review; past its deadline, what nobody has kept is removed."""
    id_, problems = visit.request.path_params["id"], Problems()
    await change(visit, "CloseAccessReview", {"reviewId": id_}, problems, {})
    if problems:
        return await _shown(visit, problems)
    return visit.go(f"{home(visit)}/{id_}", "review_closed")
