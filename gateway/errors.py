"""Error codes that a client can see, and their fixed texts.

Errors depend on the operation, its input, the role, the schema and which service is up; never on
data that the caller may not see (design section 5, "Silence").

``RequestRefusedError``       the whole request ends here, with an HTTP status
├── 400 BAD_REQUEST, UNKNOWN_OPERATION, BAD_USER_INPUT, GRAPHQL_PARSE_FAILED,
│       GRAPHQL_VALIDATION_FAILED, OPERATION_RESOLUTION_FAILURE, GRANT_AMBIGUOUS,
│       limits (see gateway.limits)
├── 401 UNAUTHENTICATED, STEP_UP_REQUIRED
├── 403 PURPOSE_NOT_ALLOWED, GRANT_REQUIRED, SUBJECT_BLOCKED
├── 409 RECIPIENT_NOT_NAMED
├── 429 RATE_LIMITED
└── 503 SERVICE_UNAVAILABLE, OVERLOADED
Field errors: FIELD_NOT_ALLOWED, MUTATION_NOT_ALLOWED, SERVICE_UNAVAILABLE, and the executor's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from infra.errors import GoldenThreadError

MESSAGES: dict[str, str] = {
    "BAD_REQUEST": "Send a JSON object with a 'query' text, no NUL characters, each header once.",
    "UNKNOWN_OPERATION": "This application has no such operation; see its manifest.",
    "UNSUPPORTED_MEDIA_TYPE": "Send the operation as application/json.",
    "NOT_ACCEPTABLE": "Accept application/graphql-response+json or application/json.",
    "BODY_TOO_LARGE": "The request body is larger than this API takes.",
    "UNAUTHENTICATED": "Send a valid access token as 'Authorization: Bearer'.",
    "STEP_UP_REQUIRED": "Sign in again as 'WWW-Authenticate' says: the records are sensitive.",
    "GRANT_AMBIGUOUS": "You hold several grants; name the one to act under in 'Acting-Grant'.",
    "GRANT_REQUIRED": "No live role grant lets you act here; ask your agency's administrator.",
    "SUBJECT_BLOCKED": "This account is blocked; ask the privacy officer.",
    "PURPOSE_NOT_ALLOWED": "Your role does not act for the purpose in 'Purpose-Of-Use'.",
    "FIELD_NOT_ALLOWED": "Your role does not see this field for this purpose.",
    "MUTATION_NOT_ALLOWED": "The mutation was not run: it selects what your role may not use.",
    "SERVICE_UNAVAILABLE": "A service that this needs is not answering; try again.",
    "ALIAS_LIMIT": "The operation has too many aliases.",
    "DEPTH_LIMIT": "The operation is nested too deeply.",
    "DIRECTIVE_LIMIT": "The operation has too many directives.",
    "ROOT_FIELD_LIMIT": "The operation selects too many root fields.",
    "EXPANSION_LIMIT": "The operation selects too many fields once fragments are expanded.",
    "VARIABLES_LIMIT": "The variables are nested too deeply, or too many.",
    "COST_LIMIT": "The operation may answer with too many objects; ask for smaller pages.",
    "PAGE_LIMIT": "A page has 1 to 100 rows; say how many, once.",
    "INCREMENTAL_DELIVERY_REFUSED": "Neither @defer nor @stream is offered: an answer is whole.",
    "PLANNING_LIMIT": "The operation is too complex to plan; ask for less in one operation.",
    "TOKEN_LIMIT": "The document is too long.",
    "LOOKUP_LIMIT": "Look one number up in each operation.",
    "RATE_LIMITED": "Too many requests; wait as long as 'Retry-After' says.",
    "RECIPIENT_NOT_NAMED": "No release names the recipient for all that this would tell them.",
    "SUBSCRIPTION_TRANSPORT": "Send subscriptions to /subscriptions: event stream or WebSocket.",
    "STREAM_LIMIT": "Too many streams are open, or too many people watched; close one.",
    "STREAM_NOT_ALLOWED": "Your role is not told of changes; ask again when you need to know.",
    "OVERLOADED": "The gateway is busy; try again in a moment.",
    "INTERNAL": "The gateway could not answer.",
}

NO_PURPOSE = "State why you ask in 'Purpose-Of-Use'; without it nothing about a person is served."
"""Said instead of the text of FIELD_NOT_ALLOWED where only a purpose is missing."""


class RequestRefusedError(GoldenThreadError):
    """The request is refused as a whole.

    Attributes:
        status: HTTP status code.
        errors: GraphQL error objects for the body.
        headers: more headers of the answer, as a challenge has them.
    """

    def __init__(
        self,
        status: int,
        code: str,
        errors: Sequence[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.errors = list(errors) if errors else [error(code)]
        self.headers = dict(headers or {})


def error(code: str, **extensions: object) -> dict[str, Any]:
    """Return a GraphQL error object with the fixed text of a code."""
    return {"message": MESSAGES[code], "extensions": {"code": code, **extensions}}
