"""Running a committed mutation that a form has posted, with its problems beside their fields."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from gateway.web.console.problems import Problems
from gateway.web.console.visit import Visit

MAX_VERSION_DIGITS = 9


async def change(
    visit: Visit,
    name: str,
    sent: Mapping[str, Any],
    problems: Problems,
    fields: Mapping[str, str] | None = None,
) -> Mapping[str, Any]:
    """Run a mutation with one root field, once for the form's key; returns its payload.

    Args:
        name: of the committed operation.
        sent: its input without the key.
        fields: name of the form's field by the last name of the input's path; the same names when
            absent.

    Raises:
        SignedOutError: the access token is not accepted.
        RefusedError: the request was refused as a whole.
    """
    known = {key: key for key in sent} if fields is None else fields
    reply = await visit.ask(name, {"input": {**sent, "idempotencyKey": form_key(visit)}})
    payload: Mapping[str, Any] = next(iter(reply.data.values()))
    problems.take(payload["userErrors"], known)
    return payload


def form_key(visit: Visit) -> str:
    """Return the key of the form that was posted, or a fresh one for a form to be shown."""
    return visit.text("key", 200) or uuid4().hex


def posted_version(visit: Visit) -> int:
    """Return the version that a form was made from; 0 is none's, so that nothing is changed."""
    text = visit.text("version", MAX_VERSION_DIGITS)
    return int(text) if text.isdigit() else 0


def need(visit: Visit, problems: Problems, sentences: Mapping[str, str]) -> None:
    """Note a sentence beside each field that was left empty."""
    for name, sentence in sentences.items():
        if not visit.text(name):
            problems.add(name, sentence)
