"""Publishing a site's own wording of the pledge: by the project manager who chairs."""

from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError
from svc_cases.cases.commands import check_text
from svc_cases.conferences import repository
from svc_cases.conferences.commands.meetings import require_chair
from svc_cases.conferences.rules import MAX_PLEDGE, reads_as_shown
from svc_cases.conferences.tables import PledgeWording
from svc_cases.counsel.commands import version_conflict


async def publish(
    session: WriteSession, caller: Caller, *, text: str, expected_version: int
) -> UUID:
    """Publish a wording for the own site; returns it.

    It is what is signed from now on. Nothing that was signed before changes, and no meeting that
    somebody has pledged for asks them again (``svc_cases.conferences.rules``).

    Args:
        session: the transaction.
        caller: project manager.
        text: the wording.
        expected_version: number of the newest one as it was read; 0 where the site has none.

    Raises:
        CommandError: not allowed, a text that is empty, too long or not all of it to be seen, or
            another wording has been published meanwhile.
    """
    require_chair(caller)
    site_id = parse_id(caller.site_id)
    if site_id is None:
        raise CommandError("NOT_ALLOWED", "A wording belongs to a site.")
    wording = check_text(text.replace("\r\n", "\n"), MAX_PLEDGE, "text")
    if not reads_as_shown(wording):
        raise CommandError(
            "CHARACTER_NOT_ALLOWED", "Leave out what is not seen: it is to be signed.", ("text",)
        )
    await repository.lock_wordings(session, site_id)
    newest = await repository.wording_of_site(session, site_id)
    if newest.number != expected_version:
        raise version_conflict("wording")
    row = PledgeWording(
        id=uuid4(),
        site_id=site_id,
        number=newest.number + 1,
        text=wording,
        published_by=caller.subject,
        published_at=clock.now(),
    )
    session.add(row)
    return row.id
