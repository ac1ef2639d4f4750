"""The internal door of the community form: the gateway alone may use it, and learns nothing.

The form needs no login, so there is nobody for whom an operation could run through the pipeline:
it is a stated internal write (``infra/decisions``). It returns no id, no person and no status.
"""

from datetime import date
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from infra.authority.handover import HandoverError
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.errors import RuleError
from infra.idempotency import IdempotencyConflictError, once, request_hash
from infra.identity_token import GATEWAY_ISSUER, IdentityTokenError
from infra.subgraph_app import Chassis, json_response, refusal
from svc_participants.people.rules import YesNo
from svc_participants.referrals import repository, rules
from svc_participants.referrals.forms import Person, ReferralForm, Referrer
from svc_participants.referrals.submissions import submit_from_public

_GATEWAY = frozenset({GATEWAY_ISSUER})
_ITSELF = f"service:{GATEWAY_ISSUER}"
MAX_BODY_BYTES = 65_536


class PublicDoor:
    """Two endpoints: which sites take the form, and the form."""

    def __init__(self, chassis: Chassis) -> None:
        self._chassis = chassis

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/internal/referrals/sites", self._sites, methods=["GET"]),
            Route("/internal/referrals/community", self._submit, methods=["POST"]),
        ]

    def _check(self, request: Request) -> None:
        token = self._chassis.authenticate(request, _GATEWAY)
        if token.claims.get("sub") != _ITSELF:
            raise IdentityTokenError("not the gateway itself")

    async def _sites(self, request: Request) -> Response:
        try:
            self._check(request)
        except IdentityTokenError as error:
            return refusal(401, error.code)
        async with self._chassis.database.read() as session:
            rows = await repository.public_sites(session)
        return json_response(
            200, {"sites": [{"id": str(row.site_id), "name": row.public_name} for row in rows]}
        )

    async def _submit(self, request: Request) -> Response:
        try:
            self._check(request)
        except IdentityTokenError as error:
            return refusal(401, error.code)
        body = await request.body()
        if len(body) > MAX_BODY_BYTES:
            return refusal(413, "BODY_TOO_LARGE")
        try:
            given = orjson.loads(body)
            key, form = str(given["key"]), form_of(given)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return refusal(400, "BAD_REQUEST")
        site_id = parse_id(given.get("siteId"))
        try:
            if site_id is not None:
                await self._take_in(site_id, form, key, request_hash("refer", given))
        except RuleError as error:
            # What is missing depends on the form alone; a site that takes none is not told apart.
            if error.code != "NO_PROTOCOL":
                return refusal(422, error.code)
        except IdempotencyConflictError:
            return refusal(422, "BAD_REQUEST")
        return json_response(202, {"received": True})

    async def _take_in(self, site_id: UUID, form: ReferralForm, key: str, hashed: str) -> None:
        async with self._chassis.database.write() as session:
            await _once(session, site_id, form, key, hashed)
        if self._chassis.handover is not None:
            try:
                await self._chassis.handover.flush()
            except HandoverError:
                return  # stored; who screens sees it as soon as the facts are over


async def _once(
    session: WriteSession, site_id: UUID, form: ReferralForm, key: str, hashed: str
) -> None:
    async def effect() -> dict[str, object]:
        await submit_from_public(session, site_id, form)
        return {}

    await once(session, subject=rules.THE_PUBLIC, key=key, request=hashed, effect=effect)


def form_of(given: dict[str, object]) -> ReferralForm:
    """Return the referral that a community form stands for.

    Raises:
        ValueError: a value is none of the vocabulary's.
        TypeError: a value is no text.
    """

    def text(name: str) -> str | None:
        value = given.get(name)
        if value is not None and not isinstance(value, str):
            raise TypeError(name)
        if value is not None and "\x00" in value:
            raise ValueError(name)
        return value or None

    year = text("birthYear")
    needs = given.get("needs") or []
    if not isinstance(needs, list):
        raise TypeError("needs")
    born, usual = text("bornOn"), text("usualPlace")
    return ReferralForm(
        door=rules.Door.COMMUNITY,
        person=Person(
            given_name=text("givenName"),
            family_name=text("familyName"),
            alias=text("alias"),
            description=text("description"),
            born_on=date.fromisoformat(born) if born else None,
            estimated_birth_year=int(year) if year else None,
            phone=text("personPhone"),
            usual_places=(usual,) if usual else (),
        ),
        account=text("account") or "",
        urgency=rules.Urgency(text("urgency") or "ROUTINE"),
        intercept_point=rules.InterceptPoint.COMMUNITY_SERVICES,
        counterfactual=rules.Counterfactual.UNKNOWN,
        occurred_at=None,
        place=usual or text("place"),  # the form before this one says "place"
        needs=[rules.Need(each) for each in needs],
        safety_concerns=text("safetyConcerns"),
        preferred_language=text("language"),
        person_is_aware=YesNo(text("personIsAware") or "NOT_ASKED"),
        person_agreed=YesNo(text("personAgreed") or "NOT_ASKED"),
        referrer=Referrer(
            text("referrerName"), text("referrerPhone"), text("referrerEmail"), text("referrerUnit")
        ),
        details={"concern": text("account"), "relation": text("relation")},
    )
