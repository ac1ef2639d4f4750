"""Reads who a verified token stands for: the account and what it holds at this moment.

Claims are a hint; a role counts only while the directory confirms it here: the grant in its
dates and not revoked, the account not blocked, the agency's membership and MOU live.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from svc_consent.agencies import rules
from svc_consent.agencies.claims import Claim, confirm
from svc_consent.agencies.repository.claims import meanings_of
from svc_consent.agencies.tables import lapse
from svc_consent.hot_pool import Connection

# One statement, one snapshot: revision, account and grants belong together. Every grant that is
# not over is read, and with it its agency's periods; which are live now is decided in Python, so
# that the next change by time alone is known too.
_PRINCIPAL = f"""
with moment as materialized (select clock_timestamp() as at),
who as materialized (
  select id, is_blocked or is_inactive as is_blocked from account
  where issuer = $1 and external_subject = $2
)
select moment.at, (select revision from authority_applied where id = 1),
  (select id::text from who), (select is_blocked from who),
  (select coalesce(json_agg(json_build_object(
     'id', g.id, 'role', g.role, 'agencyId', coalesce(g.agency_id::text, ''),
     'agencyName', coalesce(a.name, ''), 'agencyType', coalesce(a.type, ''),
     'siteId', g.site_id, 'isLiaison', g.is_liaison, 'serviceField', g.service_field,
     'starts', g.starts_at, 'ends', least(g.ends_at, lapses.at),
     'settings', (select json_build_object('conference_training_required',
        s.settings -> 'conference_training_required', 'project_manager_figures',
        s.settings -> 'project_manager_figures') from site s where s.id = g.site_id),
     'clearances', (select coalesce(json_agg(json_build_array(c.kind, c.ends_at)), '[]')
        from authority_clearance c
        where c.subject = who.id::text and c.agency_id = g.agency_id::text
          and (c.ends_at is null or c.ends_at > moment.at)),
     'windows', (select coalesce(json_agg(json_build_array(w.starts_at, w.ends_at)), '[]')
        from authority_agency_window w
        where w.agency_id = g.agency_id::text and w.site_id = g.site_id::text
          and (w.ends_at is null or w.ends_at > moment.at))
   ) order by g.starts_at, g.id), '[]')
   from who join role_grant g on g.account_id = who.id left join agency a on a.id = g.agency_id
     cross join lateral (select {lapse("g")} as at) lapses
   where g.revoked_at is null and (g.ends_at is null or g.ends_at > moment.at)
     and (lapses.at is null or lapses.at > moment.at))
from moment
"""  # noqa: S608 - put together from constants

_Period = tuple[datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class Principal:
    """What the directory says about one token subject; ``grants`` as they go to the gateway."""

    subject: str | None
    is_blocked: bool
    revision: int
    valid_until: datetime | None
    grants: list[dict[str, Any]]
    unconfirmed: Sequence[Claim] = ()

    def presented(self) -> dict[str, Any]:
        """Return the answer to the gateway."""
        return {
            "subject": self.subject,
            "isBlocked": self.is_blocked,
            "revision": self.revision,
            "validUntil": _text(self.valid_until),
            "grants": self.grants,
        }


async def read_principal(
    connection: Connection, issuer: str, external_subject: str, claims: Sequence[Claim] = ()
) -> Principal:
    """Return the principal of an issuer's subject; an unknown one has no account and no grants.

    Args:
        connection: of the hot pool.
        issuer: our name of the issuer.
        external_subject: whom its token names.
        claims: roles that the token claims; they can only take grants away.
    """
    row = await connection.fetchrow(_PRINCIPAL, issuer, external_subject)
    now, revision, subject, is_blocked = row[0], row[1], row[2], bool(row[3])
    grants: list[dict[str, Any]] = []
    moments: list[datetime] = []
    for grant in orjson.loads(row[4]):
        own = _period(grant.pop("starts"), grant.pop("ends"))
        windows = [_period(*pair) for pair in grant.pop("windows")]
        ahead = [at for period in (own, *windows) for at in period if at is not None and at > now]
        cleared = {kind: _moment(ends) for kind, ends in grant.pop("clearances")}
        ahead += [at for at in cleared.values() if at is not None]
        settings = grant.pop("settings") or {}
        withheld = rules.withheld(set(cleared), settings, grant["agencyId"])
        figures = rules.withheld_figures(grant["role"], settings)
        moments += ahead
        live = [w for w in windows if w[0] <= now]
        if own[0] <= now and (live or not grant["agencyId"]) and not is_blocked:
            until = _text(min(ahead, default=None))
            told = {"withheld": withheld, "withheldFigures": figures, "validUntil": until}
            grants.append({**grant, **told})
    unconfirmed: Sequence[Claim] = ()
    if claims:
        confirmed = confirm(claims, await meanings_of(connection, issuer), grants)
        grants, unconfirmed = confirmed.grants, confirmed.unconfirmed
    changes_at = min(moments, default=None)
    return Principal(subject, is_blocked, revision, changes_at, grants, unconfirmed)


def _period(starts: str, ends: str | None) -> _Period:
    return datetime.fromisoformat(starts), datetime.fromisoformat(ends) if ends else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


_SEEN = """
insert into account_activity (account_id, last_seen_on) values ($1::uuid, $2)
on conflict (account_id) do update set last_seen_on = excluded.last_seen_on
where account_activity.last_seen_on < excluded.last_seen_on
"""


async def note_seen(connection: Connection, account_id: str, day: date) -> None:
    """Note that an account was used on a day; a later day stands."""
    await connection.execute(_SEEN, account_id, day)
