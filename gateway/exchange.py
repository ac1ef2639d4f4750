"""What passes between the edge and the pipeline: a request, and what leaves."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.identity import Possession
from gateway.release.recipient import StatedRecipient
from infra.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, as its service tells it: an id and no data.

    Attributes:
        field: of ``Subscription``.
        entity_id: what it is about.
        revision: authority revision that whoever looks must have reached.
    """

    field: str
    entity_id: str
    revision: int = 0

    def __str__(self) -> str:
        """Return how the internal token names it."""
        return f"{self.field}:{self.entity_id}"


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """One request as the edge hands it over.

    Attributes:
        token: access token without ``Bearer``.
        query: the document, unless it is only named.
        document_id: id of a persisted document.
        watched: ids of participants whose changes a stream is about.
        is_proven: what the client shows beside its token was checked when its stream began; only
            this process says so.
        is_look: an open stream looks again. What others do must not spend what this person may
            ask, nor show in what is refused to them.
        event: what a subscription is to be answered for.
        recipient: to whom a door hands the answer over; a release of its own.
        is_door: a door of this process runs the operation.
        wants_cost: the answer is to carry what the operation costs by estimate.
        wants_plan: the answer is to carry the query plan; the edge allows it to developers only.
        purpose: ``Purpose-Of-Use`` header.
        acting_grant: ``Acting-Grant`` header.
        possession: what the request shows beside its token; None where no client sends the token
            (the console, which keeps it), so that a bound token is refused there.
    """

    token: str
    query: str | None
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None
    purpose: str | None = None
    acting_grant: str | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    possession: Possession | None = None
    document_id: str | None = None
    wants_plan: bool = False
    wants_cost: bool = False
    recipient: StatedRecipient | None = None
    is_door: bool = False
    watched: tuple[str, ...] = ()
    is_proven: bool = False
    is_look: bool = False
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Under which of the caller's own grants an answer was given; never part of its body.

    Attributes:
        purposes: codes that this grant's column may state, in alphabetical order.
    """

    grant_id: str
    role: Role
    agency_id: str
    site_id: str
    purposes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who opens a stream.

    Attributes:
        person: for limits by person.
        client: for limits by application.
        column: of the matrix.
        subject: account.
        agency_id: agency of the acting grant; may be empty.
        site_id: site of the acting grant.
        expires_at: end of the token, seconds since the epoch.
        valid_until: when time alone may change the grants.
        signed_in_until: when the sign-in is too old for what the operation selects, seconds since
            the epoch; None where it never is.
        kind: of the operation that the stream is about; empty where none was read.
        field: root field of a subscription; empty for other kinds.
        arguments: of that field, with variables filled in.
    """

    person: str
    client: str
    column: str
    subject: str
    agency_id: str
    site_id: str
    expires_at: int
    valid_until: datetime | None = None
    signed_in_until: int | None = None
    kind: str = ""
    field: str = ""
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def until(self) -> int:
        """When token or sign-in is good no more, seconds since the epoch."""
        until = self.signed_in_until
        return self.expires_at if until is None else min(self.expires_at, until)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the authority order whose change may end what this person has open."""
        agency = (f"agency:{self.agency_id}",) if self.agency_id else ()
        return (f"subject:{self.subject}", "policy", *agency)


@dataclass(frozen=True, slots=True)
class Answer:
    """What leaves: HTTP status and GraphQL response."""

    status: int
    body: Mapping[str, Any]
    standing: Standing | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
