"""The door through which a court order is carried out (decision table, D33).

``POST /participants/{id}/court-orders/{order}`` is for the supervisor of the agency that keeps the
records; counsel has admitted the order before, as somebody else. The records are read as the order
lists them and no further: its categories, its period, until its end. They go through the gate as
the recipient's own, and stand in the ledger with the order's id before the document leaves.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.errors import RequestRefusedError
from gateway.pipeline import Pipeline, StatedRecipient
from gateway.web.credentials import CredentialsReader
from gateway.web.doors.committed import CommittedOperations
from gateway.web.doors.responses import JSON_TYPE, file_of, json_of, refusal_of
from infra.vocabulary import Purpose, Role

_OPERATIONS = ("CourtOrderToCarryOut", "CourtOrderRecords")
# The operation's switches: nothing is even asked for that the order does not list.
_SWITCHES = {
    "IDENTITY": "identity",
    "CONTACT": "contact",
    "ENROLLMENT": "enrollment",
    "CASE_NOTES": "caseNotes",
    "PSYCHOSOCIAL": "psychosocial",
    "GOALS_PLAN": "goalsPlan",
    "SUD": "sud",
    "HOUSING": "housing",
    "INCOME": "income",
    "DEMOGRAPHICS": "demographics",
}


class OrderDoors:
    """The route by which what a court ordered is handed over."""

    def __init__(self, pipeline: Pipeline, credentials: CredentialsReader) -> None:
        """Make the door.

        Args:
            pipeline: runs every operation.
            credentials: reads who asks.
        """
        self._operations = CommittedOperations(pipeline, credentials, _OPERATIONS)

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route("/participants/{id}/court-orders/{order}", self._carry_out, methods=["POST"])]

    async def _carry_out(self, request: Request) -> Response:
        person, wanted = request.path_params["id"], request.path_params["order"]
        try:
            data = await self._operations.whole(request, "CourtOrderToCarryOut", {"id": person})
            orders = (data.get("participant") or {}).get("courtOrders") or ()
            order = next((each for each in orders if each["id"] == wanted), None)
            if order is None:
                return Response(status_code=404)
            if order["endedAt"] is not None:
                return json_of(409, {"code": "ORDER_ENDED"})
            recipient = StatedRecipient(order["recipient"]["id"], Role.CRT, Purpose.HLEGAL)
            switches = {
                name: category in order["categories"] for category, name in _SWITCHES.items()
            }
            told = await self._operations.whole(
                request,
                "CourtOrderRecords",
                {"id": person, **switches},
                purpose=Purpose.HLEGAL.value,
                recipient=recipient,
            )
        except RequestRefusedError as refused:
            return refusal_of(refused)
        records = told.get("participant")
        if records is None:
            return json_of(409, {"code": "ORDER_OPENS_NOTHING"})
        if _is_cut(records):
            return json_of(409, {"code": "ORDER_TOO_LARGE"})
        document = orjson.dumps(
            {"order": _said(order), "records": _whole(records)}, option=orjson.OPT_INDENT_2
        )
        digest = hashlib.sha256(document).hexdigest()
        headers = {"x-document-sha256": digest}
        return file_of(document, JSON_TYPE, f"court-order-{wanted}.json", headers)


def _said(order: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "number", "categories", "dataFrom", "dataTo", "expiresAt")
    return {**{name: order[name] for name in names}, "recipient": order["recipient"]["name"]}


def _is_cut(records: Mapping[str, Any]) -> bool:
    """Return whether a page of the records is not their whole: half of it would mislead a court."""
    pages = [
        each["pageInfo"] for each in records.values() if isinstance(each, dict) and "edges" in each
    ]
    return any(page["hasNextPage"] for page in pages)


def _whole(records: Mapping[str, Any]) -> dict[str, Any]:
    """Return the records without pages, and without what was not there to tell."""
    found: dict[str, Any] = {}
    for name, value in records.items():
        if isinstance(value, dict) and "edges" in value:
            found[name] = [edge["node"] for edge in value["edges"] if edge["node"]]
        elif value is not None and name != "id":
            found[name] = value
    return found
