"""Catalogues of messages: what pages say, as data, in each language that they are written in.

Pages for staff are English; those about the own record come in every language here. A message that
a catalogue lacks is an error at the first use, and a test compares the catalogues key by key.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

DEFAULT_LANGUAGE = "en"
LANGUAGES = {"en": "English", "es": "Español"}


@cache
def catalogue(language: str) -> Mapping[str, Any]:
    """Return the messages of a language: nested tables of texts."""
    folder = resources.files("gateway.web.console") / "wording"
    files = (folder / f"{language}.toml", folder / f"{language}_homes.toml")
    return tomllib.loads("\n".join(file.read_text(encoding="utf-8") for file in files))


def say(language: str, key: str, **facts: object) -> str:
    """Return a message.

    Args:
        key: dotted, for example ``record.title``.
        facts: for the ``{placeholders}`` in it.

    Raises:
        KeyError: the catalogue has no such message.
    """
    found: Any = catalogue(language)
    for part in key.split("."):
        found = found[part]
    return str(found).format(**facts) if facts else str(found)


def phrase(language: str, text: str) -> str:
    """Return what the services word in English, in another language where it is known there."""
    known: str = catalogue(language).get("phrases", {}).get(text, text)
    return known


def chosen_language(accepted: str | None) -> str:
    """Return the language that a browser asks for, of those that there are."""
    for part in (accepted or "").split(","):
        language = part.partition(";")[0].strip()[:2].lower()
        if language in LANGUAGES:
            return language
    return DEFAULT_LANGUAGE
