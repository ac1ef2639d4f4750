"""The order of the stages that every request passes, and nothing else (design section 3).

Who, purpose, role pass and plan, fetch, fence, release gate. A conflict at the gate is answered
from what still stands; a changed principal or list starts again, a bounded number of times.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from copy import copy
from dataclasses import replace
from time import perf_counter
from typing import Any

from graphql import value_from_ast_untyped

from gateway.caller import Acting, act, read_purpose
from gateway.consent_client import ConsentUnavailableError
from gateway.errors import RequestRefusedError, error
from gateway.exchange import Answer, GraphQLRequest, Standing, Visitor
from gateway.identity import (
    AccessTokenError,
    AccessTokenVerifier,
    DpopNonceError,
    Possession,
    PossessionCheck,
    VerifiedAccessToken,
)
from gateway.identity.step_up import StepUp
from gateway.limits.traffic import UNLIMITED, Traffic, TrafficRules
from gateway.operation_metrics import OperationMetrics
from gateway.persisted import DocumentRequest, PersistedDocuments, UnknownOperationError
from gateway.planner import Operation, OperationError
from gateway.planner.introspection import asks_about_schema, introspect
from gateway.planner.selection import ALWAYS
from gateway.policy.access_table import View
from gateway.policy.roles import Refusal, selected_refusals
from gateway.prepare import Preparer, presented
from gateway.presenting import present, refusal_error, refuse_mutation, with_cost, with_plan
from gateway.release.directory import DirectoryCache, choose_grant
from gateway.release.feed import ChangeFeed
from gateway.release.recipient import RecipientNotNamedError, StatedRecipient
from gateway.rounds import PrincipalChangedError, Rounds
from infra import clock
from infra.telemetry import metrics, traces
from infra.vocabulary import Basis, Purpose

__all__ = ["Answer", "GraphQLRequest", "Pipeline", "Standing", "StatedRecipient", "Visitor"]

MAX_PRINCIPAL_CHANGES = 2
CATCH_UP_SECONDS = 0.1
_NOTHING_SHOWN = Possession("bearer", "POST", "/")


class Pipeline:
    """Runs requests; one for each gateway process."""

    def __init__(
        self,
        verifier: AccessTokenVerifier,
        directory: DirectoryCache,
        preparer: Preparer,
        rounds: Rounds,
        feed: ChangeFeed,
        possession: PossessionCheck | None = None,
        traffic: Traffic | None = None,
        step_up: StepUp | None = None,
        documents: PersistedDocuments | None = None,
    ) -> None:
        """Make the pipeline; without ``traffic`` nothing is counted, which only tests want."""
        self._verifier = verifier
        self._possession = possession or PossessionCheck(None, ())
        self._documents = documents or PersistedDocuments()
        self._step_up = step_up or StepUp()
        self._traffic = traffic or Traffic(TrafficRules(), UNLIMITED)
        self._directory = directory
        self._preparer = preparer
        self._rounds = rounds
        self._feed = feed
        self._operations = OperationMetrics()

    @property
    def preparer(self) -> Preparer:
        """What prepares the operations of these requests."""
        return self._preparer

    def under(self, preparer: Preparer) -> "Pipeline":
        """Return a pipeline that differs in supergraph and policy alone."""
        other = copy(self)
        other._preparer = preparer
        return other

    async def answer(self, request: GraphQLRequest) -> Answer:
        """Answer one request; every refusal comes back as an answer too."""
        started = perf_counter()
        self._operations.begin()
        with traces.span("gateway.request", carrier=request.headers) as span:
            try:
                answer = await self._run(request)
            except RequestRefusedError as refused:
                metrics.REFUSALS.labels(refused.code).inc()
                traces.set_attribute(span, "gt.outcome", refused.code)
                answer = Answer(refused.status, {"errors": refused.errors}, headers=refused.headers)
            traces.set_attribute(span, "http.response.status_code", answer.status)
        has_errors = "errors" in answer.body
        self._operations.end(answer.status, perf_counter() - started, has_errors=has_errors)
        return answer

    async def _run(self, request: GraphQLRequest) -> Answer:
        verified = await self._verified(request)
        if not request.is_look:
            self._traffic.of_person(verified.person, verified.client_id)
        purpose = read_purpose(request.purpose)
        for _ in range(MAX_PRINCIPAL_CHANGES + 1):
            try:
                acting = await self._acting(
                    verified, request.acting_grant, purpose, is_under_order=_is_under_order(request)
                )
                answer = await self._execute(request, verified, acting)
                return replace(answer, standing=self._standing(acting))
            except PrincipalChangedError:
                self._directory.forget(verified.issuer_alias, verified.subject)
            except RecipientNotNamedError:
                raise RequestRefusedError(409, RecipientNotNamedError.code) from None
            except ConsentUnavailableError:
                break
        return await self._answer_catalogue(request, verified)

    async def schema_text(self, request: GraphQLRequest) -> str:
        """Return the schema as the caller's role can ever see it, as SDL.

        Raises:
            RequestRefusedError: as for an operation.
        """
        verified = await self._verified(request)
        self._traffic.of_person(verified.person, verified.client_id)
        try:
            acting = await self._acting(verified, request.acting_grant, None)
        except ConsentUnavailableError:
            raise RequestRefusedError(503, "SERVICE_UNAVAILABLE") from None
        view = self._preparer.table.view(acting.column, has_person_purpose=True)
        return self._preparer.sdl_of(view)

    async def identify(self, request: GraphQLRequest) -> VerifiedAccessToken:
        """Return whose token a request carries and may use; the directory need not know them.

        Raises:
            RequestRefusedError: as for an operation.
        """
        verified = await self._verified(request)
        self._traffic.of_person(verified.person, verified.client_id)
        return verified

    async def admit(self, request: GraphQLRequest) -> Visitor:
        """Return who opens a connection; its operations come later.

        Raises:
            RequestRefusedError: as for an operation; 503 while the directory is away.
        """
        verified, acting = await self._standing_of(request)
        return _visitor(verified, acting)

    async def visitor(self, request: GraphQLRequest) -> Visitor:
        """Return who opens a stream, and on what; nothing is executed.

        Raises:
            RequestRefusedError: as for an operation; 403 for a subscription that is not this
                role's, 503 while the directory is away.
        """
        # Possession is checked with the first answer, where there is one: a proof is good once.
        verified, acting = await self._standing_of(replace(request, is_proven=True))
        operation, variables = self._parse(request, verified.client_id)
        visitor = replace(_visitor(verified, acting), kind=operation.kind)
        is_subscription = operation.kind == "subscription"
        if not is_subscription and not request.watched:
            return visitor
        if is_subscription and not request.is_proven:
            self._prove(verified, request)
        prepared = self._preparer.prepare(operation, acting.view, verified.client_id, variables)
        prepared.cost.check(variables, self._preparer.budget)
        selected = prepared.pruned.coordinates
        if is_subscription or request.is_proven:  # else the first answer asks for it
            self._step_up.check(verified, selected)
        visitor = replace(visitor, signed_in_until=self._step_up.good_until(verified, selected))
        if not is_subscription:
            return visitor
        fields = prepared.pruned.operation.root.fields
        if not fields:
            refusals = selected_refusals(prepared.pruned, variables)
            errors = [refusal_error("FIELD_NOT_ALLOWED", each) for each in refusals]
            raise RequestRefusedError(403, "FIELD_NOT_ALLOWED", errors)
        (root,) = fields
        given = {
            each.name.value: value_from_ast_untyped(each.value, variables)
            for each in root.arguments
        }
        return replace(visitor, field=root.name, arguments=given)

    async def _standing_of(self, request: GraphQLRequest) -> tuple[VerifiedAccessToken, Acting]:
        verified = await self._verified(request)
        if not request.is_look:
            self._traffic.of_person(verified.person, verified.client_id)
        purpose = read_purpose(request.purpose)
        try:
            acting = await self._acting(verified, request.acting_grant, purpose)
        except ConsentUnavailableError:
            raise RequestRefusedError(503, "SERVICE_UNAVAILABLE") from None
        return verified, acting

    async def _verified(self, request: GraphQLRequest) -> VerifiedAccessToken:
        try:
            verified = await self._verifier.verify(request.token)
        except AccessTokenError:
            raise RequestRefusedError(401, "UNAUTHENTICATED") from None
        if not request.is_proven:
            self._prove(verified, request)
        return verified

    def _prove(self, verified: VerifiedAccessToken, request: GraphQLRequest) -> None:
        shown = request.possession or _NOTHING_SHOWN
        try:
            self._possession.check(verified, request.token, shown)
        except DpopNonceError as wanted:
            challenge = {
                "www-authenticate": 'DPoP error="use_dpop_nonce"',
                "dpop-nonce": wanted.nonce,
            }
            raise RequestRefusedError(401, "UNAUTHENTICATED", headers=challenge) from None
        except AccessTokenError:
            raise RequestRefusedError(401, "UNAUTHENTICATED") from None

    async def _acting(
        self,
        verified: VerifiedAccessToken,
        acting_grant: str | None,
        purpose: Purpose | None,
        *,
        is_under_order: bool = False,
    ) -> Acting:
        fixed = verified.service_purpose
        if fixed is not None:
            if purpose not in (None, fixed):
                raise RequestRefusedError(403, "PURPOSE_NOT_ALLOWED")
            purpose = fixed
        claims = [(each.role, each.agency, each.site) for each in verified.claimed_roles]
        found = await self._directory.directory(verified.issuer_alias, verified.subject, claims)
        principal = choose_grant(found, acting_grant)
        return act(
            principal,
            purpose,
            self._preparer.table,
            is_service=fixed is not None,
            is_under_order=is_under_order,
        )

    def _standing(self, acting: Acting) -> Standing:
        grant = acting.principal.grant
        purposes = self._preparer.table.matrix.purposes_of(acting.column)
        return Standing(
            grant_id=grant.id,
            role=grant.role,
            agency_id=grant.agency_id,
            site_id=grant.site_id,
            purposes=tuple(sorted(purpose.value for purpose in purposes)),
        )

    async def _execute(
        self, request: GraphQLRequest, verified: VerifiedAccessToken, acting: Acting
    ) -> Answer:
        operation, variables = self._parse(request, verified.client_id)
        if operation.kind == "subscription":
            acting = _asked_about(acting, request)
        traces.note("gt.role", acting.column)
        prepared = self._preparer.prepare(operation, acting.view, verified.client_id, variables)
        cost = prepared.cost.check(variables, self._preparer.budget)
        refusals = list(selected_refusals(prepared.pruned, variables))
        if operation.kind == "mutation" and refusals:
            return refuse_mutation(refusals)
        self._step_up.check(verified, prepared.pruned.coordinates)
        introspection = self._introspect(operation, variables, acting.view)
        root = prepared.pruned.operation.root
        roots = [f"{each.parent_type}.{each.name}" for each in root.fields]
        if operation.kind == "mutation":
            others = self._preparer.table.mutations.not_this_way(
                roots, by_service=verified.service_purpose is not None, by_door=request.is_door
            )
            if others:
                return refuse_mutation([Refusal(each, (), ALWAYS, ()) for each in others])
        known_revision = self._feed.revision
        if request.event is not None:
            known_revision = max(known_revision, request.event.revision)
        if not request.is_look:
            await self._traffic.of_operation(verified.person, roots)
        # Looks of streams are few at a time, and have room of their own.
        room = nullcontext() if request.is_look else self._traffic.room(verified.person, roots)
        with room:
            released = await self._rounds.run(
                prepared,
                variables,
                introspection,
                acting,
                verified.expires_at,
                known_revision,
                self._recipient(request.recipient, acting),
            )
        if operation.kind == "mutation" and released.revision:
            # What the mutation changed must be known here before its answer says so.
            patience = min(CATCH_UP_SECONDS, released.leave_by - clock.monotonic())
            await self._feed.wait_for(released.revision, patience)
        with_purpose = None
        if acting.stated_purpose is None:
            with_purpose = self._preparer.table.view(acting.column, has_person_purpose=True)
        pruned = prepared.pruned
        obligations: tuple[dict[str, Any], ...] = ()
        if not pruned.is_catalogue_only:
            attached = self._preparer.table.obligations
            obligations = attached.of(pruned.labels, acting.column, acting.purpose)
        answer = present(prepared, released, refusals, with_purpose, obligations)
        if request.wants_cost:
            answer = with_cost(answer, cost, self._preparer.budget.cost)
        return with_plan(answer, prepared) if request.wants_plan else answer

    async def _answer_catalogue(
        self, request: GraphQLRequest, verified: VerifiedAccessToken
    ) -> Answer:
        """Answer while ``svc_consent`` is away: CATALOGUE fields, and the same for everybody."""
        operation, variables = self._parse(request, verified.client_id)
        outage = self._preparer.table.outage
        prepared = self._preparer.prepare(operation, outage, verified.client_id, variables)
        prepared.cost.check(variables, self._preparer.budget)
        refusals = list(selected_refusals(prepared.pruned, variables))
        errors = [refusal_error("SERVICE_UNAVAILABLE", refusal) for refusal in refusals]
        introspection = self._introspect(operation, variables, outage)
        if operation.kind == "mutation" or not (prepared.plan.nodes or introspection):
            return Answer(200, {"data": None, "errors": errors or [error("SERVICE_UNAVAILABLE")]})
        released = await self._rounds.run_ungated(prepared, variables, introspection)
        body: dict[str, Any] = {"data": released.data}
        if errors or released.errors:  # the specification has no empty list of errors
            body["errors"] = [*errors, *released.errors]
        return Answer(200, body)

    def _recipient(self, stated: StatedRecipient | None, acting: Acting) -> StatedRecipient | None:
        """Return a recipient with what the agreement lets their role see."""
        if stated is None:
            return None
        if stated.purpose is Purpose.HLEGAL:  # what the order lists, whatever the role is
            ordered = dict.fromkeys(acting.access, Basis.COURT_ORDER.value)
            return replace(stated, access=ordered)
        access, _, _ = self._preparer.table.access_of(stated.role.value, has_person_purpose=True)
        return replace(stated, access=access)

    def _introspect(
        self, operation: Operation, variables: Mapping[str, Any], view: View
    ) -> Mapping[str, Any]:
        if not asks_about_schema(operation):
            return {}  # a view's schema takes long to make, in which nothing else is answered
        return introspect(operation, self._preparer.schema_of(view), variables)

    def _parse(self, request: GraphQLRequest, client: str) -> tuple[Operation, dict[str, Any]]:
        wanted = DocumentRequest(request.query, request.document_id)
        try:
            text = self._documents.document(client, wanted)
        except UnknownOperationError:
            raise RequestRefusedError(400, "UNKNOWN_OPERATION") from None
        operation = self._preparer.parse(text, request.operation_name, client)
        name = operation.definition.name.value if operation.definition.name else None
        is_registered = request.document_id is not None
        self._operations.note(name, operation.kind, is_registered=is_registered)
        try:
            return operation, self._preparer.variables(operation, request.variables)
        except OperationError as refused:
            raise presented(refused) from None


def _is_under_order(request: GraphQLRequest) -> bool:
    """Return whether a door hands an answer over because a court ordered it; no client says so."""
    stated = request.recipient
    return request.is_door and stated is not None and stated.purpose is Purpose.HLEGAL


def _asked_about(acting: Acting, request: GraphQLRequest) -> Acting:
    """Return the standing of a look at one event: its internal tokens name it."""
    if not request.is_look:
        raise RequestRefusedError(400, "SUBSCRIPTION_TRANSPORT")
    event = None if request.event is None else str(request.event)
    return replace(acting, caller=replace(acting.caller, event=event))


def _visitor(verified: VerifiedAccessToken, acting: Acting) -> Visitor:
    principal = acting.principal
    return Visitor(
        person=verified.person,
        client=verified.client_id,
        column=acting.column,
        subject=principal.subject,
        agency_id=principal.grant.agency_id,
        site_id=principal.grant.site_id,
        expires_at=verified.expires_at,
        valid_until=principal.valid_until,
    )
