"""Command line of the consent service (see ``infra.service_program``)."""

from pathlib import Path

from infra.batch_program import batches
from infra.service_program import ServiceProgram, main
from svc_consent.app import app
from svc_consent.audit import audit
from svc_consent.indicators.agreements import study
from svc_consent.seed import seed
from svc_consent.subgraph import schema
from svc_consent.synthetic import load
from svc_consent.webhooks.program import webhook

PROGRAM = ServiceProgram(
    service="consent",
    package_dir=Path(__file__).parent,
    schema=schema,
    app=app,
    seed=seed,
    commands={
        "audit": audit,
        "batches": batches("consent", load),
        "study": study,
        "webhook": webhook,
    },
)

if __name__ == "__main__":
    raise SystemExit(main(PROGRAM))
