"""Compose the first random federations with Apollo's composer into corpus/; needs Node.

    python -m tests.conformance.random_federation.compose_corpus FOLDER [COUNT]

FOLDER has @apollo/composition in its node_modules.  Run it after the generator has changed.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conformance.random_federation.emit_subgraphs import subgraph_sdl
from tests.conformance.random_federation.generate import generate

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"


def main(folder: str, count: int) -> None:
    """Write the supergraph of each seed that composes; print those that do not."""
    federations = [generate(seed) for seed in range(count)]
    lines = [
        json.dumps([{"name": one.name, "sdl": subgraph_sdl(one)} for one in each.subgraphs])
        for each in federations
    ]
    ran = subprocess.run(
        ["node", str(HERE / "compose.mjs"), folder],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    CORPUS.mkdir(exist_ok=True)
    for old in CORPUS.glob("*.graphql"):
        old.unlink()
    for seed, line in enumerate(ran.stdout.splitlines()):
        answer: dict[str, Any] = json.loads(line)
        if "errors" in answer:
            print(f"seed {seed} does not compose: {answer['errors'][0][:200]}", file=sys.stderr)
            continue
        text = answer["supergraph"].rstrip() + "\n"
        (CORPUS / f"{seed:03}.graphql").write_text(text)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 32)
