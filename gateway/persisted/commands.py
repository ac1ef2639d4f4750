"""What who ships an application runs: make a key, sign a manifest, check it against a schema."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from joserfc.jwk import OKPKey

from gateway.errors import RequestRefusedError
from gateway.identity.strict_json import StrictJsonError, parse_strictly
from gateway.limits.budget import Budget
from gateway.limits.cost import cost_of
from gateway.limits.shape import check_shape
from gateway.persisted.documents import SUFFIX, read_key
from gateway.persisted.manifest import ManifestError, read_manifest, sign_manifest
from gateway.planner import OperationError, normalize, parse_operation
from gateway.supergraph import Supergraph


def new_key(folder: Path) -> int:
    """Write a pair of keys: the private one stays where manifests are signed."""
    folder.mkdir(parents=True, exist_ok=True)
    private, public = folder / "operations-private.jwk", folder / "operations-public.jwk"
    if private.exists() or public.exists():
        raise ManifestError(f"{folder} has a key already")
    key = OKPKey.generate_key("Ed25519")
    private.touch(mode=0o600)
    private.write_text(json.dumps(key.as_dict(private=True)) + "\n", encoding="utf-8")
    public.write_text(json.dumps(key.as_dict(private=False)) + "\n", encoding="utf-8")
    sys.stdout.write(f"keys written to {folder}; the gateway needs only {public.name}\n")
    return 0


def sign(manifest: Path, client_id: str, version: int, key_file: Path) -> int:
    """Print a manifest as the gateway loads it."""
    try:
        content = parse_strictly(manifest.read_bytes())
    except StrictJsonError:
        raise ManifestError(f"{manifest} is no JSON, or a name occurs twice in it") from None
    sys.stdout.write(sign_manifest(content, client_id, version, read_key(key_file)) + "\n")
    return 0


def check(folders: Sequence[Path], key_file: Path | None, supergraph: Supergraph) -> int:
    """Check every operation in some folders; 1 if one would be refused.

    Args:
        folders: of signed manifests; without a key, of documents (``NAME.graphql``).
        key_file: public key that the manifests were signed for.
        supergraph: what they are held against.
    """
    key = None if key_file is None else read_key(key_file)
    pattern = "*.graphql" if key is None else f"*{SUFFIX}"
    paths = sorted(path for folder in folders for path in folder.glob(pattern))
    count, faults = 0, 0
    for path in paths:
        if key is None:
            named = {"": _with_fragments(path)}
        else:
            manifest = read_manifest(path.read_text("ascii"), key)
            named = {f"{each}: ": text for each, text in manifest.documents.items()}
        for name, text in named.items():
            count += 1
            fault = _fault(text, supergraph)
            if fault:
                faults += 1
                sys.stderr.write(f"{path.name}: {name}{fault}\n")
    word = "all" if not faults else f"{count - faults} of"
    of = "documents" if key is None else "manifests"
    sys.stdout.write(f"operations: {word} {count} in {len(paths)} {of} fit the schema\n")
    return 1 if faults else 0


def _with_fragments(path: Path) -> str:
    """Return a document with what it takes from the folder ``fragments`` beside it."""
    text = path.read_text("utf-8")
    shared = sorted((path.parent / "fragments").glob("*.graphql"))
    taken = [each.read_text("utf-8") for each in shared if f"...{each.stem} " in text]
    return "\n".join([text, *taken])


def _fault(text: str, supergraph: Supergraph) -> str | None:
    try:
        parsed = parse_operation(text, None, supergraph)
        budget = Budget()
        check_shape(parsed.document, parsed.definition, budget)
        normalized = normalize(parsed, max_selections=budget.concrete_selections)
        # Page sizes that come as variables count with their defaults; the client may ask for more.
        cost_of(normalized, supergraph, budget.assumed_list).check({}, budget)
    except OperationError as refused:
        return "; ".join(each.message for each in refused.errors)
    except RequestRefusedError as refused:
        return refused.code
    return None
