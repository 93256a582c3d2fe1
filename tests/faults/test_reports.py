"""A report that cannot be written holds back only itself."""

import asyncio

import pytest

from tests.world import ratio_chart, ratio_picture, running, until


@pytest.mark.slow
async def test_a_report_that_fails_is_tried_again_later_and_not_at_once(tmp_path):
    symbol, *others = (row.symbol for row in ratio_chart(1, rows=8).rows)
    async with running(tmp_path) as runtime:
        blocker = tmp_path / "downloads/MD Reports" / f".{symbol}.part.md"  # where its report is to be written
        blocker.mkdir()
        (tmp_path / "downloads" / "chart.jpg").write_bytes(ratio_picture(1, rows=8))

        async def reported():
            reports = [path.name for path in (tmp_path / "downloads/MD Reports").rglob("report_*.md")]
            return {name for name in others if any(f"_{name}_" in report for report in reports)} == set(others)

        await until(reported, "the other reports")
        await asyncio.sleep(3.0)
        history, _ = await runtime.control.history(step=6)
        assert sum(run.count for run in history) <= 3, "a failed report was asked for again and again"
        view = (await runtime.control.status()).steps[5]
        assert (view.backlog.due, view.backlog.waiting) == (0, 1)
        assert view.next_trigger is not None
        assert any(symbol in (run.error or "") for run in history)

        blocker.rmdir()
        await until(lambda: runtime.control.trigger(6))

        async def written():
            return list((tmp_path / "downloads/MD Reports").rglob(f"report_{symbol}_*.md"))

        await until(written, "its report", 60)
