"""One sandbox of the real E2B, for those who set E2B_API_KEY; it is paid for."""

import os
from pathlib import Path

import pytest

from core.errors import SandboxGone
from core.evidence import RunEnd
from core.ports import Environment, Limits
from core.trees import File, Tree
from sandbox import provider_class

KEY = os.environ.get("E2B_API_KEY", "")
NETWORK = """
import socket
for host, port in (("1.1.1.1", 443), ("2606:4700:4700::1111", 443), ("169.254.169.254", 80)):
    try:
        socket.create_connection((host, port), timeout=5)
        print("reached", host)
    except OSError:
        pass
"""

pytestmark = pytest.mark.skipif(
    not KEY, reason="E2B_API_KEY is not set, so the real E2B is not met"
)


async def test_the_real_e2b_keeps_the_contract(tmp_path: Path) -> None:
    provider = provider_class("e2b")(tmp_path, api_key=KEY, lifetime_s=120)
    assert all((await provider.check()).values())
    tree = Tree({"app.py": File(b"print('hello')\n"), "old.txt": File(b"1")})
    plain = Environment("plain", "python3", variables={"PATH": "/usr/local/bin:/usr/bin:/bin"})
    sandbox = await provider.open(tree, plain, Limits(wall_s=60))
    try:
        run = await sandbox.run(["python3", "app.py"])
        assert (run.end, run.stdout) == (RunEnd.PASSED, b"hello\n")
        assert (await sandbox.run(["python3", "-c", NETWORK])).stdout == b""
        assert (await sandbox.run(["sudo", "-n", "true"])).end is RunEnd.FAILED
        names = (await sandbox.run(["env"])).stdout
        assert b"E2B" not in names and KEY.encode() not in names
        assert (await sandbox.run(["sleep", "60"], timeout_s=1)).end is RunEnd.TIMEOUT
        await sandbox.run(["sh", "-c", "rm old.txt; echo new > new.txt"])
        assert set(await sandbox.export(tree)) == {"app.py", "new.txt"}
    finally:
        await sandbox.close()
    with pytest.raises(SandboxGone):
        await sandbox.run(["true"])
    assert await provider.reap() == 0
