#!/usr/bin/env bash
# What a reviewer looks at first: schemas, policy and access table against where the branch began.
# Fails when somebody may see more than was approved, or when a committed operation does not fit the
# schema any more; with or without a history to compare with.
# The base is the first argument, else the commit that origin/main and this one share, else the last.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

base=${1:-$(git merge-base HEAD origin/main 2>/dev/null || git rev-parse --verify --quiet HEAD~1 || true)}
status=0
if [ -n "$base" ]; then
  paths=('*.graphql' 'gateway/policy/*.toml' 'gateway/policy/approved.txt' 'tests/golden/access_table.txt'
    'svc_consent/explanations/agreement.json')
  git --no-pager diff --stat "$base" -- "${paths[@]}"
  git --no-pager diff --unified=0 "$base" -- 'gateway/policy/*.toml' 'gateway/policy/approved.txt' |
    sed -n '1,200p'
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  # What breaks is for a person to judge: partners were told long before, or it is a mistake.
  if git show "$base:gateway/supergraph.graphql" >"$scratch/supergraph" 2>/dev/null &&
    ! cmp -s "$scratch/supergraph" gateway/supergraph.graphql; then
    .venv/bin/python -P -m gateway schema --since "$scratch/supergraph" >"$scratch/schema" ||
      printf 'the schema breaks operations that ran before, or the former one cannot be read\n'
    grep -v '^new: ' "$scratch/schema" | tail -n 60 || true
  fi
  if git show "$base:tests/golden/access_table.txt" >"$scratch/old" 2>/dev/null; then
    # Approvals that a release has emptied out of the file still answer for what they named.
    {
      git show "$base:gateway/policy/approvals.toml" 2>/dev/null || true
      printf '\n'
      cat gateway/policy/approvals.toml
    } >"$scratch/approvals"
    .venv/bin/python -P -m gateway policy diff "$scratch/old" --approval "$scratch/approvals" --standing \
      >"$scratch/changes" || status=$?
    tail -n 60 "$scratch/changes"
  fi
else
  printf 'no history: compared with what was approved last alone\n'
fi
.venv/bin/python -P -m gateway policy approved || status=$?
if [ "$status" != 0 ]; then
  printf 'somebody may see more than was approved: gateway/policy/README.md says what to do\n' >&2
fi
.venv/bin/python -P -m gateway operations check gateway/operations gateway/web/console/operations \
  gateway/web/doors/operations || {
  printf 'a committed operation does not fit the schema: mend it, or what it asks for\n' >&2
  status=1
}
exit "$status"
