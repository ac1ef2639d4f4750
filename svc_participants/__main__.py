"""``python -m svc_participants``: serve, migrate, seed, print the SDL, read instruments."""

from pathlib import Path

from infra.batch_program import batches
from infra.service_program import ServiceProgram, main
from svc_participants.app import app
from svc_participants.care.assessments import listing
from svc_participants.seed import seed
from svc_participants.subgraph import schema
from svc_participants.synthetic import load

raise SystemExit(
    main(
        ServiceProgram(
            service="participants",
            package_dir=Path(__file__).parent,
            schema=schema,
            app=app,
            seed=seed,
            commands={"batches": batches("participants", load), "instruments": listing.show},
        )
    )
)
