"""Documents near to good ones: tokens dropped, doubled, swapped, replaced, nested, spliced."""

import random
import re
from collections.abc import Sequence

TOKEN = re.compile(
    r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|\.\.\.|[A-Za-z_]\w*|-?[\d.eE+-]+|[^\s\w,]'
)
PIECES = [
    *"{}()[]:!$@=|&#;'\\", "...", "on", "query", "mutation", "subscription", "fragment", "extend",
    "true", "false", "null", "__typename", "__schema", "__type", "id", "first", "$id", "a: ",
    "-1", "0", "101", "9999999999999", "1e400", "1.5", '""', '"\\u0000"', '"\\uD800"', '"x',
    '"""block"""', "@skip(if: true)", "@include(if: $x)", "@defer", "@stream", "@deprecated",
    "input: {}", "\u0000", "\ufeff", "\u202e", "\U0001f600", "...f", "...on Query", "{ ...f }",
    "fragment f on Query { ...f }", "query Q($id: ID!)",
]  # fmt: skip


def mutated(chance: random.Random, corpus: Sequence[str]) -> str:
    """Return a document with one to six changes."""
    tokens = TOKEN.findall(chance.choice(corpus))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(tokens) or 1)
        match chance.randrange(8):
            case 0:
                del tokens[at : at + chance.randint(1, 3)]
            case 1:
                tokens[at:at] = tokens[at : at + chance.randint(1, 12)]
            case 2:
                tokens.insert(at, chance.choice(PIECES))
            case 3 if tokens:
                tokens[at] = chance.choice(PIECES)
            case 4 if tokens:
                other = chance.randrange(len(tokens))
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case 5:
                donor = TOKEN.findall(chance.choice(corpus))
                start = chance.randrange(len(donor))
                tokens[at:at] = donor[start : start + chance.randint(1, 20)]
            case 6:
                depth = chance.choice([1, 3, 20, 200])
                tokens[at:at] = ["{ participant"] * depth
            case _:
                names = [place for place, one in enumerate(tokens) if one.isidentifier()]
                if names:
                    tokens[chance.choice(names)] = tokens[chance.choice(names)]
    return chance.choice([" ", " ", "\n", ""]).join(tokens)


def odd_variables(chance: random.Random) -> object:
    """Return variables that fit, or do not."""
    odd: list[object] = [
        None,
        True,
        0,
        -1,
        1.5,
        1e308,
        2**70,
        "",
        "x" * 2_000,
        [],
        [[]],
        {},
        {"id": {"id": 1}},
    ]
    match chance.randrange(4):
        case 0:
            return None
        case 1:
            return {"id": "1b4e28ba-2fa1-11d2-883f-0016d3cca427"}
        case _:
            return {
                name: chance.choice(odd) for name in chance.sample(["id", "x", "n", "input"], 2)
            }
