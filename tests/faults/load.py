"""Many requests at once over real sockets, each with words that are found again at the model."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import aiohttp
from tests.house import House


async def _one(
    session: aiohttp.ClientSession, house: House, number: str, seen: Counter[str], stream: bool
) -> None:
    body = {
        "model": "cloud/echo",
        "stream": stream,
        "messages": [{"role": "user", "content": f"請整理第{number}號會議紀錄。"}],
    }
    headers = {"authorization": f"Bearer {house.keys['official']}"}
    try:
        async with session.post(
            f"{house.base_url}/chat/completions", json=body, headers=headers
        ) as answer:
            text = await answer.text()
            seen[str(answer.status)] += 1
            if answer.status >= 500:
                seen["retry-after"] += "retry-after" in answer.headers
                seen[json.loads(text)["error"]["code"]] += 1
            if answer.status == 200 and (not stream or "[DONE]" in text):
                seen["complete:" + answer.headers["x-request-id"]] += 1
    except (aiohttp.ClientError, OSError, TimeoutError):
        seen["broken"] += 1


async def flood(house: House, count: int, prefix: str, *, streams: bool = True) -> Counter[str]:
    """Send `count` requests at once; what was seen, by status or kind of failure."""
    seen: Counter[str] = Counter()
    timeout = aiohttp.ClientTimeout(total=30)
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
        asyncio.TaskGroup() as group,
    ):
        for number in range(count):
            stream = streams and number % 2 == 1
            group.create_task(_one(session, house, f"{prefix}{number}", seen, stream))
    return seen
