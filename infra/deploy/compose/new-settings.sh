#!/usr/bin/env bash
# Writes settings/PROGRAM.env with fresh secrets (mode 0600), once: ./new-settings.sh LEAD_HOST ID_HOST
# `goldenthread doctor --settings settings` reads the same files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if [ "$#" -ne 2 ]; then
  printf 'usage: %s LEAD_HOST ID_HOST (for example lead.example.org id.example.org)\n' "$0" >&2
  exit 2
fi
lead=$1 identity=$2
folder=${GT_SETTINGS_FOLDER:-settings}
if [ -e "$folder" ]; then
  printf '%s is there already; secrets are made once\n' "$folder" >&2
  exit 1
fi
umask 077
mkdir "$folder"

word() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
key() { head -c 32 /dev/urandom | base64 | tr -d '\n'; }

cursor=$(key) console_secret=$(word)
program() { # name, then further lines
  local name=$1
  shift
  printf '%s\n' GT_ENVIRONMENT=production GT_BIND=tcp:0.0.0.0:8000 GT_METRICS_BIND=tcp:0.0.0.0:9000 \
    "GT_SERVICE_INSTANCE=$name-0" GT_KEY_DIR=/var/lib/goldenthread/keys \
    GT_PUBLIC_KEY_DIR=/var/lib/goldenthread/public-keys GT_OTLP_ENDPOINT=http://collector:4318 \
    "$@" >"$folder/$name.env"
}

printf 'POSTGRES_PASSWORD=%s\n' "$(word)" >"$folder/postgres.env"
for service in consent participants cases training; do
  owner=$(word) runtime=$(word)
  printf 'PASSWORD_gt_%s=%s\nPASSWORD_gt_%s_owner=%s\n' "$service" "$runtime" "$service" "$owner" \
    >>"$folder/postgres.env"
  printf 'GT_DATABASE_OWNER_DSN=postgresql://gt_%s_owner:%s@postgres/gt_%s\n' \
    "$service" "$owner" "$service" >"$folder/svc_$service.owner.env"
  more=()
  [ "$service" != consent ] || more=(GT_NARROWING_JOURNAL=/var/lib/goldenthread/journal)
  case $service in cases | consent) more+=(GT_PARTICIPANTS_ADDRESS=tcp:svc_participants:8000) ;; esac
  # The network "data" is this host's own and internal: no TLS to the database on it.
  program "svc_$service" "GT_DATABASE_DSN=postgresql://gt_$service:$runtime@postgres/gt_$service?sslmode=disable" \
    "GT_CURSOR_KEY=$cursor" GT_CONSENT_ADDRESS=tcp:svc_consent:8000 "${more[@]}"
done
issuer=https://$identity/realms/goldenthread
program gateway GT_CONSENT_ADDRESS=tcp:svc_consent:8000 GT_PARTICIPANTS_ADDRESS=tcp:svc_participants:8000 \
  GT_CASES_ADDRESS=tcp:svc_cases:8000 GT_TRAINING_ADDRESS=tcp:svc_training:8000 \
  "GT_PUBLIC_URL=https://$lead" "GT_CONSOLE_ISSUER_URL=$issuer" GT_CONSOLE_CLIENT_ID=goldenthread-console \
  "GT_CONSOLE_CLIENT_SECRET=$console_secret" "GT_CONSOLE_KEY=$(key)" \
  "GT_ISSUERS=[{\"alias\":\"realm\",\"issuer\":\"$issuer\",\"jwks_uri\":\"$issuer/protocol/openid-connect/certs\",\"audience\":\"goldenthread-api\",\"algorithms\":[\"RS256\"]}]"

keycloak=$(word)
printf 'PASSWORD_keycloak=%s\n' "$keycloak" >>"$folder/postgres.env"
printf '%s\n' KC_DB=postgres KC_DB_URL=jdbc:postgresql://postgres/keycloak KC_DB_USERNAME=keycloak \
  "KC_DB_PASSWORD=$keycloak" "KC_HOSTNAME=https://$identity" KC_HTTP_ENABLED=true KC_PROXY_HEADERS=xforwarded \
  "KC_BOOTSTRAP_ADMIN_USERNAME=admin" "KC_BOOTSTRAP_ADMIN_PASSWORD=$(word)" \
  "LEAD_URL=https://$lead" "CONSOLE_CLIENT_SECRET=$console_secret" >"$folder/keycloak.env"
printf 'LEAD_HOST=%s\nID_HOST=%s\n' "$lead" "$identity" >"$folder/edge.env"
printf 'GF_SECURITY_ADMIN_PASSWORD=%s\nGF_AUTH_ANONYMOUS_ENABLED=false\nGF_ANALYTICS_REPORTING_ENABLED=false\n' \
  "$(word)" >"$folder/grafana.env"
printf 'settings are in %s; keep them as you keep keys\n' "$folder"
