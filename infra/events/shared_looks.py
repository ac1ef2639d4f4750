"""Lets everybody who asks for the same at one moment share one look.

Long polls wake together and would all read the same rows. A look that has begun is never shared:
whoever asks is told of everything that was there when they asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class SharedLooks(Generic[Key, Found]):
    """Looks by key, each for all who ask before it begins."""

    def __init__(self, look: Callable[[Key], Awaitable[Found]]) -> None:
        self._look = look
        self._gathering: dict[Key, asyncio.Task[Found]] = {}

    async def look(self, key: Key) -> Found:
        """Return what is found now, or fail as the look does.

        Who gives up waiting takes nothing from the others.
        """
        task = self._gathering.get(key)
        if task is None:
            task = asyncio.create_task(self._begin(key))
            task.add_done_callback(_heard)
            self._gathering[key] = task
        return await asyncio.shield(task)

    async def _begin(self, key: Key) -> Found:
        try:
            await asyncio.sleep(0)  # those whom the same news woke have their turn first
        finally:
            del self._gathering[key]  # from here on it has begun
        return await self._look(key)


def _heard(task: asyncio.Task[Found]) -> None:
    """Take note of a failure, also where everybody who waited has given up."""
    if not task.cancelled():
        task.exception()
