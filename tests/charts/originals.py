"""The pictures beside the project, for tests that use them where they are there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "charts"


def originals(folder: str, kind: str) -> list[tuple[bytes, dict[str, Any]]]:
    """Pictures of a kind with their truths. Skips the test where there are none."""
    truths = [json.loads(path.read_text()) for path in sorted((FOLDER / folder).glob("*.json"))]
    found = [(FOLDER.joinpath(folder, t["image"]).read_bytes(), t) for t in truths if t["kind"] == kind]
    if not found:
        pytest.skip("the pictures are not beside the project")
    return found
