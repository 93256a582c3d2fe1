"""Housekeeping: what is old goes, but no picture, nothing of others, and no symbol's latest report."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kingtui.store import symbols
from tests.world import ratio_picture, running

AGO = timedelta(days=400)


def old(path: Path, data: bytes = b"x") -> Path:
    """A file of long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    moment = (datetime.now(UTC) - AGO).timestamp()
    os.utime(path, (moment, moment))
    return path


async def test_only_what_is_ours_and_old_is_removed(tmp_path: Path) -> None:
    async with running(tmp_path) as runtime:
        home = runtime.home
        ours = [
            old(home.downloads / f".{'0a' * 12}.part"), old(home.mdfiles / ".12.part"),
            old(home.reports / ".ETH.part.md"), old(home.reports / ".ETH.part.png"), old(home.logs / "run-1.log"),
        ]  # fmt: skip
        others = [
            old(home.downloads / ".chart.jpg.part"), old(home.downloads / "chart.jpg.part"),
            old(home.downloads / ".hidden.jpg"), old(home.downloads / "Unknown" / "a.jpg", ratio_picture(1)),
            old(home.root / "imagesanalysed" / "c.jpg"),
            old(home.logs / "mine.log"), old(home.history / "2020-01-01" / "a.jpg.md"),
        ]  # fmt: skip
        young = home.downloads / f".{'0b' * 12}.part"
        young.write_bytes(b"x")
        files = {}
        then, now = datetime.now(UTC) - AGO, datetime.now(UTC)
        async with runtime._database.write() as tx:
            for name, at in (("first", then), ("second", then + timedelta(days=1)), ("third", now)):
                for symbol in ("ETH", "BTC"):
                    if (symbol, name) == ("BTC", "third"):
                        continue
                    files[symbol, name] = old(home.reports / "2020-01-01" / f"{symbol}_{name}.md")
                    path = str(files[symbol, name].relative_to(home.root))
                    await symbols.reported(tx, symbol, at, path, None, at, None)
        await runtime._housekeeping.clean()
        assert [path for path in ours if path.exists()] == []
        assert [path for path in (*others, young) if not path.exists()] == []
        assert {key for key, file in files.items() if file.exists()} == {("ETH", "third"), ("BTC", "second")}
