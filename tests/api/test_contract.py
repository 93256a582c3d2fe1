"""Every answer is as ``/openapi.json`` says: schemathesis makes up requests, right and wrong ones, to see that."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.slow]

HOOKS = Path(__file__).with_name("schemathesis_hooks.py")


async def test_the_answers_are_as_documented(world, tmp_path):
    document = str(world.http.base_url.join("/openapi.json"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "run", document, "--checks", "all",
        "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "25", "--max-time", "35", "--seed", "5",
        "--continue-on-failure", "--generation-database", "none", "--no-color",
        cwd=tmp_path, env=os.environ | {"SCHEMATHESIS_HOOKS": str(HOOKS)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, told.decode()[-6000:]
    assert "Tested: " in told.decode()
