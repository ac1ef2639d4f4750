"""What is due soon: said to each person on the own pages, and to the manager as one prepared mail.

Nothing is sent from here: the mail opens in the manager's own program, which sends it or does not.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

from gateway.web.console.moments import days_until

MAX_LINK: Final = 1900
"""Characters of a link that every mail program takes."""


def days_left(assignment: Mapping[str, Any], zone: str, now: datetime) -> int | None:
    """Return in how many days it is due, negative when late; None while nothing is to be said.

    There is from the day of its reminder on, once the person was reminded, and when it is late.
    """
    if not assignment["dueOn"]:
        return None
    days = days_until(date.fromisoformat(assignment["dueOn"]), zone, now)
    lead = assignment["reminderDays"]
    is_told = days < 0 or bool(assignment["remindedAt"]) or (lead is not None and days <= lead)
    return days if is_told else None


def prepared_mail(
    people: Sequence[Mapping[str, Any]], subject: str, body: str
) -> tuple[str, frozenset[str]]:
    """Return the link of a mail to people, hidden from each other, and the addresses that fit.

    Who has no address is left out, and who would make the link too long; it names nobody.
    """
    end = f"&subject={quote(subject, safe='')}&body={quote(_lines(body), safe='')}"
    taken: list[str] = []
    for address in dict.fromkeys(each["email"] for each in people if each["email"]):
        if len(_link([*taken, address], end)) > MAX_LINK:
            break
        taken.append(address)
    return (_link(taken, end) if taken else ""), frozenset(taken)


def _lines(text: str) -> str:
    """Return a text with the ends of lines that a mail has (RFC 6068)."""
    return "\r\n".join(text.splitlines())


def _link(addresses: Sequence[str], end: str) -> str:
    return f"mailto:?bcc={'%2C'.join(quote(each, safe='@') for each in addresses)}{end}"
