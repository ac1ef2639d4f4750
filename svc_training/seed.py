"""Loads the demo world's training: two rosters, the course page, and one invented course.

Synthetic throughout but for the course page, which is the academy's public text. Running it
again changes nothing.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

from infra.subgraph_app import Chassis
from svc_training.personnel.repository import put_demo_people
from svc_training.sessions.commands import import_course_page

_IMPORTED_BY = "seed"

_INVENTED_COURSE = """\
LEAD 101: How Diversion Works (Example Course)

An invented course of the demo: what the initiative does, who takes part, and what \
each partner may know about whom.

To register for the course, contact your Training Manager to assign the training to you \
via Acadis.
Jordan Sample-Trainer (Example Course Coordinator)

(360) 555-0142

Who can attend our classes?

Law enforcement, prosecutors, defense attorneys, case managers, community services

This course is guided by 43.101.205

Training sessions

Session Session Title Dates & Hours Location Status
9101-1 LEAD 101: How Diversion Works (Example Course) 3/9/2027
Class Hours:
0900 - 1200
Cedar Falls Example Hall
Open
9101-2 LEAD 101: How Diversion Works (Example Course) 4/13/2027
Class Hours:
1300 - 1600
Virtual- Zoom
Open
"""


async def seed(chassis: Chassis, world: Path) -> None:
    """Load the demo world.

    Args:
        chassis: the service's parts.
        world: JSON file of the demo world.
    """
    demo: dict[str, Any] = json.loads(await asyncio.to_thread(world.read_text, "utf-8"))
    accounts = {member["subject"]: member["id"] for member in demo["staff"]}
    people = [
        {
            "id": person["id"],
            "agency_id": person["agency_id"],
            "external_id": person["external_id"],
            "account_id": accounts.get(person["subject"]),
            "given_name": person["given_name"],
            "family_name": person["family_name"],
            "email": person["email"],
            "appointment_type": person["appointment_type"],
            "is_certified": person["certified"],
        }
        for person in demo["rosters"]
    ]
    async with chassis.database.write() as session:
        await put_demo_people(session, people)
        for page in (_INVENTED_COURSE, demo["course_page"]):
            await import_course_page(session, page, _IMPORTED_BY)
