"""FHIR R5 (https://hl7.org/fhir/R5/): releases as Consent, accounting as AuditEvent. Pure.

``Consent.status`` says what the release is now; a revoked one is never shown as active. The base
decision is ``deny``: provisions permit, and what a provision within one says is denied after all.
"""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

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
    for each in resource["provision"]:
        if not each["provision"]:
            del each["provision"]
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
    return resource


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


def audit_event_of(line: Mapping[str, Any], participant_id: str, number: int) -> Json:
    """Return a line of the accounting as an AuditEvent; it cites versions of the release."""
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
    return {
        "resourceType": "AuditEvent",
        "id": f"{participant_id}.{number}",
        "category": [{"text": "Disclosure" if line["kind"] == "DISCLOSURE" else "Use"}],
        "code": {"text": ", ".join(line["categories"] or ())},
        "action": "R",
        "recorded": line["at"],
        "outcome": {"code": {"system": _OUTCOME_SYSTEM, "code": _OUTCOMES[line["outcome"]]}},
        "patient": {"reference": f"Patient/{participant_id}"},
        "agent": [agent],
        "source": {"observer": {"display": "Golden Thread"}},
    }


_OUTCOME_SYSTEM = "http://hl7.org/fhir/issue-severity"
_OUTCOMES = {
    "RELEASED": "success", "UNKNOWN": "warning", "WITHHELD": "error", "ATTEMPT": "information",
}  # fmt: skip


def bundle_of(resources_: list[Json]) -> Json:
    """Return a search's answer; it never says how many there are beyond what it holds."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": each, "search": {"mode": "match"}} for each in resources_],
    }


def outcome_of(code: str, diagnostics: str) -> Json:
    """Return a refusal."""
    issue = {"severity": "error", "code": code, "diagnostics": diagnostics}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def draft_of(resource: object, idempotency_key: str) -> Json:
    """Return the input of ``draftRelease`` that a Consent resource stands for.

    Whatever status, signature or verification it claims, it becomes a draft: only the validator
    and a signature here make something of it.

    Raises:
        ResourceError: not a Consent of the opt-in kind, or a code that is none of ours.
    """
    if not isinstance(resource, dict) or resource.get("resourceType") != "Consent":
        raise ResourceError("a Consent is needed")
    if resource.get("decision") != "deny":
        raise ResourceError("the base decision must be deny; provisions permit")
    provisions = resource.get("provision") or []
    if not isinstance(provisions, list) or not provisions:
        raise ResourceError("there is no provision")
    try:
        read = [_read_provision(each, "PERMIT") for each in provisions]
        read += [
            _read_provision({"actor": each.get("actor"), **inner}, "DENY")
            for each in provisions
            for inner in each.get("provision") or ()
        ]
        period = resource.get("period") or {}
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


def _read_provision(given: Mapping[str, Any], effect: str) -> Json:
    known = codes()
    (actor,) = given["actor"]
    made: Json = {
        "effect": effect,
        "recipientAgencyId": _reference(actor["reference"], "Organization"),
        "categories": [
            Category(label["code"]).value
            for label in given["securityLabel"]
            if label["system"] == known["own_category"]
        ],
        "purposes": [Purpose(each["code"]).value for each in given["purpose"]],
    }
    for name, ours in (("start", "dataFrom"), ("end", "dataTo")):
        if (given.get("dataPeriod") or {}).get(name):
            made[ours] = str(given["dataPeriod"][name])[:10]
    return made


def _reference(given: Mapping[str, Any], kind: str) -> str:
    name, _, row_id = str(given["reference"]).partition("/")
    if name != kind or not row_id:
        raise ValueError(kind)
    return row_id
