"""Elements of a few FHIR R5 resources, as their pages list them, and what is wrong with one.

``name`` is a single element, ``name*`` a list; ``name!`` is needed. Below a colon stands the shape
of the element: a name of this table, or the pattern of a primitive.
"""

import re
from typing import Any

_ID = r"[A-Za-z0-9\-.]{1,64}"
_DATE = r"\d{4}(-\d\d(-\d\d)?)?"
_ZONE = r"(Z|[+-]\d\d:\d\d)"
_DATETIME = rf"{_DATE}(T\d\d:\d\d:\d\d(\.\d+)?{_ZONE})?"
_INSTANT = rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?{_ZONE}"
_TEXT = r"(?s).*\S.*"
_CODE = r"\S+( \S+)*"
_URI = r"\S+"

SHAPES: dict[str, dict[str, str]] = {
    "Consent": {
        "resourceType!": "(Consent)", "id": _ID, "meta": "Meta", "extension*": "Extension",
        "status!": "draft|active|inactive|not-done|entered-in-error|unknown",
        "category*": "CodeableConcept", "subject": "Reference", "date": _DATE, "period": "Period",
        "grantor*": "Reference", "grantee*": "Reference", "manager*": "Reference",
        "controller*": "Reference", "sourceReference*": "Reference",
        "regulatoryBasis*": "CodeableConcept", "verification*": "Verification",
        "decision": "deny|permit", "provision*": "Provision",
    },
    "Provision": {
        "period": "Period", "actor*": "Actor", "action*": "CodeableConcept",
        "securityLabel*": "Coding", "purpose*": "Coding", "documentType*": "Coding",
        "resourceType*": "Coding", "code*": "CodeableConcept", "dataPeriod": "Period",
        "provision*": "Provision",
    },
    "Actor": {"role": "CodeableConcept", "reference": "Reference"},
    "Verification": {
        "verified!": "True|False", "verificationType": "CodeableConcept",
        "verifiedBy": "Reference", "verifiedWith": "Reference", "verificationDate*": _DATETIME,
    },
    "AuditEvent": {
        "resourceType!": "(AuditEvent)", "id": _ID, "category*": "CodeableConcept",
        "code!": "CodeableConcept", "action": "C|R|U|D|E",
        "severity": "emergency|alert|critical|error|warning|notice|informational|debug",
        "recorded!": _INSTANT, "outcome": "Outcome", "authorization*": "CodeableConcept",
        "basedOn*": "Reference", "patient": "Reference", "encounter": "Reference",
        "agent!*": "Agent", "source!": "Source",
    },
    "Agent": {
        "type": "CodeableConcept", "role*": "CodeableConcept", "who!": "Reference",
        "requestor": "True|False", "location": "Reference", "policy*": _URI,
        "authorization*": "CodeableConcept",
    },
    "Outcome": {"code!": "Coding", "detail*": "CodeableConcept"},
    "Source": {"site": "Reference", "observer!": "Reference", "type*": "CodeableConcept"},
    "Bundle": {
        "resourceType!": "(Bundle)", "id": _ID, "meta": "Meta", "entry*": "Entry",
        "type!": "searchset", "total": r"\d+",
    },
    "Entry": {"fullUrl": _URI, "resource": "any", "search": "Search"},
    "Search": {"mode": "match|include"},
    "OperationOutcome": {"resourceType!": "(OperationOutcome)", "issue!*": "Issue"},
    "Issue": {
        "severity!": "fatal|error|warning|information|success",
        "code!": "invalid|structure|security|business-rule|too-long|transient|not-found",
        "diagnostics": _TEXT,
    },
    "CodeableConcept": {"coding*": "Coding", "text": _TEXT},
    "Coding": {"system": _URI, "version": _TEXT, "code": _CODE, "display": _TEXT},
    "Reference": {"reference": _TEXT, "type": _URI, "display": _TEXT},
    "Period": {"start": _DATETIME, "end": _DATETIME},
    "Extension": {"url!": _URI, "valueCode": _CODE, "valueReference": "Reference"},
    "Meta": {"versionId": _ID, "lastUpdated": _INSTANT},
}  # fmt: skip


def flaws(shape: str, value: Any, place: str = "") -> list[str]:
    """Return what is not as the shape has it, with its place."""
    where = place or shape
    if shape == "any":
        return []
    if shape not in SHAPES:
        is_primitive = isinstance(value, str | bool | int) and re.fullmatch(shape, str(value))
        return [] if is_primitive else [f"{where}: {value!r}"]
    if not isinstance(value, dict) or not value:
        return [f"{where}: no element"]
    known = {re.sub(r"[!*]", "", name): (name, inner) for name, inner in SHAPES[shape].items()}
    found = [f"{where}.{name}: unknown" for name in value.keys() - known.keys()]
    for name, (marked, inner) in known.items():
        if name not in value:
            found += [f"{where}.{name}: missing"] if "!" in marked else []
        elif "*" in marked:
            inside = value[name]
            if not isinstance(inside, list) or not inside:
                found.append(f"{where}.{name}: no list with something in it")
                continue
            for number, each in enumerate(inside):
                found += flaws(inner, each, f"{where}.{name}[{number}]")
        else:
            found += flaws(inner, value[name], f"{where}.{name}")
    return found
