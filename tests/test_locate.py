"""What ``kingtui locate`` prints."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kingtui.home import Home, HomeLock
from kingtui.locate import Section, locate
from kingtui.settings import Settings, load_settings


def rows(sections: list[Section], title: str) -> dict[str, tuple[str, str]]:
    return {row.name: (row.value, row.remark) for section in sections if section.title == title for row in section.rows}


def test_every_path_and_setting_with_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("KINGTUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    king = tmp_path / "king"
    king.mkdir()
    (king / ".env").write_text("KINGTUI_PORT=1001\nKINGTUI_PROT=1\n")
    (king / ".env").chmod(0o600)
    settings = load_settings(king, {"batch": 5})
    home = Home(settings.home)
    sections = locate(settings, home)
    assert [section.title for section in sections] == ["paths", "settings files", "settings", "warnings"]
    paths = rows(sections, "paths")
    assert paths["home"] == (str(king), "exists")
    assert paths["downloads"] == (str(king / "downloads"), "missing")
    assert paths["database"] == (str(king / "kingtui.db"), "missing")
    assert paths["lock"] == (str(king / ".lock"), "free")
    assert [(row.value, row.remark) for row in sections[1].rows] == [
        (str(king / ".env"), "read"),
        (str(tmp_path / ".env"), "missing"),
    ]
    listed = rows(sections, "settings")
    assert listed["KINGTUI_HOME"] == (str(king), "flag --home")
    assert listed["KINGTUI_PORT"] == ("1001", str(king / ".env"))
    assert listed["KINGTUI_BATCH"] == ("5", "flag --batch")
    assert listed["KINGTUI_API"] == ("true", "default")
    assert len(listed) == len(Settings.model_fields)
    assert "did you mean KINGTUI_PORT?" in rows(sections, "warnings")["warning"][0]
    assert sorted(path.name for path in king.iterdir()) == [".env"]  # it made nothing


def test_the_owner_is_named(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with HomeLock(home, mode="dashboard") as lock:
        lock.update(address="http://127.0.0.1:5555")
        remark = rows(locate(Settings(home=tmp_path), home), "paths")["lock"][1]
        assert remark.startswith(f"held by process {os.getpid()}, dashboard mode, since 2")
        assert remark.endswith("API at http://127.0.0.1:5555")
    (home.root / ".lock").unlink()
    (home.root / ".lock").symlink_to("nowhere")
    assert "cannot be read" in rows(locate(Settings(home=tmp_path), home), "paths")["lock"][1]
