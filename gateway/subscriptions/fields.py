"""Which events a subscription is woken by: data, read strictly (``fields.toml``)."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from gateway.exchange import Visitor
from gateway.supergraph import Supergraph
from infra.errors import GoldenThreadError

_OWN: Final = frozenset({"agency", "site", "subject"})
_NAMED: Final = frozenset({"participant", "referral", "meeting"})


class StreamFieldsError(GoldenThreadError):
    """``fields.toml`` does not fit the supergraph."""

    code = "STREAM_FIELDS"


@dataclass(frozen=True, slots=True)
class StreamField:
    """How one field of ``Subscription`` is woken; see ``fields.toml``."""

    source: str
    keys: tuple[str, ...]
    is_state: bool = False
    is_urgent: bool = False

    def keys_of(self, visitor: Visitor) -> Iterator[str]:
        """Yield the keys of events that may concern somebody."""
        own = {"agency": visitor.agency_id, "site": visitor.site_id, "subject": visitor.subject}
        for key in self.keys:
            kind, _, argument = key.partition(":")
            found = visitor.arguments.get(argument) if argument else own[kind]
            if isinstance(found, str) and found:
                yield f"{kind}:{found}"


def read_fields(text: str, supergraph: Supergraph | None = None) -> Mapping[str, StreamField]:
    """Return the rules as data says them.

    Args:
        text: TOML.
        supergraph: whose ``Subscription`` must have the same fields; unchecked when absent.

    Raises:
        StreamFieldsError: a key or field that does not exist, or a field that has no rule.
    """
    found: dict[str, StreamField] = {}
    for name, given in tomllib.loads(text).items():
        try:
            rule = StreamField(**{**given, "keys": tuple(given["keys"])})
        except (TypeError, KeyError):
            raise StreamFieldsError(f"fields.toml: {name} is not a rule") from None
        for key in rule.keys:
            kind, _, argument = key.partition(":")
            if kind not in (_NAMED if argument else _OWN):
                raise StreamFieldsError(f"fields.toml: {name} has no such key: {key}")
        found[name] = rule
    if supergraph is not None:
        stream = supergraph.full_schema.subscription_type
        known = set(stream.fields) if stream is not None else set()
        if odd := sorted(known ^ set(found)):
            raise StreamFieldsError(f"fields.toml and the schema differ: {', '.join(odd)}")
    return found


@cache
def packaged_text() -> str:
    """Return the rules that are delivered with the gateway."""
    return resources.files("gateway.subscriptions").joinpath("fields.toml").read_text("utf-8")


@cache
def packaged_fields() -> Mapping[str, StreamField]:
    """Return the delivered rules; that they fit the committed supergraph is tested."""
    return read_fields(packaged_text())
