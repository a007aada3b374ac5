"""A process that publishes the usual change when told to, so that it can be killed at it.

`python -m tests.fakes.publisher REPOSITORY [API_URL]` prints `ready`, waits for a line, publishes,
and prints the commit.
"""

import asyncio
import sys

from integrations import host_for
from tests.fakes.changes import change
from tests.fakes.github import TOKEN


async def _main(repository: str, api_url: str = "") -> None:
    options = {"token": TOKEN, "api_url": api_url, "write_interval_s": 0.0}
    host = host_for(repository, {"github": options})
    request, patch = change(await host.snapshot("main"))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print((await host.publish(request, patch)).commit, flush=True)
    await host.close()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
