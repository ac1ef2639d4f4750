"""Templates to pages: one environment, escaping on, and what every page may call."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gateway.settings import ConsoleSettings
from gateway.web.console import memoranda, moments, roles, sections
from gateway.web.console.assets import Assets
from gateway.web.console.session import Standing
from gateway.web.console.wording import LANGUAGES, catalogue, phrase, say
from infra import clock

DEFAULT_ZONE = "UTC"
_TONES = {
    "good": "ACTIVE MOU_SIGNED COMPLETED CREDITED ATTENDED OPEN ACCEPTED ASSIGNED_NOW CREATED "
    "ENROLLED_ACTIVE PERMIT DONE KEEP APPROVED "
    "PRESENT DELIVERED GRANTED HELD_FOR_LEAD HANDOFF_MET "
    "RECORDED CORRECTED MET ANSWERED",
    "told": "ASSIGNED NOTIFIED REGISTERED SCHEDULED UPDATED DISCLOSURE PENDING_INTAKE RUNNING "
    "REQUESTED SUBMITTED_FOR_APPROVAL HANDOFF_EN_ROUTE "
    "HANDOFF_REQUESTED REFERRED_TO_PROSECUTOR UNDER_REVIEW IN_PROGRESS ACKNOWLEDGED DUE",
    "warn": "WAITLISTED WAITLIST ALTERNATE RECERT_DUE SUSPENDED FULL DEFECTIVE DRAFT UNKNOWN "
    "INCOMPLETE ENROLLED_INACTIVE",
    "bad": "REVOKED DENIED FAILED NO_SHOW LATE_CANCELLED WITHDRAWN DENY REMOVE DECLINED REJECTED "
    "OVERDUE NOT_POSSIBLE NOT_ASSIGNED",
}
TONES = {code: tone for tone, codes in _TONES.items() for code in codes.split()}
"""How a status looks; one that is not named is calm. The word itself always says it, too."""


class Pages:
    """Renders templates for one console."""

    def __init__(self, settings: ConsoleSettings, assets: Assets, issuer_origin: str) -> None:
        self._is_development = not settings.is_production
        self.public_url = settings.public_url.rstrip("/")
        self._environment = Environment(
            loader=PackageLoader("gateway.web.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["asset"] = assets.url
        self._environment.globals["begins_at"] = memoranda.begins_at
        self._environment.globals["state_of"] = memoranda.state_of
        self._environment.globals["tone"] = lambda code: TONES.get(code or "", "")
        # Browsers apply form-action to the redirect that answers a form: sign-out ends there.
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
            f"img-src 'self'; connect-src 'self'; form-action 'self' {issuer_origin}; "
            "base-uri 'none'; frame-ancestors 'none'"
        )
        self.headers = {"content-security-policy": policy, "referrer-policy": "same-origin"}
        if settings.is_secure:
            self.headers["strict-transport-security"] = "max-age=31536000"

    def context(
        self,
        *,
        language: str,
        standing: Standing | None = None,
        name: str = "",
        path: str = "",
        form_token: str = "",
        note: str = "",
    ) -> dict[str, Any]:
        """Return what every template has."""
        zone = standing.time_zone if standing else DEFAULT_ZONE
        known = roles.places(standing.role, development=self._is_development) if standing else []
        under = [place for place in known if path.startswith((place.path, *place.also))]
        here = max(under, key=lambda place: len(place.path), default=None)
        if here is not None and here.key == "home" and path != here.path:
            here = None
        notes = catalogue(language)["notes"]
        return {
            "language": language,
            "languages": LANGUAGES,
            "t": partial(say, language),
            "label": partial(_label, language),
            "phrase": partial(phrase, language),
            "when": partial(_when, zone=zone, language=language),
            "day": partial(_day, zone=zone, language=language),
            "last_day": partial(_last_day, zone=zone, language=language),
            "standing": standing,
            "name": name,
            "places": known,
            "here": here.key if here else "",
            "parts": sections.parts(standing.role, path) if standing else [],
            "path": path,
            "form_token": form_token,
            "note": notes.get(note, ""),
            "zone": moments.zone_name(clock.now(), zone),
        }

    def render(self, template: str, context: Mapping[str, Any]) -> str:
        """Return a page."""
        return self._environment.get_template(template).render(context)


def _label(language: str, kind: str, code: str | None) -> str:
    """Return the name of a code, or the code itself where the catalogue has not met it yet."""
    names: Mapping[str, str] = catalogue(language).get(kind, {})
    return names.get(code or "", code or "")


def _read(value: str | datetime | date) -> datetime | date:
    if not isinstance(value, str):
        return value
    return moments.read_moment(value) if "T" in value else date.fromisoformat(value)


def _when(value: str | datetime, *, zone: str, language: str) -> Markup:
    """Return a time point, with its zone said by the machine-readable form."""
    moment = _read(value)
    text = moments.day_text(moment, zone, language)
    if isinstance(moment, datetime):
        text = f"{text}, {moments.hour_text(moment, zone, language)}"
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), text)


def _day(value: str | datetime | date, *, zone: str, language: str) -> Markup:
    """Return a day."""
    moment = _read(value)
    text = moments.day_text(moment, zone, language)
    stated = moments.local_day(moment, zone).isoformat()
    return Markup('<time datetime="{}">{}</time>').format(stated, text)


def _last_day(value: str | datetime, *, zone: str, language: str) -> Markup:
    """Return the last day of a period by its end: at midnight that is the day before."""
    moment = _read(value)
    last = moments.last_instant(moment) if isinstance(moment, datetime) else moment
    return _day(last, zone=zone, language=language)
