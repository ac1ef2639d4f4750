"""An agency with an endpoint of its own program, and all that works for it; real parts."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text
from starlette.requests import Request
from starlette.responses import Response

from gateway.webhooks import WebhookSender
from infra.authority.facts import agency_holder
from infra.vocabulary import Basis, Category, Purpose, Role
from svc_consent.webhooks import commands
from svc_consent.webhooks.commands import EndpointTerms
from svc_consent.webhooks.rules import Topic
from svc_consent.webhooks.tables import WebhookDelivery, WebhookEndpoint
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import GatewayWorld

RELEASES = (Topic.RELEASE_GIVEN,)
OWN = (Topic.WORK_ARRIVED, Topic.HANDOFF_REQUESTED, Topic.ASSIGNMENT_MADE)


@dataclass(slots=True)
class Receiver:
    """A partner's own program.

    Attributes:
        received: headers and body of each call.
        answers: statuses of the next answers; 204 when there are none.
    """

    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    port: int = 0

    async def take(self, request: Request) -> Response:
        self.received.append((dict(request.headers), await request.body()))
        status = self.answers.pop(0) if self.answers else 204
        headers = {"location": f"http://127.0.0.1:{self.port}/hook"} if status == 302 else None
        return Response(status_code=status, headers=headers)


@dataclass(frozen=True, slots=True)
class Office:
    """An agency with an endpoint, and all that works for it."""

    world: GatewayWorld
    receiver: Receiver
    sender: WebhookSender
    administrator: Person
    endpoint_id: UUID

    @property
    def holder(self) -> str:
        return agency_holder(self.administrator.agency_id)

    async def gain(self, category: Category | None = Category.ENROLLMENT) -> tuple[str, UUID]:
        """Have somebody's release name the agency; return whose, and the ground."""
        participant = str(uuid4())
        consent = self.world.consent
        row = await consent.permit(
            participant, self.holder, Basis.RELEASE, category, Purpose.COC, source=uuid4()
        )
        return participant, row

    async def deliveries(self) -> list[WebhookDelivery]:
        async with self.world.consent.service.chassis.database.read() as session:
            found = await session.scalars(
                select(WebhookDelivery)
                .where(WebhookDelivery.endpoint_id == self.endpoint_id)
                .order_by(WebhookDelivery.created_at)
            )
            return list(found)

    async def states(self) -> list[str]:
        return [each.state for each in await self.deliveries()]

    async def time_passes(self) -> None:
        """Make what waits due, and what was claimed and not heard of as well."""
        await self.world.consent.execute(
            "update webhook_delivery set next_attempt_at = now() - interval '1 s',"
            " claimed_until = now() - interval '1 s' where endpoint_id = :id",
            id=self.endpoint_id,
        )

    async def told(self) -> list[dict[str, Any]]:
        """Return what the ledger holds of the agency's webhooks."""
        async with self.world.consent.service.chassis.database.read() as session:
            found = await session.scalars(
                text(
                    "select entry from ledger_entry where entry ->> 'operationName' = 'Webhook'"
                    " and entry ->> 'agencyId' = :agency order by lane, sequence"
                ),
                {"agency": self.administrator.agency_id},
            )
            return list(found)


async def register(world: GatewayWorld, person: Person, **changes: Any) -> WebhookEndpoint:
    terms = {
        "grant_id": person.grant_id, "url": "https://partner.example/hook", "topics": RELEASES,
        "role": Role.SVC, "purpose": Purpose.COC, **changes,
    }  # fmt: skip
    async with world.consent.service.chassis.database.write() as session:
        return await commands.register(session, EndpointTerms(**terms))


@dataclass(frozen=True, slots=True)
class Provider:
    """An agency that serves people, with an endpoint that looks as its supervisor."""

    office: Office
    supervisor: Person

    async def arrive(self, basis: Basis, holder: str, **ground: Any) -> str:
        participant: str = ground.pop("participant", str(uuid4()))
        await self.office.world.consent.permit(participant, holder, basis, **ground)
        return participant

    def types(self) -> list[str]:
        return [
            json.loads(body)["type"].removeprefix("org.goldenthread.").removesuffix(".v1")
            for _, body in self.office.receiver.received
        ]
