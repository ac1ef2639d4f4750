"""What passes between the edge and the pipeline: a request, and what leaves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.identity import Possession
from gateway.release.recipient import StatedRecipient
from infra.vocabulary import Role


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
    headers: Mapping[str, str] = field(default_factory=dict)
    possession: Possession | None = None
    document_id: str | None = None
    wants_plan: bool = False
    wants_cost: bool = False
    recipient: StatedRecipient | None = None
    is_door: bool = False
    watched: tuple[str, ...] = ()
    is_proven: bool = False


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
        keys: keys of the authority order whose change may end the stream.
        expires_at: end of the token, seconds since the epoch.
    """

    person: str
    client: str
    column: str
    keys: tuple[str, ...]
    expires_at: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What leaves: HTTP status and GraphQL response."""

    status: int
    body: Mapping[str, Any]
    standing: Standing | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
