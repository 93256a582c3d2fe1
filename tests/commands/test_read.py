"""``kingtui read``: what a painted chart says comes back, what is no picture is named, nothing is invented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kingtui.charts.reading import dump, reading_from_json
from tests.commands.shell import kingtui
from tests.world import ratio_chart, ratio_picture

ROWS = 5


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two painted charts, the second below it with a name that would act, and a file of another kind."""
    folder = tmp_path_factory.mktemp("charts")
    (folder / "below").mkdir()
    (folder / "one.jpg").write_bytes(ratio_picture(1, rows=ROWS))
    (folder / "below" / "two [red]\x1b[31m.PNG").write_bytes(ratio_picture(2, rows=ROWS, short_term=True))
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.jpg").write_text("no picture")
    return folder


def test_one_picture_is_one_json_value_of_what_was_painted(charts: Path) -> None:
    run = kingtui("read", "one.jpg", "--json", folder=charts)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told.pop("image") == "one.jpg"
    reading = reading_from_json(told)
    painted = ratio_chart(1, rows=ROWS).rows
    assert [(row.symbol, row.long, row.short) for row in reading.parts()] == [
        (row.symbol, row.long, row.short) for row in painted
    ]


def test_a_folder_is_shown_for_people(charts: Path) -> None:
    run = kingtui("read", charts, folder=charts)
    assert run.returncode == 0, run.stderr
    assert "long-term ratio" in run.stdout
    assert "short-term ratio" in run.stdout
    assert r"two [red]\x1b[31m.PNG" in run.stdout
    assert "\x1b" not in run.stdout
    for row in (*ratio_chart(1, rows=ROWS).rows, *ratio_chart(2, rows=ROWS, short_term=True).rows):
        line = next(line for line in run.stdout.splitlines() if line.split()[:2] == [row.symbol, str(row.long)])
        assert "✓" in line or "✗" in line
    assert not list(charts.glob("*.json"))


def test_what_cannot_be_read_is_named_and_the_rest_is_read(charts: Path, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "empty.png").touch()
    (tmp_path / "cut.jpg").write_bytes((charts / "one.jpg").read_bytes()[:3000])
    (tmp_path / "none").mkdir()
    wrong = ("text.jpg", "empty.png", "cut.jpg", "gone.jpg", "none", "/dev/null")
    run = kingtui("read", *wrong, "--json", folder=tmp_path)
    assert run.returncode == 1
    assert json.loads(run.stdout) == []
    said = dict(line.split(": ", 1) for line in run.stderr.splitlines())
    assert said.keys() == set(wrong)
    assert said["gone.jpg"] == "No such file or directory"
    assert said["/dev/null"] == "is not a regular file"
    run = kingtui("read", "text.jpg", charts / "one.jpg", "--json", folder=tmp_path)
    assert run.returncode == 1
    assert [told["kind"] for told in json.loads(run.stdout)] == ["long_term_ratio"]


def test_two_pictures_never_share_a_file(charts: Path, tmp_path: Path) -> None:
    (tmp_path / "one.png").touch()
    run = kingtui("read", charts / "one.jpg", "one.png", "--out", "told", folder=tmp_path)
    assert run.returncode == 2
    assert "would both be written to told/one.json" in run.stderr
    assert not (tmp_path / "told").exists()


@pytest.mark.slow
def test_out_writes_the_readings_beside_nothing_else(charts: Path, tmp_path: Path) -> None:
    run = kingtui("read", charts, "--out", tmp_path / "told", folder=tmp_path)
    assert (run.returncode, run.stdout) == (0, "")
    written = {path.name: json.loads(path.read_text()) for path in (tmp_path / "told").iterdir()}
    assert written.keys() == {"one.json", "two [red]\x1b[31m.json"}
    assert json.loads(dump(reading_from_json(written["one.json"]))) == written["one.json"]
    (tmp_path / "file").touch()
    run = kingtui("read", charts, "--out", tmp_path / "file" / "told", folder=tmp_path)
    assert run.returncode == 1
    assert "cannot be made" in run.stderr


@pytest.mark.slow
def test_the_real_pictures_are_told_apart(tmp_path: Path) -> None:
    shared = Path(__file__).parents[3] / "shared" / "charts"
    if not shared.is_dir():
        pytest.skip("the real charts are not here")
    run = kingtui("read", shared / "real", shared / "junk", "--json", folder=tmp_path)
    assert run.returncode == 0
    kinds = {Path(told["image"]).name: told["kind"] for told in json.loads(run.stdout)}
    assert {kind for name, kind in kinds.items() if name.startswith("junk")} == {"unknown"}
    assert {name: kind for name, kind in kinds.items() if not name.startswith("junk")} == {
        f"{kind}.jpg": kind for kind in ("liquidation_heatmap", "liquidation_map", "long_term_ratio", "rsi_heatmap")
    }
