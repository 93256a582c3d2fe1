"""The documented shapes are exactly what is answered: no field more, none less, each of its type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import is_typeddict

from kingtui.api import schemas
from kingtui.api.answers import encoded
from kingtui.control.shapes import report_json, report_row_json, run_json, status_json
from kingtui.models import Report, Run, Status
from tests.api.conftest import MAPPED
from tests.control.values import values

ASKED = {
    "/health": schemas.Health, "/status": schemas.Status, "/readyz": schemas.Ready, f"/data/{MAPPED}": schemas.Record,
    f"/data?symbols={MAPPED},NOTTHERE": schemas.Records, "/symbols": schemas.Symbols,
    f"/symbols/{MAPPED}/levels": schemas.Levels, f"/symbols/{MAPPED}/history": schemas.SymbolHistory,
    "/images": schemas.Images, "/images/1": schemas.PictureView, "/images/2": schemas.PictureView,
    "/images/1/marks": schemas.PictureMarks,
    "/history": schemas.History, "/runs/1": schemas.Run, f"/reports/{MAPPED}": schemas.Report,
    "/reports": schemas.Reports, "/nothing": schemas.Problem, "/data/NOTTHERE": schemas.Problem,
}  # fmt: skip
CHANGES = {
    "/trigger/6": schemas.Triggered, "/cancel/6": schemas.Cancelled, "/pause": schemas.Paused,
    "/resume": schemas.Paused, "/images/999999/retry": schemas.Problem, "/restart": schemas.Restarted,
}  # fmt: skip
Exact = Callable[[Any, bytes], Any]


@pytest.fixture(scope="module")
def exact():
    """Validates JSON against a shape: nothing is converted, and what the shape does not name is an error."""
    with pytest.MonkeyPatch.context() as patch:
        for shape in vars(schemas).values():
            if is_typeddict(shape):
                patch.setattr(shape, "__pydantic_config__", ConfigDict(extra="forbid", strict=True), raising=False)
        made: dict[Any, TypeAdapter[Any]] = {}

        def validate(shape: Any, body: bytes) -> Any:
            if shape not in made:
                made[shape] = TypeAdapter(shape)
            return made[shape].validate_json(body)

        yield validate


@pytest.mark.asyncio(loop_scope="package")
async def test_what_is_answered_is_what_is_documented(world, exact: Exact):
    for path, shape in ASKED.items():
        exact(shape, (await world.http.get(path)).content)
    log = await world.http.get("/runs/1/log", headers={"Accept": "application/json"})
    exact(schemas.RunLog, log.content)
    for path, shape in CHANGES.items():
        exact(shape, (await world.http.post(path)).content)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values(Status), values(Run), values(Report))
def test_whatever_the_status_is_its_shape_is_documented(exact: Exact, status: Status, run: Run, report: Report):
    exact(schemas.Status, encoded(status_json(status)))
    exact(schemas.Run, encoded(run_json(run)))
    exact(schemas.Report, encoded(report_json(report)))
    exact(schemas.ReportRow, encoded(report_row_json(report)))


def test_a_field_too_many_or_too_few_is_noticed(exact: Exact):
    exact(schemas.Paused, b'{"paused": true}')
    for body in (b"{}", b'{"paused": true, "since": 1}', b'{"paused": 1}'):
        with pytest.raises(ValidationError):
            exact(schemas.Paused, body)
