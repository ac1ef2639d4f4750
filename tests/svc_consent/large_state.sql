-- A state of forty agencies, two thousand people and four thousand accounts, for plans of
-- statements: in each table so much that reading all of it is not the cheapest way. $SITE is the site.
create function pg_temp.known(kind text, n bigint) returns uuid language sql immutable
as $$ select md5(kind || '-' || n)::uuid $$;

insert into agency (id, name, type, part2_status, version)
select pg_temp.known('agency', n), 'Agency ' || n, 'CM', 'NOT_PROGRAM', 1
from generate_series(0, 39) n;
insert into membership (id, agency_id, site_id, status, since_at, version)
select id, id, '$SITE', 'MOU_SIGNED', '2020-01-01', 1 from agency;
insert into mou (id, membership_id, starts_at, version)
select id, id, '2020-01-01', 1 from membership;
insert into authority_agency_window (id, agency_id, site_id, starts_at, revision)
select id, agency_id::text, site_id::text, '2020-01-01', 1 from membership;

insert into account (id, issuer, external_subject, name, is_blocked, created_at, version)
select pg_temp.known('account', n), 'dev', 'person-' || n, 'Name ' || n, false, now(), 1
from generate_series(0, 3999) n;
insert into role_grant (id, account_id, agency_id, site_id, role, is_liaison, starts_at, reason,
  granted_at, version)
select pg_temp.known('grant', n), pg_temp.known('account', n), pg_temp.known('agency', n % 40),
  '$SITE', 'CM', false, '2020-01-01', 'Hired.', now() - n * interval '1 minute', 1
from generate_series(0, 3999) n;
insert into account_activity (account_id, last_seen_on)
select id, current_date - 200 from account;
insert into directory_event (id, kind, site_id, agency_id, account_id, at)
select pg_temp.known('event', n), 'ROLE_GRANTED', '$SITE', pg_temp.known('agency', n % 40),
  pg_temp.known('account', n), now() - n * interval '1 minute'
from generate_series(0, 3999) n;
insert into role_request (id, account_id, agency_id, site_id, role, is_liaison, reason, status,
  requested_by, requested_at, version)
select pg_temp.known('request', n), pg_temp.known('account', n), pg_temp.known('agency', n % 40),
  '$SITE', 'CM', false, 'Needed.', 'DECLINED', pg_temp.known('account', n), now(), 1
from generate_series(0, 1999) n;
insert into review_campaign (id, agency_id, site_id, title, opened_by, opened_at, deadline_at,
  closed_at, version)
select pg_temp.known('review', n), pg_temp.known('agency', n % 40), '$SITE', 'Yearly',
  pg_temp.known('account', 0), now() - n * interval '1 day', now() + interval '30 days',
  case when n >= 40 then now() end, 1
from generate_series(0, 799) n;
insert into review_item (campaign_id, grant_id)
select pg_temp.known('review', n % 800), pg_temp.known('grant', n % 800 + 800 * (n / 800))
from generate_series(0, 3999) n;

insert into release (id, series_id, number, participant_id, disclosing_agency_id, site_id, kind,
  status, signed_at, missing_elements, recorded_at, version)
select pg_temp.known('release', n), pg_temp.known('release', n), 1, pg_temp.known('person', n / 2),
  pg_temp.known('agency', n % 40), '$SITE', 'GENERAL', 'ACTIVE', now(), '{}', now(), 1
from generate_series(0, 3999) n;
insert into release_provision (id, release_id, recipient_agency_id, effect, categories, purposes)
select pg_temp.known('provision', n), pg_temp.known('release', n / 2),
  pg_temp.known('agency', (n + 1) % 40), 'permit', '{IDENTITY}', '{LEAD_COORD}'
from generate_series(0, 7999) n;
insert into authority_visibility (id, participant_id, holder, basis, effect, starts_at, revision)
select pg_temp.known('fact', n), pg_temp.known('person', n / 4),
  'a:' || pg_temp.known('agency', n % 40), 'r', 'permit', '2020-01-01', 1
from generate_series(0, 7999) n;

insert into authority_key (key, revision)
select 'participant:' || pg_temp.known('person', n), 1 from generate_series(0, 1999) n;
insert into authority_change (revision, keys, operations, at)
select head.revision + n, '{policy}', '[]', now()
from generate_series(1, 2000) n, authority_applied head;
update authority_applied set revision = revision + 2000;

insert into participant_pseudonym (participant_id, pseudonym)
select pg_temp.known('person', n), pg_temp.known('pseudonym', n) from generate_series(0, 1999) n;
insert into ledger_entry (lane, sequence, hash, release_id, recorded_at, entry)
select 'filled', n, '\x00', pg_temp.known('call', n), now() - n * interval '1 minute',
  jsonb_build_object('agencyId', pg_temp.known('agency', n % 40), 'role', 'CM', 'purpose',
    'LEAD_COORD', 'parts', jsonb_build_array(jsonb_build_object('kind', 'DISCLOSURE', 'outcome',
    'RELEASED', 'categories', '["IDENTITY"]'::jsonb, 'sources', '{}'::jsonb)))
from generate_series(1, 8000) n;
insert into ledger_about (pseudonym, recorded_at, lane, sequence, part)
select pg_temp.known('pseudonym', sequence / 4), recorded_at, lane, sequence, 0 from ledger_entry
where lane = 'filled';

insert into duty (id, site_id, participant_id, kind, about_id, raised_at, due_at, done_at, version)
select pg_temp.known('duty', n), '$SITE', pg_temp.known('person', n / 2), 'COUNSEL_REVIEW', '$SITE', now(),
  now() + n * interval '1 minute', case when n % 2 = 0 then now() end, 1
from generate_series(0, 3999) n;
insert into restriction (id, participant_id, agency_id, reason, recorded_at, version)
select pg_temp.known('restriction', n), pg_temp.known('person', n),
  pg_temp.known('agency', n % 40), 'Asked for.', now(), 1
from generate_series(0, 1999) n;
insert into account_binding (id, account_id, participant_id, kind, starts_at, version)
select pg_temp.known('binding', n), pg_temp.known('account', n), pg_temp.known('person', n),
  'SELF', now(), 1
from generate_series(0, 1999) n;
insert into incident (id, site_id, participant_id, agency_id, what, reported_at, version)
select pg_temp.known('incident', n), '$SITE', pg_temp.known('person', n),
  pg_temp.known('agency', n % 40), 'Told.', now(), 1
from generate_series(0, 1999) n;
insert into legal_demand (id, site_id, participant_id, kind, issued_by, scope, recorded_at, version)
select pg_temp.known('demand', n), '$SITE', pg_temp.known('person', n), 'SUBPOENA', 'A court',
  'All', now(), 1
from generate_series(0, 1999) n;
insert into court_order (id, demand_id, site_id, participant_id, number, counsel_name,
  keeper_agency_id, recipient_agency_id, categories, expires_at, admitted_at, version)
select pg_temp.known('order', n), pg_temp.known('demand', n), '$SITE', pg_temp.known('person', n),
  '1', 'Counsel', pg_temp.known('agency', 1), pg_temp.known('agency', 2), '{IDENTITY}', now(),
  now(), 1
from generate_series(0, 1999) n;
insert into amendment_request (id, participant_id, category, what, requested_at, version)
select pg_temp.known('amendment', n), pg_temp.known('person', n), 'IDENTITY', 'Mine.', now(), 1
from generate_series(0, 1999) n;
insert into handout (id, participant_id, kind, what, language, given_at, recorded_at)
select pg_temp.known('handout', n), pg_temp.known('person', n), 'PAPER_COPY', 'Mine.', 'en', now(),
  now()
from generate_series(0, 1999) n;
insert into emergency_access (id, participant_id, account_id, site_id, recipient_name,
  recipient_facility, discloser, nature, unobtainable_because, starts_at, ends_at, version)
select pg_temp.known('emergency', n), pg_temp.known('person', n), pg_temp.known('account', n),
  '$SITE', 'x', 'x', 'x', 'x', 'x', now(), now(), 1
from generate_series(0, 1999) n;
