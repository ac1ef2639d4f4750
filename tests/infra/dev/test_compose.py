"""The composition step, over small schemas; what needs Node skips without it."""

import shutil
from pathlib import Path

import pytest

from infra.dev.compose import compose as module
from infra.dev.compose.compose import SUPERGRAPH, ComposeError, compose, is_current

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n'
needs_node = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="composing needs Node"
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "_check_labels", lambda *_: None)
    (tmp_path / "gateway").mkdir()
    for name, field in (("cats", "purrs"), ("dogs", "barks")):
        (tmp_path / f"svc_{name}").mkdir()
        pet = f'type Pet @key(fields: "id") {{ id: ID! {field}: Int }}'
        sdl = f"type Query {{ {name}: [Pet!]! }}\n{pet}\n"
        (tmp_path / f"svc_{name}" / "subgraph.graphql").write_text(LINK + sdl)
    return tmp_path


@needs_node
def test_schemas_compose_and_staleness_shows(root: Path) -> None:
    assert not is_current(root)
    assert compose(root) == "composed 2 schemas (cats, dogs) into gateway/supergraph.graphql"
    text = (root / SUPERGRAPH).read_text()
    assert "@join__type(graph: CATS" in text
    assert is_current(root)
    first = text
    compose(root)
    assert (root / SUPERGRAPH).read_text() == first
    changed = root / "svc_cats" / "subgraph.graphql"
    changed.write_text(changed.read_text() + "# a comment\n")
    assert not is_current(root)


@needs_node
def test_a_new_service_makes_it_stale(root: Path) -> None:
    compose(root)
    (root / "svc_birds").mkdir()
    (root / "svc_birds" / "subgraph.graphql").write_text(LINK + "type Query { birds: Int }\n")
    assert not is_current(root)


@needs_node
def test_what_does_not_compose_is_said_and_the_old_one_stays(root: Path) -> None:
    compose(root)
    before = (root / SUPERGRAPH).read_text()
    (root / "svc_dogs" / "subgraph.graphql").write_text(
        LINK + 'type Query { dogs: Int }\ntype Pet @key(fields: "id") { id: ID! purrs: String }\n'
    )
    with pytest.raises(ComposeError, match=r"Pet\.purrs"):
        compose(root)
    assert (root / SUPERGRAPH).read_text() == before


@needs_node
def test_missing_labels_stop_the_step(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ComposeError("Pet.purrs has no label")

    monkeypatch.setattr(module, "_check_labels", refuse)
    with pytest.raises(ComposeError, match="no label"):
        compose(root)
    assert not (root / SUPERGRAPH).exists()


def test_without_node_it_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(root))
    with pytest.raises(ComposeError, match="needs Node"):
        compose(root)
