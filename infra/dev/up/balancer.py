"""The balancer before several instances: Debian's haproxy, configured from what is to be run.

It takes no part in who may see what: it passes requests on to whoever says `ready`. A request is
sent to another instance only when the first could not be reached at all, so nothing is done twice.
Whoever is slow to say so is not taken out: on a machine that has too much to do, all instances are
slow at once, and taking them out would leave nobody. One that stops says 503, and is out at once.
Connections to the instances are closed with each answer: one that was kept might be ended by an
instance that stops in the moment in which the next request is on its way.
"""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.dev.up.errors import UpError

NAME = "balancer"
CHECK_EACH_MS = 250
CHECK_SECONDS = 60
STOP_DELAY_SECONDS = 2.0
"""How long an instance that was told to stop still takes requests: several checks long."""

_HEAD = """global
  maxconn 4000
  log stderr format raw local0 warning
defaults
  mode http
  log global
  timeout connect 1s
  timeout client 75s
  timeout server 75s
  timeout check {patience}s
  timeout queue 5s
  timeout http-request 10s
  timeout http-keep-alive 60s
  option http-server-close
  http-reuse never
  retries 3
  option redispatch 1
  retry-on conn-failure
  option httpchk GET /health/ready
  http-check expect status 200
  default-server check inter {check}ms fastinter {check}ms fall 1 rise 1
"""


def configuration(fronts: Mapping[str, tuple[str, Sequence[str]]]) -> str:
    """Return haproxy's configuration.

    Args:
        fronts: name -> where it listens, and the addresses of its instances (`unix:/path` or
            `tcp:host:port`).
    """
    parts = [_HEAD.format(check=CHECK_EACH_MS, patience=CHECK_SECONDS)]
    for name, (address, instances) in fronts.items():
        bound = _bound(address) + (" mode 600" if address.startswith("unix:") else "")
        servers = "".join(
            f"  server {name}-{number} {_bound(each)}\n" for number, each in enumerate(instances)
        )
        parts.append(f"listen {name}\n  bind {bound}\n  balance leastconn\n{servers}")
    return "".join(parts)


def _bound(address: str) -> str:
    if address.startswith("unix:"):
        return "unix@" + address.removeprefix("unix:")
    return address.removeprefix("tcp:")


def find_haproxy() -> str:
    """Return where haproxy is. Raises UpError when it is not installed."""
    found = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        message = "several gateways or replicas need haproxy in front: apt-get install haproxy"
        raise UpError(message)
    return found


def main() -> None:
    """Become haproxy on the configuration that GT_BALANCER_FILE names."""
    file = Path(os.environ["GT_BALANCER_FILE"])
    program = find_haproxy()
    sys.stdout.flush()
    os.execv(program, [program, "-W", "-db", "-f", str(file)])  # noqa: S606 - that is its task


if __name__ == "__main__":
    main()
