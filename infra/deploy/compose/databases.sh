#!/usr/bin/env bash
# Makes the databases and their two roles each, once, in an empty cluster (run by the postgres image).
# The owner migrates; the role that serves owns nothing and may not make tables.
# Needs PASSWORD_gt_X and PASSWORD_gt_X_owner in the environment; PGUSER and so on choose the server.
set -euo pipefail

for service in consent participants cases training; do
  runtime=gt_$service owner=gt_${service}_owner
  runtime_password=PASSWORD_$runtime owner_password=PASSWORD_$owner
  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres \
    --set=runtime="$runtime" --set=owner="$owner" \
    --set=runtime_password="${!runtime_password}" --set=owner_password="${!owner_password}" <<'SQL'
create role :"owner" login nosuperuser nocreatedb nocreaterole password :'owner_password';
create role :"runtime" login nosuperuser nocreatedb nocreaterole password :'runtime_password';
create database :"runtime" owner :"owner";
revoke all on database :"runtime" from public;
grant connect on database :"runtime" to :"runtime";
\connect :"runtime"
create extension if not exists pg_trgm;
create extension if not exists btree_gist;
alter schema public owner to :"owner";
revoke all on schema public from public;
grant usage on schema public to :"runtime";
alter default privileges for role :"owner" grant select, insert, update, delete on tables to :"runtime";
alter default privileges for role :"owner" grant usage, select on sequences to :"runtime";
SQL
done

if [ -n "${PASSWORD_keycloak:-}" ]; then
  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres \
    --set=password="$PASSWORD_keycloak" <<'SQL'
create role keycloak login password :'password';
create database keycloak owner keycloak;
revoke all on database keycloak from public;
SQL
fi
