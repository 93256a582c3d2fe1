"""``kingtui read``: what a painted chart says comes back, what is no picture is named, nothing is invented."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image

from kingtui.charts.reading import dump, reading_from_json
from tests.commands.shell import KINGTUI, environment, kingtui, on_a_terminal
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


def test_explain_draws_on_a_copy_beside_the_picture(charts: Path, tmp_path: Path) -> None:
    picture = tmp_path / "one.jpg"
    picture.write_bytes((charts / "one.jpg").read_bytes())
    run = kingtui("read", "one.jpg", "--explain", "--json", folder=tmp_path)
    assert run.returncode == 0, run.stderr
    assert run.stderr == "one.jpg: explained in one.explained.png\n"
    assert picture.read_bytes() == (charts / "one.jpg").read_bytes()
    assert sorted(path.name for path in tmp_path.glob("*.*g")) == ["one.explained.png", "one.jpg"]
    with Image.open(picture) as original, Image.open(tmp_path / "one.explained.png") as copy:
        assert copy.format == "PNG"
        assert copy.width > 2 * original.width


def test_standard_input_is_read_once(charts: Path, tmp_path: Path) -> None:
    with (charts / "one.jpg").open("rb") as picture:
        run = subprocess.run(
            [KINGTUI, "read", "-", "--out", "told", "--json"], stdin=picture, cwd=tmp_path, env=environment(tmp_path),
            capture_output=True, timeout=60, check=False,
        )  # fmt: skip
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told.pop("image") == "-"
    assert told == json.loads((tmp_path / "told" / "stdin.json").read_text())
    assert len(told["rows"]) == ROWS
    assert kingtui("read", "-", folder=tmp_path).stderr == "standard input: the file is empty\n"


def test_colour_only_where_it_is_wanted(charts: Path) -> None:
    code, shown = on_a_terminal("read", "one.jpg", folder=charts)
    assert code == 0
    assert "\x1b[32m" in shown
    code, shown = on_a_terminal("read", "one.jpg", folder=charts, NO_COLOR="1")
    assert code == 0
    assert "\x1b[3" not in shown
    assert "█" in shown


@pytest.mark.parametrize("wrong", [("--jobs", "0"), ("--jobs", "two"), ("--outt", "x"), ()])
def test_wrong_use_is_2(tmp_path: Path, wrong: tuple[str, ...]) -> None:
    run = kingtui("read", *(("a.jpg",) if wrong else ()), *wrong, folder=tmp_path)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr


def many(folder: Path, count: int) -> list[str]:
    """Pictures of which the first takes the longest, one of them none."""
    for k in range(count):
        (folder / f"{k:02}.jpg").write_bytes(ratio_picture(k, rows=14 if k == 0 else 3))
    (folder / "01.jpg").write_text("no picture")
    return [f"{k:02}.jpg" for k in range(count) if k != 1]


@pytest.mark.slow
def test_several_processes_say_the_same_in_order(tmp_path: Path) -> None:
    names = many(tmp_path, 14)
    alone = kingtui("read", "*.jpg", "--json", "--jobs", "1", folder=tmp_path)
    together = kingtui("read", "*.jpg", "--json", "--jobs", "2", "--explain", folder=tmp_path)
    assert (alone.returncode, together.returncode) == (1, 1)
    assert [told["image"] for told in json.loads(together.stdout)] == names
    assert together.stdout == alone.stdout
    assert alone.stderr == "01.jpg: the file is no JPEG, PNG or WebP picture\n"
    assert [line.partition(":")[0] for line in together.stderr.splitlines()] == [f"{k:02}.jpg" for k in range(14)]
    explained = (tmp_path / "00.explained.png").read_bytes()
    assert kingtui("read", "00.jpg", "--explain", folder=tmp_path).returncode == 0
    assert (tmp_path / "00.explained.png").read_bytes() == explained


@pytest.mark.slow
def test_an_interrupt_ends_it_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    many(tmp_path, 30)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = [KINGTUI, "read", ".", "--out", "told", "--jobs", "2"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(tmp_path, TMPDIR=str(temporary)), stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a background job ignores it
    ) as process:  # fmt: skip
        assert process.stderr is not None
        assert process.stderr.readline().startswith("00.jpg: ")
        assert list(temporary.iterdir())
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        code = process.wait(10)
        took = time.monotonic() - began
    assert took < 3
    assert code == 130
    assert not list(temporary.iterdir())
    written = list((tmp_path / "told").iterdir())
    assert 0 < len(written) < 29
    assert all(json.loads(path.read_text())["kind"] == "long_term_ratio" for path in written)


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
