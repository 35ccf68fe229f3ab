"""What must not hold up the loop, and what needs asyncio whatever loop the server runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def in_thread(work: Callable[..., Result], *arguments: Any) -> Result:
    """What waits for a disk, where nobody waits for it."""
    # Every server has it by the time it calls; who only imports the package need not wait for it.
    from anyio.to_thread import run_sync

    return await run_sync(work, *arguments)


async def in_asyncio(work: Coroutine[Any, Any, Result]) -> Result:
    """The log waits with asyncio. Under trio its work gets a loop of its own, in a thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return await in_thread(asyncio.run, work)
    return await work
