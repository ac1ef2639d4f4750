"""The composed schema, read-only: which subgraph owns what, and what clients may see."""

from gateway.supergraph.model import EntityKey, Subgraph, Supergraph, SupergraphError
from gateway.supergraph.registry import load_supergraph

__all__ = ["EntityKey", "Subgraph", "Supergraph", "SupergraphError", "load_supergraph"]
