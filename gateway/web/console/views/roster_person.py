"""One person of the roster: what they have had and are assigned to, and what the entry says."""

from collections import Counter
from datetime import date
from typing import Any, Final

from starlette.responses import Response

from gateway.web.console.changing import change, form_key, need, posted_version
from gateway.web.console.connection import nodes
from gateway.web.console.problems import Problems
from gateway.web.console.visit import Visit
from gateway.web.console.whole_lists import whole
from gateway.web.console.wording import catalogue

APPOINTMENTS: Final = ("PEACE_OFFICER", "RESERVE_OFFICER", "CORRECTIONS_OFFICER", "CIVILIAN")
_FIELDS: Final = {
    "givenName": "given_name",
    "familyName": "family_name",
    "appointmentType": "appointment_type",
    "email": "email",
    "externalId": "external_id",
    "accountId": "account",
    "hiredOn": "hired_on",
    "academyOn": "academy_on",
    "expectedVersion": "family_name",
}
_MAX_ID: Final = 64
_OF_AN_ID: Final = 8

Logins = list[tuple[str, str]]


async def logins(visit: Visit, linked: str = "") -> Logins:
    """Return the accounts of who serves at the agency, by name, for "Signs in as".

    Two of one name are told apart by the beginning of their ids. ``linked`` is among them also
    when its holder serves here no longer, so that a form takes nothing away unasked.

    Raises:
        RefusedError: the role may not see them, or the directory is away.
    """
    rows, _ = await whole(visit, "AgencyAccounts", "colleagues")
    times = Counter(each["name"] for each in rows)
    found = [
        (
            each["accountId"],
            each["name"]
            if times[each["name"]] == 1
            else f"{each['name']} ({each['accountId'][:_OF_AN_ID]})",
        )
        for each in rows
    ]
    if linked and linked not in {code for code, _ in found}:
        found.append((linked, f"A login without a role here ({linked[:_OF_AN_ID]})"))
    return found


def chosen_login(visit: Visit, offered: Logins, problems: Problems) -> str | None:
    """Return the account that a form names, if any; one that was not offered is a problem."""
    account = visit.text("account", _MAX_ID)
    if account and account not in {code for code, _ in offered}:
        problems.add("account", "Choose one of the logins of your agency.")
    return account or None


async def shown(visit: Visit) -> Response:
    """Show a person of the agency's roster, or change the entry."""
    id_, problems = visit.request.path_params["id"], Problems()
    found, reply = await visit.ask_needed("RosterPerson", {"id": id_}, root="rosterPerson")
    if found is None:
        return visit.page("unknown.html", 404)
    offered = await logins(visit, found["accountId"] or "")
    if visit.request.method == "POST":
        await _changed(visit, found, offered, problems)
        if not problems:
            return visit.go(f"/console/training/people/{id_}", "person_changed")
    named = catalogue("en")["appointments"]
    return visit.page(
        "roster_person.html",
        422 if problems else 200,
        person=found,
        said=_posted(visit) if visit.form else _as_it_stands(found),
        assignments=nodes(reply.data["agencyAssignments"]),
        records=nodes(reply.data["trainingRecords"]),
        logins=offered,
        choices=[(code, str(named.get(code, code))) for code in APPOINTMENTS],
        problems=problems,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


def _as_it_stands(person: Any) -> dict[str, Any]:
    said = {field: person[name] or "" for name, field in _FIELDS.items() if name in person}
    ticks = {"certified": person["isCertified"], "active": person["isActive"]}
    return {**said, **{name: "yes" if is_on else "" for name, is_on in ticks.items()}}


def _posted(visit: Visit) -> dict[str, Any]:
    names = (*dict.fromkeys(_FIELDS.values()), "certified", "active")
    return {name: visit.text(name, 200) for name in names}


async def _changed(visit: Visit, person: Any, offered: Logins, problems: Problems) -> None:
    need(
        visit, problems,
        {"given_name": "Write the given name.", "family_name": "Write the family name."},
    )  # fmt: skip
    days = {name: _day(visit, name, problems) for name in ("hired_on", "academy_on")}
    account = chosen_login(visit, offered, problems)
    if problems:
        return
    sent = {
        "personnelId": person["id"],
        "expectedVersion": posted_version(visit),
        "givenName": visit.text("given_name", 100),
        "familyName": visit.text("family_name", 100),
        "appointmentType": visit.text("appointment_type", 40),
        "isCertified": visit.text("certified") == "yes",
        "isActive": visit.text("active") == "yes",
        "email": visit.text("email", 200) or None,
        "externalId": visit.text("external_id", 100) or None,
        # A form without the field is an older one: it says nothing of the login.
        "accountId": account if "account" in visit.form else person["accountId"],
        "hiredOn": days["hired_on"],
        "academyOn": days["academy_on"],
    }
    await change(visit, "ChangePerson", sent, problems, _FIELDS)


def _day(visit: Visit, name: str, problems: Problems) -> str | None:
    text = visit.text(name, 10)
    try:
        return date.fromisoformat(text).isoformat() if text else None
    except ValueError:
        problems.add(name, "Write a day, for example 2022-07-01.")
        return None
