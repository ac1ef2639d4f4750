#!/usr/bin/env bash
# What a reviewer looks at first: schemas, policy and access table against where the branch began.
# Fails when somebody may see more than was approved, with or without a history to compare with.
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
exit "$status"
