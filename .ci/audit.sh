#!/usr/bin/env bash
# What the product is made of: a bill of materials, and known weaknesses of it. Needs uv's group `ci`.
# Without a network, or behind an index that knows no advisories, it says so and does not fail.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mkdir -p build
.tools/bin/uv export --quiet --locked --no-default-groups --format cyclonedx1.5 --output-file build/sbom.cdx.json
.tools/bin/uv export --quiet --locked --no-default-groups --no-emit-project \
  --format requirements.txt --output-file build/runtime.txt >/dev/null
printf 'bill of materials: build/sbom.cdx.json\n'

asked=0
timeout 120 .venv/bin/pip-audit --requirement build/runtime.txt --disable-pip --require-hashes \
  --progress-spinner off --format json --output build/audit.json 2>build/audit.log || asked=$?
.venv/bin/python -P - "$asked" <<'PYTHON'
import json
import sys
from pathlib import Path

try:
    found = json.loads(Path("build/audit.json").read_text())["dependencies"]
except (OSError, ValueError, KeyError):
    print(f"audit: not done (status {sys.argv[1]}); build/audit.log says why", file=sys.stderr)
    raise SystemExit(0)
weak = [(each["name"], flaw["id"]) for each in found for flaw in each.get("vulns", [])]
unknown = [each["name"] for each in found if "skip_reason" in each]
for name, flaw in weak:
    print(f"audit: {name}: {flaw}", file=sys.stderr)
print(f"audit: {len(found) - len(unknown)} packages asked about, {len(unknown)} the index knows nothing "
      f"of, {len(weak)} known weaknesses")
raise SystemExit(1 if weak else 0)
PYTHON
