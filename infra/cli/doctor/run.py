"""Asks all questions about a deployment, in an order in which causes stand before effects."""

import asyncio
from collections.abc import Iterable

from infra.cli.doctor import databases, issuers, keys, programs, reach, transport
from infra.cli.doctor.deployment import Deployment
from infra.cli.doctor.findings import Finding


def examine(deployment: Deployment) -> list[Finding]:
    """Return everything that was found."""
    found: list[Finding] = []
    found += programs.settings(deployment)
    found += programs.agreement(deployment)
    found += programs.policy(deployment)
    found += programs.journal(deployment)
    found += keys.signing(deployment)
    found += transport.security(deployment)
    found += issuers.reachable(deployment)
    found += asyncio.run(_databases(deployment))
    found += reach.processes(deployment)
    return found


async def _databases(deployment: Deployment) -> Iterable[Finding]:
    each = [databases.examine(program) for program in deployment.services]
    return [finding for found in await asyncio.gather(*each) for finding in found]
