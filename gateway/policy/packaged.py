"""The committed policy over the committed supergraph, every file of it read strictly.

What does not fit stops the start, with file and line.
"""

from importlib import resources
from pathlib import Path

from gateway.policy.access_table import AccessTable, compile_table
from gateway.policy.errors import PolicyError
from gateway.policy.labels import Labels, read_labels
from gateway.policy.lines import coordinate_line
from gateway.policy.matrix import MATRIX_FILE, Matrix, load_matrix
from gateway.policy.mutations import load_mutations
from gateway.policy.obligations import load_obligations
from gateway.policy.reasons import check_reasons
from gateway.supergraph import Supergraph, load_supergraph

SUPERGRAPH_FILE = "supergraph.graphql"


def packaged_path() -> Path:
    """Return where the committed supergraph is."""
    return Path(str(resources.files("gateway") / SUPERGRAPH_FILE))


def policy_file(name: str) -> Path:
    """Return where a committed file of the policy is."""
    return Path(str(resources.files("gateway.policy") / name))


def packaged_sdl() -> str:
    """Return the text of the committed supergraph."""
    return (resources.files("gateway") / SUPERGRAPH_FILE).read_text()


def packaged_supergraph() -> Supergraph:
    """Return the committed supergraph.

    Raises:
        SupergraphError: it cannot be used.
    """
    return load_supergraph(packaged_sdl())


def packaged_table(supergraph: Supergraph, sdl: str | None = None) -> AccessTable:
    """Return the access table of the committed policy.

    Args:
        supergraph: what the policy is about.
        sdl: its text, for the lines that errors name; the committed one's when None.

    Raises:
        PolicyError: policy and supergraph do not fit.
    """
    matrix = load_matrix()
    check_reasons()
    try:
        labels = read_labels(supergraph)
        _check_restricted(matrix, labels)
        return compile_table(supergraph, labels, matrix, load_mutations(), load_obligations(matrix))
    except PolicyError as error:
        line = coordinate_line(sdl or packaged_sdl(), error.where)
        if line is None:
            raise
        where = f"{SUPERGRAPH_FILE}:{line}: {error.where}"
        raise PolicyError(error.message, where) from None


def _check_restricted(matrix: Matrix, labels: Labels) -> None:
    for coordinate in matrix.restricted:
        if tuple(coordinate.split(".")) not in labels.fields:
            raise PolicyError(f"no such field: {coordinate}", f"{MATRIX_FILE}: [restricted]")
