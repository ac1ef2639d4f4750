"""``GET /schema.graphql``: the schema as the caller's role can ever see it, for code generators."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.errors import RequestRefusedError
from gateway.identity.possession import Possession
from gateway.limits.traffic import Traffic
from gateway.pipeline import GraphQLRequest, Pipeline
from gateway.web.doors.routes import credentials_of


def schema_download(
    pipeline: Pipeline, traffic: Traffic | None
) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler; descriptions included, nothing of another role."""

    async def download(request: Request) -> Response:
        try:
            if traffic is not None:
                traffic.from_address(request.client.host if request.client else "")
            scheme, token = credentials_of(request)
            proofs = tuple(request.headers.getlist("dpop"))
            shown = Possession(scheme, request.method, request.url.path, proofs)
            asked = GraphQLRequest(
                token=token,
                query=None,
                acting_grant=request.headers.get("acting-grant"),
                possession=shown,
            )
            text = await pipeline.schema_text(asked)
        except RequestRefusedError as refused:
            headers = dict(refused.headers)
            if refused.status == 401:
                headers.setdefault("www-authenticate", 'Bearer realm="goldenthread"')
            return JSONResponse({"errors": refused.errors}, refused.status, headers)
        return Response(text, media_type="application/graphql")

    return download
