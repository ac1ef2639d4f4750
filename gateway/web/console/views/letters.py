"""Letters to a court: drafted from the approved summary, approved, handed over as a PDF."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gateway.pipeline import StatedRecipient
from gateway.web.console.asking import OUTAGE, RefusedError
from gateway.web.console.changing import change, form_key, posted_version
from gateway.web.console.connection import nodes
from gateway.web.console.problems import Problems
from gateway.web.console.views.people import full_name
from gateway.web.console.visit import Visit
from gateway.web.doors import letter_handover
from gateway.web.doors.letter_handover import Delivery, LetterRefusedError

METHODS: Final = ("E_FILING", "CLERK", "MAIL", "IN_COURT")
_REFUSALS: Final = {
    "NOT_FOUND": "There is no such letter any more.",
    "LETTER_NOT_APPROVED": "It is not approved, or another court has it already.",
    "SUMMARY_CHANGED": (
        "The approved summary does not say this any more. Withdraw the letter, and draft a new one."
    ),
    "RECIPIENT_NOT_NAMED": "No release in force names this court for all of it.",
}


def _home(visit: Visit) -> str:
    return f"/console/people/{visit.request.path_params['id']}/letters"


async def shown(visit: Visit) -> Response:
    """Show a participant's letters, or draft one."""
    problems = Problems()
    if visit.request.method == "POST":
        if not visit.text("link", 64):
            problems.add("link", "Choose the case.")
        else:
            sent = {"linkId": visit.text("link", 64), "sealed": visit.text("sealed", 20_000)}
            fields = {"linkId": "link", "sealed": ""}
            await change(visit, "DraftLetter", sent, problems, fields)
        if not problems:
            return visit.go(_home(visit), "letter_drafted")
    return await _shown(visit, problems)


async def _shown(visit: Visit, problems: Problems, wrong: str = "") -> Response:
    variables = {"id": visit.request.path_params["id"]}
    found, reply = await visit.ask_needed("PersonLetters", variables, root="participant")
    if found is None:
        return visit.page("unknown.html", 404)
    return visit.page(
        "letters.html",
        422 if problems else 200,
        person=found,
        called=full_name(found),
        letters=found["courtLetters"] or [],
        material=found["courtLetterMaterial"],
        cases=[
            (each["id"], f"{each['case']['caseNumber']}, {each['case']['court']['name']}")
            for each in nodes(found["legalCases"])
            if each["case"] and each["case"]["court"] and not each["isEnded"]
        ],
        methods=METHODS,
        problems=problems,
        wrong=wrong,
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


async def move(visit: Visit) -> Response:
    """Approve somebody else's draft, or take a letter back that no court has."""
    id_, problems = visit.request.path_params["letter"], Problems()
    is_approval = visit.text("step", 10) == "approve"
    sent = {"letterId": id_, "expectedVersion": posted_version(visit)}
    name = "ApproveLetter" if is_approval else "WithdrawLetter"
    fields = dict.fromkeys(("letterId", "expectedVersion"), f"letter-{id_}")
    await change(visit, name, sent, problems, fields)
    if problems:
        return await _shown(visit, problems, id_)
    return visit.go(_home(visit), "letter_approved" if is_approval else "letter_withdrawn")


async def hand_over(visit: Visit) -> Response:
    """Hand an approved letter to the court that it names; the answer is the paper."""
    id_, problems = visit.request.path_params["letter"], Problems()
    field, method = f"recipient-{id_}", visit.text("method", 20)
    if not visit.text("recipient"):
        problems.add(field, "Write who takes it at the court.")
    if method not in METHODS:
        problems.add(f"method-{id_}", "Choose how it gets there.")
    paper = await _handed_over(visit, id_, method, problems) if not problems else b""
    if problems:
        return await _shown(visit, problems, id_)
    return visit.paper(paper, f"letter-{id_}.pdf")


async def _handed_over(visit: Visit, id_: str, method: str, problems: Problems) -> bytes:
    field = f"recipient-{id_}"
    whose = visit.request.path_params["id"]
    delivery = Delivery(id_, whose, visit.text("recipient", 200), method, form_key(visit))

    async def ask(
        name: str, variables: Mapping[str, Any], recipient: StatedRecipient | None
    ) -> Mapping[str, Any]:
        reply = await visit.ask_as_door(name, variables, recipient=recipient)
        if reply.codes:  # a letter is handed over whole
            raise RefusedError(reply.refusal)
        return reply.data

    try:
        done = await letter_handover.hand_over(ask, delivery)
    except LetterRefusedError as refused:
        problems.add(field, _REFUSALS[refused.code])
        return b""
    except RefusedError as refused:
        if refused.code == OUTAGE:
            raise
        problems.add(field, _REFUSALS["RECIPIENT_NOT_NAMED"])
        return b""
    problems.take(
        done.user_errors, dict.fromkeys(("recipientName", "method", "expectedVersion"), field)
    )
    return done.paper
