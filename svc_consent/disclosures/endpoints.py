"""HTTP for the gateway: the release gate."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from time import perf_counter
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from infra.identity_token import GATEWAY_ISSUER
from infra.subgraph_app import Chassis, json_response
from infra.telemetry import metrics
from svc_consent.authority.endpoints import read_asker, well_formed
from svc_consent.authority.rules import agency_key, subject_key
from svc_consent.disclosures.commands import pass_gate
from svc_consent.disclosures.heads import HeadSigner
from svc_consent.disclosures.rules import Call, Record, Stage
from svc_consent.hot_pool import HotPool
from svc_consent.requests import MalformedRequestError, body_of, endpoint

MAX_CALLS = 256
MAX_LANE_LENGTH = 100
MAX_DENIED = 8
_KEY_PREFIXES = ("participant:", "subject:", "agency:", "visible:")


def routes(chassis: Chassis, pool: HotPool, signer: HeadSigner) -> list[BaseRoute]:
    """Return the route of the gate."""

    async def gate(request: Request, _issuer: str) -> Response:
        started = perf_counter()
        lane, calls = read_calls(await body_of(request))
        answer = await pass_gate(pool, lane, calls)
        signer.note(len(calls))
        released = [each for each in answer["verdicts"] if each["verdict"] == "RELEASED"]
        metrics.LEDGER_ENTRIES.inc(len(released))
        metrics.DENIED.inc(sum(len(call.denied) for call in calls))
        metrics.JUDGING_SECONDS.observe(perf_counter() - started)
        return json_response(200, answer)

    gateway = frozenset({GATEWAY_ISSUER})
    return [endpoint(chassis, "POST", "/internal/gate", gateway, gate)]


def read_calls(body: Mapping[str, Any]) -> tuple[str, list[Call]]:
    """Read lane and calls from a request's body.

    Raises:
        MalformedRequestError: a part is missing or of another kind; nothing is judged then.
    """
    lane, calls = body.get("lane"), body.get("calls")
    if not isinstance(lane, str) or not 1 <= len(lane) <= MAX_LANE_LENGTH:
        raise MalformedRequestError("lane is needed")
    if not isinstance(calls, list) or not 1 <= len(calls) <= MAX_CALLS:
        raise MalformedRequestError(f"calls must be 1 to {MAX_CALLS}")
    try:
        read = [_read_call(call) for call in calls]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise MalformedRequestError("a call is not of the agreed form") from None
    if len({call.release_id for call in read}) != len(read):
        raise MalformedRequestError("each call needs a releaseId of its own")
    return lane, read


def _read_call(call: Mapping[str, Any]) -> Call:
    asker = read_asker(call)
    stage = Stage(call["stage"])
    until = call.get("validUntil")
    valid_until = None if until is None else datetime.fromisoformat(until)
    if valid_until is not None and valid_until.tzinfo is None:
        raise MalformedRequestError("validUntil must have a zone")
    coordinates = call.get("coordinates") or {}
    return Call(
        release_id=str(UUID(call["releaseId"])),
        asker=asker,
        grant_id=str(UUID(call["grantId"])),
        site_id=_text(call["siteId"]),
        operation_name=_text(call.get("operationName") or ""),
        operation_hash=_text(call["operationHash"]),
        policy_version=_text(call["policyVersion"]),
        stage=stage,
        keys=_read_keys(call["keys"], asker.subject, asker.agency_id),
        valid_until=valid_until,
        coordinates={
            _text(category): tuple(_text(name) for name in names)
            for category, names in coordinates.items()
        },
        records=tuple(_read_record(record) for record in call.get("records") or ()),
        denied=_read_denied(call.get("denied") or ()),
    )


def _read_keys(keys: Mapping[str, Any], subject: str, agency_id: str) -> dict[str, int]:
    for key, revision in keys.items():
        if type(revision) is not int or not (key == "policy" or key.startswith(_KEY_PREFIXES)):
            raise MalformedRequestError("a key is not one of the agreed kinds")
    # A call that names neither person nor agency would rely on nothing.
    needed = [subject_key(subject), *([agency_key(agency_id)] if agency_id else [])]
    if any(key not in keys for key in needed):
        raise MalformedRequestError("keys must name the subject and the agency")
    return dict(keys)


def _read_denied(denied: Sequence[Any]) -> tuple[str, ...]:
    # What is no id names nobody, and is not recorded as if it named somebody.
    read = [well_formed(each) for each in denied[:MAX_DENIED]]
    return tuple(dict.fromkeys(each for each in read if each is not None))


def _read_record(record: Mapping[str, Any]) -> Record:
    participant = well_formed(record["participant"])
    categories = tuple(_text(category) for category in record["categories"])
    count = record["count"]
    if participant is None or not categories or type(count) is not int or count < 0:
        raise MalformedRequestError("a record is not of the agreed form")
    return Record(participant, categories, count)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise MalformedRequestError("a text is needed")
    return value
