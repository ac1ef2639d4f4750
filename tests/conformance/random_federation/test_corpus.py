"""What the emitter writes is what a real composer makes of the same subgraphs.

corpus/ was composed by Apollo's composer; `compose_corpus` makes it anew.
"""

from pathlib import Path
from typing import Any

import pytest
from graphql import lexicographic_sort_schema, print_ast, print_schema

from gateway.supergraph import Supergraph, load_supergraph
from tests.conformance.random_federation.compose_corpus import CORPUS
from tests.conformance.random_federation.emit_supergraph import supergraph_sdl
from tests.conformance.random_federation.generate import generate

FILES = sorted(CORPUS.glob("*.graphql"))


def _said(supergraph: Supergraph) -> dict[str, Any]:
    """All that a supergraph says of its subgraphs, in an order of its own."""
    return {
        f"{subgraph}.{name}": {
            "keys": sorted((key.text.replace(" ", ""), key.is_resolvable) for key in seen.keys),
            "possible": sorted(seen.possible_types),
            "fields": {
                one.name: (
                    one.type_text.replace(" ", ""),
                    one.is_external,
                    print_ast(one.requires) if one.requires else None,
                    print_ast(one.provides) if one.provides else None,
                )
                for one in sorted(seen.fields.values(), key=lambda one: one.name)
            },
        }
        for (subgraph, name), seen in sorted(supergraph.types.items())
    }


def test_there_is_a_corpus() -> None:
    assert len(FILES) >= 25


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_real_composer_says_the_same(file: Path) -> None:
    ours = load_supergraph(supergraph_sdl(generate(int(file.stem))))
    theirs = load_supergraph(file.read_text())
    assert _said(ours) == _said(theirs)
    schemas = [print_schema(lexicographic_sort_schema(one.api_schema)) for one in (ours, theirs)]
    assert schemas[0] == schemas[1]
