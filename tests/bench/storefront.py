"""The workload of `bench gateway`: a storefront of four subgraphs, with data of its own.

Shape and field names are those of the field's public gateway benchmark (users and products, three
levels deep, every level through reviews), so that any federation gateway can run it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conformance.load_cases import CASES
from tests.conformance.star import CATEGORIES, category_number
from tests.conformance.world import World, ask_oracle

CASE = CASES / "storefront"
SUBGRAPHS = ("accounts", "inventory", "products", "reviews")
LARGE = (CASE / "benchmark.query.graphql").read_text()
TINY = "{ topProducts { upc name price } }"
OPERATIONS = {"large": LARGE, "tiny": TINY}

DENIED_FIELD = "User.name"
DENIED_KEY = "1"
DENIAL = f"User:{DENIED_KEY}:{CATEGORIES[category_number(DENIED_FIELD)]}"
"""Takes one category of one person away, as `--deny` of the conformance server."""

_BODY = (
    "Bought it for the spare room and have used it every day since then; it came in one piece, "
    "it took an evening to put together, and it has kept its promise. Number {number} of my list."
)


@dataclass(frozen=True, slots=True)
class Size:
    """How many objects the world has; the defaults give an answer of 85 KB and 393 objects."""

    users: int = 8
    products: int = 6
    reviews: int = 16
    body_bytes: int = 330


def storefront_world(size: Size = Size()) -> World:
    """Return a world in the words of tests.conformance.world; the same for the same size."""
    objects: dict[str, dict[str, Any]] = {}
    users = [f"User/{number}" for number in range(1, size.users + 1)]
    products = [f"Product/{number}" for number in range(1, size.products + 1)]
    reviews = [f"Review/{number}" for number in range(1, size.reviews + 1)]
    for number, user in enumerate(users, 1):
        objects[user] = {
            "id": str(number), "name": f"Person {number} of the Street", "birthday": 1900 + number,
            "username": f"person_{number}", "reviews": reviews[number - 1 :: size.users],
        }  # fmt: skip
    for number, product in enumerate(products, 1):
        price, weight = 100 * number + 99, 250 * number
        objects[product] = {
            "upc": str(number), "name": f"Piece of furniture {number}", "price": price,
            "weight": weight, "inStock": number % 2 == 1, "shippingEstimate": weight // 2,
            "reviews": [],
        }  # fmt: skip
    for index, review in enumerate(reviews):
        product = products[(index * 3 + index // size.products) % size.products]
        body = _BODY.format(number=index + 1)
        objects[review] = {
            "id": str(index + 1), "author": users[index % size.users], "product": product,
            "body": (body * (size.body_bytes // len(body) + 1))[: size.body_bytes],
        }  # fmt: skip
        objects[product]["reviews"].append(review)
    top = products[:5]
    objects["Query"] = {
        "me": users[0], "users": users, "topProducts": top, "topProducts(first: 5)": top,
    }  # fmt: skip
    return World(objects)


def subgraph_sdl(name: str) -> str:
    """Return the committed SDL of a subgraph."""
    return (CASE / f"{name}.graphql").read_text()


def supergraph_sdl(port: int) -> str:
    """Return the committed supergraph, with the addresses of an answer server."""
    sdl = (CASE / "supergraph.graphql").read_text()
    for name in SUBGRAPHS:
        sdl = sdl.replace(f"http://{name}.test/graphql", f"http://127.0.0.1:{port}/{name}")
    return sdl


def write_supergraph(folder: Path, port: int) -> Path:
    """Write the supergraph for an answer server's port; returns its path."""
    path = folder / "supergraph.graphql"
    path.write_text(supergraph_sdl(port))
    return path


def expected_data(schema: Any, world: World, source: str) -> dict[str, Any]:
    """Return what one merged schema over the same world answers."""
    answer = ask_oracle(schema, world, source)
    assert not answer["errors"], answer["errors"]
    data: dict[str, Any] = answer["data"]
    return data


def with_denial(data: Any) -> Any:
    """Return what is left of an answer under `DENIAL`: null for the fields of that category."""
    copied = json.loads(json.dumps(data))
    refused = category_number(DENIED_FIELD)
    for one in _objects(copied):
        if "username" in one and one.get("id") == DENIED_KEY:
            for name in one:
                if category_number(f"User.{name}") == refused:
                    one[name] = None
    return copied


def count_objects(data: Any) -> int:
    """Return how many objects an answer holds, the root aside."""
    return sum(1 for _ in _objects(data)) - 1


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner)
