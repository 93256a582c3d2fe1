"""The six steps, one module each."""

from __future__ import annotations

from collections.abc import Sequence

from kingtui.services import Source
from kingtui.steps.base import Step, Toolbox
from kingtui.steps.filing import Filing
from kingtui.steps.intake import Intake


def all_steps(tools: Toolbox, filing: Filing, intake: Intake, sources: Sequence[Source]) -> list[Step]:
    """The steps in order."""
    from kingtui.steps.analyse import Analyse
    from kingtui.steps.dedupe import Dedupe
    from kingtui.steps.download import Download
    from kingtui.steps.extract import Extract
    from kingtui.steps.report import Report
    from kingtui.steps.sort import Sort

    return [
        Download(tools, filing, sources),
        Sort(tools, filing, intake),
        Dedupe(tools, filing),
        Analyse(tools, filing),
        Extract(tools, filing),
        Report(tools, filing),
    ]
