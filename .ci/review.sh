#!/usr/bin/env bash
# What a reviewer looks at first: schemas, policy and access table against where the branch began.
# The base is the first argument, else the commit that origin/main and this one share, else the last.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

base=${1:-$(git merge-base HEAD origin/main 2>/dev/null || git rev-parse HEAD~1 2>/dev/null || true)}
if [ -z "$base" ]; then
  printf 'nothing to compare with: the history ends here\n'
  exit 0
fi
paths=('*.graphql' 'gateway/policy/*.toml' 'tests/golden/access_table.txt' 'svc_consent/explanations/agreement.json')
git --no-pager diff --stat "$base" -- "${paths[@]}"
git --no-pager diff --unified=0 "$base" -- 'gateway/policy/*.toml' | head -n 200
if git cat-file -e "$base:tests/golden/access_table.txt" 2>/dev/null; then
  old=$(mktemp)
  trap 'rm -f "$old"' EXIT
  git show "$base:tests/golden/access_table.txt" >"$old"
  .venv/bin/python -P -m gateway policy diff "$old" | tail -n 60 || true
fi
