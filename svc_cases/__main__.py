"""``python -m svc_cases``: serve, migrate, seed, sdl, batches, lists."""

from pathlib import Path

from infra.batch_program import batches
from infra.service_program import ServiceProgram, main
from svc_cases.app import app
from svc_cases.cases import lists
from svc_cases.seed import seed
from svc_cases.subgraph import schema
from svc_cases.synthetic import load

raise SystemExit(
    main(
        ServiceProgram(
            service="cases",
            package_dir=Path(__file__).parent,
            schema=schema,
            app=app,
            seed=seed,
            commands={"batches": batches("cases", load), "lists": lists.command},
        )
    )
)
