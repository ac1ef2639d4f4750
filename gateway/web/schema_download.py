"""``GET /schema.graphql``: the schema as the caller's role can ever see it, for code generators."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.errors import RequestRefusedError
from gateway.pipeline import GraphQLRequest, Pipeline
from gateway.web.credentials import CredentialsReader, challenge_of


def schema_download(
    pipeline: Pipeline, credentials: CredentialsReader
) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler; descriptions included, nothing of another role."""

    async def download(request: Request) -> Response:
        try:
            credentials.admit(request)
            token, shown = credentials.read(request)
            asked = GraphQLRequest(
                token=token,
                query=None,
                acting_grant=request.headers.get("acting-grant"),
                possession=shown,
            )
            text = await pipeline.schema_text(asked)
        except RequestRefusedError as refused:
            said = {"errors": refused.errors}
            return JSONResponse(said, refused.status, challenge_of(refused))
        return Response(text, media_type="application/graphql")

    return download
