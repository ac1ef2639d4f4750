"""Under whose token a file is sent: a deployment's comes from a file or the environment alone."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.cli.data_folder import REPOSITORY, DataFolder
from infra.cli.errors import CommandError
from infra.cli.importing import sending
from infra.cli.importing.callers import TOKEN_VARIABLE, checked_url, given_token
from infra.cli.importing.run import Import, import_file
from infra.cli.importing.sending import Gateway
from tests.infra.cli.importing.test_run import CASES, LISTS, MAPPINGS


@dataclass(slots=True)
class Deployment:
    """A server that writes down under which token somebody comes, and answers as it is told."""

    status: int = 200
    body: bytes = b'{"data": {"done": {"userErrors": []}}}'
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    made = Deployment()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            made.asked.append((self.path, self.headers["Authorization"]))
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(made.body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/graphql"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_token_comes_from_the_environment_or_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, " of-the-environment\n")
    assert given_token(None)() == "of-the-environment"
    file = tmp_path / "token"
    file.write_text("first\n")
    token = given_token(file)
    assert token() == "first"
    file.write_text("renewed\n")
    assert token() == "renewed", "whoever renews it writes the file anew"


@pytest.mark.parametrize("text", ["", "  \n", "two words", "caf\u00e9", "x" * 20_000])
def test_what_is_no_token_is_refused_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    file = tmp_path / "token"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv(TOKEN_VARIABLE, text)
    for given in (file, None):
        with pytest.raises(CommandError) as refused:
            given_token(given)
        assert not text.strip() or text not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://lead.example.org/graphql",
        "ftp://x/",
        "lead.example.org",
        "https://a:b@x/",
        "https:///",
    ],
)
def test_a_token_never_goes_over_the_network_in_the_clear(url: str) -> None:
    with pytest.raises(CommandError):
        checked_url(url)
    assert checked_url("https://lead.example.org/graphql") == "https://lead.example.org/graphql"
    assert checked_url("http://127.0.0.1:4000/graphql")


def _ask(deployment: Deployment) -> Any:
    return Gateway(deployment.url, lambda: "t", None)._post({"query": "{ x }"})


def test_a_redirect_is_not_followed_with_the_token(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.status, deployment.headers = 302, {"Location": "/elsewhere"}
    deployment.body = b"<p>moved</p>"
    with pytest.raises(CommandError, match="no gateway: HTTP status 302"):
        _ask(deployment)
    assert deployment.asked == [("/graphql", "Bearer t")]
    monkeypatch.setattr(sending, "_OPENER", urllib.request.build_opener())  # the twin
    with pytest.raises(CommandError):
        _ask(deployment)
    assert ("/elsewhere", "Bearer t") in deployment.asked


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (502, b"<p>bad gateway</p>", "no gateway: HTTP status 502"),
        (200, b"<p>welcome</p>", "no gateway"),
        (401, b'{"errors": [{"extensions": {"code": "UNAUTHENTICATED"}}]}', "UNAUTHENTICATED"),
    ],
)
def test_what_answers_wrongly_is_said(
    deployment: Deployment, status: int, body: bytes, told: str
) -> None:
    deployment.status, deployment.body = status, body
    with pytest.raises(CommandError, match=told):
        _ask(deployment)


def test_a_file_goes_into_a_deployment_without_a_platform_here(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from graphql import build_schema, introspection_from_schema

    text = (REPOSITORY / "gateway" / "supergraph.graphql").read_text(encoding="utf-8")
    told = introspection_from_schema(build_schema(text, assume_valid=True), descriptions=False)
    answers = iter([{"data": told}])
    taken: dict[str, Any] = {"data": {"done": {"userErrors": []}}}
    inner = Gateway._post

    def post(self: Gateway, body: dict[str, Any]) -> dict[str, Any]:
        deployment.body = json.dumps(next(answers, taken)).encode()
        return inner(self, body)

    monkeypatch.setattr(Gateway, "_post", post)
    monkeypatch.setenv(TOKEN_VARIABLE, "of-the-site")
    file, mapping = tmp_path / "docket.csv", tmp_path / "docket.toml"
    file.write_text(LISTS[CASES], encoding="utf-8")
    mapping.write_text(MAPPINGS[CASES], encoding="utf-8")
    wanted = Import("cases", file, mapping, None, False, deployment.url)
    folder = DataFolder(tmp_path / "nothing runs here")
    line, status = import_file(folder, wanted)
    assert (line, status) == ("import cases: 3 rows taken, 0 were taken before, 0 refused", 0)
    assert set(deployment.asked) == {("/graphql", "Bearer of-the-site")}
    with pytest.raises(CommandError, match="not with --url"):
        import_file(folder, Import("cases", file, mapping, "prosecutor", False, deployment.url))
