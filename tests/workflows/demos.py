"""Houses whose repository holds an app, shown live in real sandboxes."""

import asyncio
from collections.abc import Mapping

from core.demos import Demo, DemoState
from core.tasks import Task
from evals.scripted import REPOSITORY
from tests.workflows.house import House

PATIENCE_S = 60.0
MAIN = """
from fastapi import FastAPI

from app import total

app = FastAPI()


@app.get("/total")
def read() -> int:
    return total([1])
"""
WITH_APP: Mapping[str, str] = {**REPOSITORY, "main.py": MAIN, "requirements.txt": "fastapi\n"}
"""Its address `/total` answers 2 on the base, and 1 on the fix."""


async def become(here: House, task: Task, *states: DemoState) -> Demo:
    """The demo beside the newest release of a task, once it has one of these states."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await here.anton.demos.look()
            for asked in await here.anton.approvals(task_id=task.task_id, limit=1):
                demo = await here.anton.demos.beside(asked.approval_id)
                if demo and demo.state in states:
                    return demo
            await asyncio.sleep(0.05)


async def fetched(url: str, path: str) -> str:
    """The body of what is there; resolved here, as not every C library knows such names."""
    host = url.removeprefix("http://").partition("/")[0]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(host.partition(":")[2]))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return answer.partition("\r\n\r\n")[2]
