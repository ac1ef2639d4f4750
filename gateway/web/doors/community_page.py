"""What the community form looks like: one page without a script, in the reader's language."""

import base64
import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib import resources
from typing import Any, Final

from starlette.responses import Response

TRAP: Final = "website"
LANGUAGES: Final = {"en": "English", "es": "Español"}

PERSON: Final = (
    ("givenName", 100, "text"), ("familyName", 100, "text"), ("alias", 100, "text"),
    ("description", 500, "text"), ("bornOn", 10, "date"), ("birthYear", 4, "text"),
    ("personPhone", 50, "tel"), ("usualPlace", 500, "text"), ("safetyConcerns", 500, "text"),
    ("language", 35, "text"), ("relation", 200, "text"),
)  # fmt: skip
"""Fields about whom it is: name, most characters, kind. None of them has to be filled in."""
REFERRER: Final = (
    ("referrerName", 100, "text"), ("referrerUnit", 100, "text"), ("referrerPhone", 50, "tel"),
    ("referrerEmail", 254, "email"),
)  # fmt: skip
TICKS: Final = ("soon", "aware", "agreed")

_STYLE: Final = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:1rem auto;padding:0 1rem}"
    "label,legend{display:block;margin-top:1rem;font-weight:600}"
    "input,select,textarea{font:inherit;width:100%;box-sizing:border-box;padding:.4rem}"
    "input[type=checkbox]{width:auto}.check{font-weight:400;margin-top:.2rem}"
    "fieldset{margin-top:1.5rem}nav{text-align:right}"
    f".{TRAP}{{position:absolute;left:-9999px}}button{{font:inherit;margin:1.5rem 0;padding:.6rem}}"
)
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; style-src "
    f"'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)


@cache
def words_of(language: str) -> Mapping[str, Any]:
    """Return what the form says in a language."""
    text = (resources.files("gateway.web.doors") / "community_words.toml").read_text("utf-8")
    found: Mapping[str, Any] = tomllib.loads(text)[language]
    return found


def form_html(
    language: str,
    sites: list[tuple[str, str]],
    given: Mapping[str, list[str]],
    token: str,
    said: str,
) -> str:
    """Return the form as it was filled in, with what is wrong above it."""
    words = words_of(language)

    def value(name: str) -> str:
        return escape(given.get(name, [""])[0])

    def mark(name: str, code: str, word: str) -> str:
        return f" {word}" if code in given.get(name, ()) else ""

    def line(name: str, most: int, kind: str) -> str:
        return (
            f'<label for="{name}">{escape(words["fields"][name])}</label>'
            f'<input id="{name}" name="{name}" type="{kind}" maxlength="{most}"'
            f' value="{value(name)}">'
        )

    def tick(name: str, code: str, label: str) -> str:
        return (
            f'<label class="check"><input type="checkbox" name="{name}" value="{code}"'
            f"{mark(name, code, 'checked')}> {escape(label)}</label>"
        )

    def group(title: str, inner: str) -> str:
        return f"<fieldset><legend>{escape(words[title])}</legend>{inner}</fieldset>"

    options = "".join(
        f'<option value="{escape(key)}"{mark("site", key, "selected")}>{escape(name)}</option>'
        for key, name in sites
    )
    return (
        (f'<p role="alert"><strong>{escape(said)}</strong></p>' if said else "")
        + f"<p>{escape(words['about'])}</p>"
        f'<form method="post" action="/refer?lang={language}" accept-charset="utf-8">'
        f'<input type="hidden" name="token" value="{token}">'
        f'<div class="{TRAP}" aria-hidden="true"><label for="{TRAP}">{escape(words["trap"])}'
        f'</label><input id="{TRAP}" name="{TRAP}" tabindex="-1" autocomplete="off"></div>'
        f'<label for="site">{escape(words["site"])}</label>'
        f'<select id="site" name="site">{options}</select>'
        f'<label for="account">{escape(words["account"])}</label>'
        f'<textarea id="account" name="account" rows="6" maxlength="5000" required>'
        f"{value('account')}</textarea>"
        + group("person", "".join(line(*each) for each in PERSON))
        + group("needs", "".join(tick("need", *each) for each in words["need"].items()))
        + "".join(tick(name, "1", words[name]) for name in TICKS)
        + group("you", "".join(line(*each) for each in REFERRER))
        + f"<button>{escape(words['send'])}</button></form>"
    )


def page(
    language: str, status: int, inner: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a page of the door; nothing of it is kept by anybody."""
    title = escape(words_of(language)["title"])
    others = "".join(
        f'<a href="/refer?lang={code}" lang="{code}" hreflang="{code}">{name}</a>'
        for code, name in LANGUAGES.items()
        if code != language
    )
    text = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><nav>{others}</nav><main><h1>{title}</h1>{inner}</main></body></html>"
    )
    plain = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": _POLICY,
        "cache-control": "no-store",
        **(headers or {}),
    }
    return Response(text, status, plain)
