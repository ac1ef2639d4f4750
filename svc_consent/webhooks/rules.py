"""Which events there are, whom they go to, how they are signed and how often tried. Pure.

Form: CloudEvents 1.0 (structured JSON). Signature: Standard Webhooks 1.0, HMAC-SHA256 over id, time
and body; libraries for it exist in every language that partners use (decision record 0012).
"""

import base64
import hashlib
import hmac
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import orjson

from infra.authority.facts import agency_holder, subject_holder
from infra.errors import RuleError
from infra.vocabulary import Basis, Category, Role


class Topic(StrEnum):
    """What an agency can be told of."""

    RELEASE_GIVEN = "RELEASE_GIVEN"
    WORK_ARRIVED = "WORK_ARRIVED"
    HANDOFF_REQUESTED = "HANDOFF_REQUESTED"
    ASSIGNMENT_MADE = "ASSIGNMENT_MADE"


class DeliveryState(StrEnum):
    """What became of an event for one endpoint."""

    WAITING = "WAITING"
    SENT = "SENT"
    WITHHELD = "WITHHELD"
    DEAD = "DEAD"


TYPE_OF: Final = {
    Topic.RELEASE_GIVEN: "org.goldenthread.release.given.v1",
    Topic.WORK_ARRIVED: "org.goldenthread.work.arrived.v1",
    Topic.HANDOFF_REQUESTED: "org.goldenthread.handoff.requested.v1",
    Topic.ASSIGNMENT_MADE: "org.goldenthread.assignment.made.v1",
}
"""CloudEvents ``type``."""

ROLES: Final = frozenset({Role.CM, Role.SUP, Role.PM, Role.SVC})
"""Through whose eyes an endpoint looks. Police, prosecution, defence, probation and courts get no
push about a person (GR-7, GR-8), so none of theirs is here."""

TOLD: Final[Mapping[Topic, Category]] = {
    Topic.RELEASE_GIVEN: Category.ENROLLMENT,
    Topic.WORK_ARRIVED: Category.ENROLLMENT,
    Topic.HANDOFF_REQUESTED: Category.REFERRAL,
    Topic.ASSIGNMENT_MADE: Category.ENROLLMENT,
}
"""What an event gives away even without a name: somebody was referred, or is in the programme."""

GROUND: Final[Mapping[Topic, Basis]] = {
    Topic.RELEASE_GIVEN: Basis.RELEASE,
    Topic.WORK_ARRIVED: Basis.OWN_AGENCY,
    Topic.HANDOFF_REQUESTED: Basis.OWN_AGENCY,
    Topic.ASSIGNMENT_MADE: Basis.OWN_AGENCY,
}
"""The one ground that an agency's program can have for a topic: it is assigned to nobody, and
counsel of nobody."""

MAX_ENDPOINTS: Final = 5
OLD_SECRET_LIVES: Final = timedelta(days=7)
SECRET_SHOWN: Final = timedelta(minutes=10)
"""How long the request that made a secret shows it: its answer may be lost, and it repeated."""
CLAIM_LASTS: Final = timedelta(seconds=60)
KEPT: Final = timedelta(days=30)
BACK_OFF: Final = tuple(
    timedelta(seconds=seconds) for seconds in (10, 30, 120, 600, 3_600, 14_400, 43_200)
)
"""Pauses after the first, second … failed attempt; after the last comes one attempt more."""

_MAX_URL = 500
_GONE = 410


@dataclass(frozen=True, slots=True)
class News:
    """A new ground of an agency or of one of its people, as the order of facts tells it.

    Attributes:
        agency_id: whose it is; empty where it is a person's.
        site_id: under which site's agreement; None counts at every site of the agency.
        participant_id: about whom.
        topic: what it is.
        account_id: of the person whose it is; empty where it is an agency's.
    """

    agency_id: str
    site_id: str | None
    participant_id: str
    topic: Topic
    account_id: str = ""


def may_be_told(topic: Topic, grounds: Mapping[Category, str]) -> bool:
    """Return whether a role's grounds ever let its agency's program be told.

    Args:
        topic: of what.
        grounds: by category, as access expressions; absent means never.
    """
    clauses = grounds.get(TOLD[topic], "").split("|")
    return any(clause and set(clause) <= {GROUND[topic].value, "*"} for clause in clauses)


def check_url(url: str, *, allows_loopback: bool = False) -> str:
    """Return the address of an endpoint if it is one that may be called at all.

    Where its name leads is looked at again before each call (``gateway.webhooks``).

    Args:
        url: as it was given.
        allows_loopback: on a developer's machine: receivers on it, without TLS too.

    Raises:
        RuleError: not https, or a part that an endpoint has no need of, or a private address.
    """
    refused = RuleError(
        "URL_NOT_ALLOWED",
        "An endpoint is https://name[:port]/path, on the public internet, without a password.",
        ("input", "url"),
    )
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise refused from None
    if allows_loopback and host == "127.0.0.1" and parts.scheme == "http" and url.isascii():
        return url
    is_plain = url.isascii() and len(url) <= _MAX_URL and not any(c.isspace() for c in url)
    if not is_plain or "\\" in url or parts.scheme != "https" or not host or port == 0:
        raise refused
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise refused
    try:
        is_public = ipaddress.ip_address(host).is_global
    except ValueError:
        is_public = "." in host and not host.endswith((".local", ".internal", ".localhost"))
    if not is_public:
        raise refused
    return url


def news_of(operations: Iterable[dict[str, Any]]) -> list[News]:
    """Return what agencies, and people for them, gained by one revision.

    What is taken away is silence. A call to come (handoff) opens the referral to an agency and to
    whoever is on call there in one go, under one source; nothing else does.
    """
    rows = [
        operation["row"]
        for operation in operations
        if operation.get("op") == "put"
        and operation.get("table") == "visibility"
        and isinstance(operation.get("row"), dict)
        and operation["row"]["effect"] == "permit"
    ]
    called = {
        row.get("source_id")
        for row in rows
        if row["basis"] == Basis.ASSIGNMENT.value and row["category"] == Category.REFERRAL.value
    } - {None}
    found = (_news_of_row(row, is_call=row.get("source_id") in called) for row in rows)
    return list(dict.fromkeys(each for each in found if each is not None))


def _news_of_row(row: dict[str, Any], *, is_call: bool) -> News | None:
    holder, participant_id = str(row["holder"]), str(row["participant_id"])
    if holder.startswith(agency_holder("")):
        agency_id, _, site_id = holder.removeprefix(agency_holder("")).partition("@")
        topic = {
            Basis.RELEASE.value: Topic.RELEASE_GIVEN,
            Basis.OWN_AGENCY.value: Topic.HANDOFF_REQUESTED if is_call else Topic.WORK_ARRIVED,
        }.get(row["basis"])
        return None if topic is None else News(agency_id, site_id or None, participant_id, topic)
    is_made = row["basis"] == Basis.ASSIGNMENT.value and not is_call
    if is_made and holder.startswith(subject_holder("")):
        account_id = holder.removeprefix(subject_holder(""))
        return News("", None, participant_id, Topic.ASSIGNMENT_MADE, account_id)
    return None


def envelope(delivery_id: UUID, site_id: UUID, topic: Topic, happened_at: datetime) -> bytes:
    """Return the whole body of an event: that it happened, and an id that stands for nothing."""
    event = {
        "specversion": "1.0",
        "id": str(delivery_id),
        "source": f"urn:goldenthread:site:{site_id}",
        "type": TYPE_OF[topic],
        "time": happened_at.replace(microsecond=0).isoformat(),
    }
    return orjson.dumps(event, option=orjson.OPT_SORT_KEYS)


def secret_of(key: bytes, endpoint_id: UUID, generation: int) -> str:
    """Return an endpoint's secret: made from the platform's key, so that no table holds it."""
    label = f"goldenthread webhook {endpoint_id} {generation}".encode()
    made = hmac.new(key, label, hashlib.sha256).digest()
    return f"whsec_{base64.b64encode(made).decode()}"


def signed_headers(
    delivery_id: UUID, secrets: Sequence[str], sent_at: datetime, body: bytes
) -> dict[str, str]:
    """Return the headers of Standard Webhooks; during a change of secret both sign."""
    seconds = str(int(sent_at.timestamp()))
    text = f"{delivery_id}.{seconds}.".encode() + body
    signatures = []
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signature = hmac.new(key, text, hashlib.sha256).digest()
        signatures.append(f"v1,{base64.b64encode(signature).decode()}")
    return {
        "webhook-id": str(delivery_id),
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(signatures),
        "content-type": "application/cloudevents+json; charset=utf-8",
    }


def after_attempt(
    attempts: int, status: int | None, now: datetime
) -> tuple[DeliveryState, datetime | None]:
    """Return what an attempt means: done, given up, or when to try again.

    Args:
        attempts: how many there were, this one included.
        status: of the receiver's answer; None if there was none.
        now: the database's clock.
    """
    if status is not None and 200 <= status < 300:
        return DeliveryState.SENT, None
    if status == _GONE or attempts > len(BACK_OFF):
        return DeliveryState.DEAD, None
    return DeliveryState.WAITING, now + BACK_OFF[attempts - 1]


def is_gone(status: int | None) -> bool:
    """Return whether the receiver said that it wants no more events (410)."""
    return status == _GONE
