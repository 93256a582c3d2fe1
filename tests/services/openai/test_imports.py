"""Whoever sets none of it up pays for none of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_a_runtime_loads_no_library_of_a_service_that_is_not_set_up() -> None:
    program = (
        "import sys, kingtui.runtime, kingtui.steps.sort, kingtui.steps.report, kingtui.services.openai.assistant; "
        "print({'openai', 'httpx2', 'httpx', 'jinja2'} & set(sys.modules))"
    )
    root = Path(__file__).parents[3]
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root)
    assert run.stdout.strip() == "set()"
