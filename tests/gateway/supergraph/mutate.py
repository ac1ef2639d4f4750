"""Supergraphs with their directives and definitions spoilt at random, still GraphQL most often."""

import random
import re
from collections.abc import Callable

_ARGUMENT = re.compile(r'(\w+): ("(?:[^"\\]|\\.)*"|\[(?:[^\[\]"]|"[^"]*")*\]|\w+)(?=[,)\s])')
_FIELD_SET = re.compile(r'(key|requires|provides|selection): ("[^"]*")')
_USE = re.compile(r"@\w+(?:\((?:[^()\"]|\"[^\"]*\")*\))?")
_VALUES = (
    "5", "-1", "1.5", "true", "null", "NOBODY", '""', '"{"', '"}"', '"a b"', '"id { id }"', "[]",
    "[5]", '["id"]', "{}", '{id: "id"}', '"__typename"', '"x: id"', '"...F"', '"id @skip(if: 1)"',
    '"... on Nothing { id }"', '"id(a: 1)"', '"' + "{ a " * 400 + '"', "9" * 5_000,
    "[" * 200 + "]" * 200, '"[Int"', '"Nothing"', '[{context: 1}]', '"\\u0000"', '"percent(-1)"',
)  # fmt: skip


def spoilt(sdl: str, chance: random.Random) -> str:
    """The supergraph with one to three places of it changed."""
    for _ in range(chance.randint(1, 3)):
        sdl = chance.choice((_value, _value, _value, _field_set, _name, _use, _line))(sdl, chance)
    return sdl


def _value(sdl: str, chance: random.Random) -> str:
    return _replaced(sdl, _ARGUMENT, chance, lambda one: f"{one[1]}: {chance.choice(_VALUES)}")


def _field_set(sdl: str, chance: random.Random) -> str:
    """Another word of the document inside a field set."""
    words = re.findall(r"\b[A-Za-z_]+\b", sdl)

    def change(one: re.Match[str]) -> str:
        inner = one[2].strip('"').split() or [""]
        inner[chance.randrange(len(inner))] = chance.choice([*words, "{", "}", "", "..."])
        return f'{one[1]}: "{" ".join(inner)}"'

    return _replaced(sdl, _FIELD_SET, chance, change)


def _name(sdl: str, chance: random.Random) -> str:
    """An argument of another name."""
    names = ("graph", "key", "requires", "type", "name", "url", "nonsense", "contextArguments")
    return _replaced(sdl, _ARGUMENT, chance, lambda one: f"{chance.choice(names)}: {one[2]}")


def _use(sdl: str, chance: random.Random) -> str:
    """A directive left out, doubled, or without its arguments."""
    return _replaced(
        sdl,
        _USE,
        chance,
        lambda one: chance.choice(("", f"{one[0]} {one[0]}", one[0].partition("(")[0])),
    )


def _line(sdl: str, chance: random.Random) -> str:
    """A line left out, doubled or moved."""
    lines = sdl.splitlines()
    line = lines.pop(chance.randrange(len(lines)))
    for _ in range(chance.randint(0, 2)):
        lines.insert(chance.randrange(len(lines) + 1), line)
    return "\n".join(lines)


def _replaced(
    sdl: str,
    pattern: re.Pattern[str],
    chance: random.Random,
    change: Callable[[re.Match[str]], str],
) -> str:
    found = list(pattern.finditer(sdl))
    if not found:
        return sdl
    one = chance.choice(found)
    return sdl[: one.start()] + change(one) + sdl[one.end() :]
