"""FHIR R5 (https://hl7.org/fhir/R5/): releases as Consent, accounting as AuditEvent. Pure.

``Consent.status`` says what the release is now; a revoked one is never shown as active. The base
decision is ``deny``: provisions permit, and what a provision within one says is denied after all.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import Any

from infra import clock
from infra.errors import GoldenThreadError
from infra.vocabulary import Category, Purpose

Json = dict[str, Any]
_OWN_PURPOSE_PREFIX = "LEAD_"
_RELEASE_DENIAL = "urn:lead:extension:denial"
_RELEASE_STATUS = "urn:lead:extension:release-status"


class ResourceError(GoldenThreadError):
    """The resource cannot be read; says why, and nothing about anybody."""

    code = "RESOURCE_NOT_READABLE"


@lru_cache(maxsize=1)
def codes() -> Mapping[str, Any]:
    """Return our words in the code systems of others."""
    text = (resources.files("gateway.web.doors") / "fhir_codes.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def consent_of(release: Mapping[str, Any], participant_id: str) -> Json:
    """Return a release as a Consent resource, with its status as it is now."""
    known = codes()
    permits = [each for each in release["provisions"] or () if each["effect"] == "PERMIT"]
    denials = [each for each in release["provisions"] or () if each["effect"] == "DENY"]
    permitted = {_recipient(each) for each in permits}
    resource: Json = {
        "resourceType": "Consent",
        "id": release["id"],
        "meta": {"versionId": str(release["number"])},
        "status": known["status"][release["status"]],
        "extension": [{"url": _RELEASE_STATUS, "valueCode": release["status"]}],
        "subject": {"reference": f"Patient/{participant_id}"},
        "regulatoryBasis": [
            {"coding": [{"system": known["act_code_law"], "code": code}]}
            for code in known["law"][release["kind"]]
        ],
        "decision": "deny",
        "provision": [
            {
                **_provision(each),
                "provision": [
                    _provision(other) for other in denials if _recipient(other) == _recipient(each)
                ],
            }
            for each in permits
        ],
    }
    alone = [each for each in denials if _recipient(each) not in permitted]
    resource["extension"] += [
        {
            "url": _RELEASE_DENIAL,
            "valueReference": {"reference": f"Organization/{_recipient(each)}"},
        }
        for each in alone
    ]
    if release["signedAt"]:
        resource["date"] = release["signedAt"][:10]
        resource["verification"] = [{"verified": True, "verificationDate": [release["signedAt"]]}]
        resource["period"] = {"start": release["signedAt"]}
    if release["expiresAt"]:
        resource.setdefault("period", {})["end"] = release["expiresAt"]
    if release["discloser"]:
        resource["controller"] = [_organization(release["discloser"])]
    return without_empty(resource)


def without_empty(resource: Json) -> Json:
    """Return a resource without empty lists and texts, which FHIR has none of (R5, 2.1.6)."""

    def pruned(value: Any) -> Any:
        if isinstance(value, dict):
            kept = {name: pruned(each) for name, each in value.items()}
            return {name: each for name, each in kept.items() if each not in ({}, [], "", None)}
        if isinstance(value, list):
            return [each for each in map(pruned, value) if each not in ({}, [], "", None)]
        return value

    found: Json = pruned(resource)
    return found


def _recipient(provision: Mapping[str, Any]) -> str:
    recipient = provision["recipient"]
    return str(recipient["id"]) if recipient else ""


def _organization(agency: Mapping[str, Any]) -> Json:
    return {"reference": f"Organization/{agency['id']}", "display": agency["name"]}


def _provision(given: Mapping[str, Any]) -> Json:
    known = codes()
    made: Json = {
        "securityLabel": [
            {"system": known["own_category"], "code": category}
            for category in given["categories"] or ()
        ]
        + [
            {"system": known["act_code"], "code": code}
            for category in given["categories"] or ()
            for code in known["sensitivity"].get(category, ())
        ],
        "purpose": [_purpose(code) for code in given["purposes"] or ()],
    }
    if given["recipient"]:
        role = {"coding": [{"system": _ROLE_SYSTEM, "code": "IRCP"}]}
        made["actor"] = [{"role": role, "reference": _organization(given["recipient"])}]
    if given["dataFrom"] or given["dataTo"]:
        period = {"start": given["dataFrom"], "end": given["dataTo"]}
        made["dataPeriod"] = {name: value for name, value in period.items() if value}
    if given["expiresAt"]:
        made["period"] = {"end": given["expiresAt"]}
    return made


_ROLE_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"


def _purpose(code: str) -> Json:
    known = codes()
    is_own = code.startswith(_OWN_PURPOSE_PREFIX) or code == Purpose.TRAINING_ADMIN.value
    return {"system": known["own_purpose" if is_own else "act_reason"], "code": code}


def audit_event_of(line: Mapping[str, Any], participant_id: str) -> Json:
    """Return a line of the accounting as an AuditEvent; it cites versions of the release.

    Its id is made of what it says, so it is the same whenever and however often it is asked for.
    """
    numbers = line["releaseVersions"] or ()
    cited = [
        f"Consent/{release_id}?version={version}"
        for release_id, version in zip(line["releaseIds"] or (), numbers, strict=False)
    ]
    recipient = line["recipient"]
    who: Json = {"display": line["roleTitle"]}
    if recipient:
        who = {"reference": f"Organization/{recipient['id']}", "display": recipient["name"]}
    agent: Json = {"who": who, "requestor": True}
    if cited:
        agent["policy"] = cited
    if line["purpose"]:
        agent["authorization"] = [{"text": line["purpose"]}]
    said = "|".join(
        str(each)
        for each in (
            participant_id, line["at"], line["kind"], line["outcome"], line["categories"],
            line["purpose"], line["roleTitle"], recipient and recipient["id"],
        )
    )  # fmt: skip
    event = {
        "resourceType": "AuditEvent",
        "id": hashlib.sha256(said.encode()).hexdigest()[:_ID_LENGTH],
        "category": [{"text": "Disclosure" if line["kind"] == "DISCLOSURE" else "Use"}],
        "code": {"text": ", ".join(line["categories"] or ()) or _NOTHING_TOLD},
        "action": "R",
        "recorded": line["at"],
        "outcome": {"code": {"system": _OUTCOME_SYSTEM, "code": _OUTCOMES[line["outcome"]]}},
        "patient": {"reference": f"Patient/{participant_id}"},
        "agent": [agent],
        "source": {"observer": {"display": "Golden Thread"}},
    }
    return without_empty(event)


_ID_LENGTH = 64  # the longest that an id may be
_NOTHING_TOLD = "Nothing was told"
_OUTCOME_SYSTEM = "http://hl7.org/fhir/issue-severity"
_OUTCOMES = {
    "RELEASED": "success", "UNKNOWN": "warning", "WITHHELD": "error", "ATTEMPT": "information",
}  # fmt: skip


def bundle_of(resources_: list[Json]) -> Json:
    """Return a search's answer; it never says how many there are beyond what it holds."""
    entries = [{"resource": each, "search": {"mode": "match"}} for each in resources_]
    return without_empty({"resourceType": "Bundle", "type": "searchset", "entry": entries})


def outcome_of(code: str, diagnostics: str) -> Json:
    """Return a refusal."""
    issue = {"severity": "error", "code": code, "diagnostics": diagnostics}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def draft_of(resource: object, idempotency_key: str) -> Json:
    """Return the input of ``draftRelease`` that a Consent resource stands for.

    Whatever status, signature or verification it claims, it becomes a draft: only the validator
    and a signature here make something of it. What narrows a permit is taken over or refused: a
    limit that was dropped would be a consent that nobody gave.

    Raises:
        ResourceError: not a Consent of the opt-in kind, or a code or limit that is none of ours.
    """
    if not isinstance(resource, dict) or resource.get("resourceType") != "Consent":
        raise ResourceError("a Consent is needed")
    if resource.get("decision") != "deny":
        raise ResourceError("the base decision must be deny; provisions permit")
    provisions = resource.get("provision") or []
    if not isinstance(provisions, list) or not provisions:
        raise ResourceError("there is no provision")
    if "modifierExtension" in resource:
        raise ResourceError("a modifier extension is not understood")
    try:
        read = [_read_provision(each, "PERMIT") for each in provisions]
        read += [
            _read_provision({"actor": each.get("actor"), **inner}, "DENY")
            for each in provisions
            for inner in each.get("provision") or ()
        ]
        period = resource.get("period") or {}
        _check_has_begun(period)
        given: Json = {
            "participantId": _reference(resource["subject"], "Patient"),
            "provisions": read,
            "idempotencyKey": idempotency_key,
        }
        if period.get("end"):
            given["expiresAt"] = str(period["end"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ResourceError("a part is missing, or a code is none of ours") from None
    return given


_OF_PROVISIONS = frozenset(
    {"id", "actor", "securityLabel", "purpose", "dataPeriod", "period", "provision"}
)


def _check_has_begun(period: Mapping[str, Any]) -> None:
    """Refuse what begins later: nothing here is signed for a day to come.

    A moment says its zone. Of a day alone the place is not known: nobody's today is refused.
    """
    if not (text := str(period.get("start") or "")):
        return
    start = datetime.fromisoformat(text)
    today = clock.day_in(start.tzinfo) if start.tzinfo else clock.latest_day()
    if start.date() > today:
        raise ResourceError("a period that begins later is not understood")


def _read_provision(given: Mapping[str, Any], effect: str) -> Json:
    limits = sorted(set(given) - _OF_PROVISIONS)
    if limits:
        raise ResourceError("a provision has a limit that is not understood")
    if effect == "DENY" and given.get("provision"):
        raise ResourceError("provisions are nested too deeply")
    (actor,) = given["actor"]
    labels = [each["code"] for each in given["securityLabel"] if _is_own(each, "own_category")]
    if len(labels) != len(given["securityLabel"]) and not labels:
        raise ResourceError("a provision names no category of ours")
    made: Json = {
        "effect": effect,
        "recipientAgencyId": _reference(actor["reference"], "Organization"),
        "categories": [Category(code).value for code in labels],
        "purposes": [_read_purpose(each) for each in given["purpose"]],
    }
    period = given.get("period") or {}
    _check_has_begun(period)
    if period.get("end"):
        made["expiresAt"] = str(period["end"])
    for name, ours in (("start", "dataFrom"), ("end", "dataTo")):
        if (given.get("dataPeriod") or {}).get(name):
            made[ours] = str(given["dataPeriod"][name])[:10]
    return made


def _is_own(coding: Mapping[str, Any], system: str) -> bool:
    return bool(coding["system"] == codes()[system])


def _read_purpose(coding: Mapping[str, Any]) -> str:
    """Return our purpose of a coding; the same letters in another system mean something else."""
    found = Purpose(coding["code"]).value
    if coding != {**coding, **_purpose(found)}:
        raise ValueError("system")
    return found


def _reference(given: Mapping[str, Any], kind: str) -> str:
    name, _, row_id = str(given["reference"]).partition("/")
    if name != kind or not row_id:
        raise ValueError(kind)
    return row_id
