"""Which pictures ``kingtui read`` takes: files, folders, patterns, standard input; and what it never writes over."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from kingtui.commands.pictures import Picture, Unreadable, find_pictures, is_single
from kingtui.commands.read import Wanted, read_pictures
from kingtui.models import WrongUse


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "b.jpg",
        "a.PNG",
        "notes.txt",
        "a.explained.png",
        "deep/er/c.webp",
        "deep/.d.jpg",
        ".no/e.jpg",
        "[x].jpg",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*asked: str) -> list[str]:
    return [str(picture.path) for picture in find_pictures([Path(name) for name in asked])[0]]


def test_a_folder_gives_its_pictures_and_no_copies(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(".") == ["[x].jpg", "a.PNG", "b.jpg", "deep/er/c.webp"]
    assert capsys.readouterr().err == "left out, as explained copies: a.explained.png\n"
    assert found("a.explained.png", "b.jpg") == ["b.jpg"]
    assert find_pictures([Path("a.explained.png")]) == ([], 1)


def test_patterns_that_no_shell_expanded(here: Path) -> None:
    assert found("*.jpg") == ["[x].jpg", "b.jpg"]
    assert found("**/*.webp") == ["deep/er/c.webp"]
    assert found(str(here / "d*")) == [str(here / "deep/er/c.webp")]
    assert found("?.*") == ["a.PNG", "b.jpg"]
    assert found("notes.*") == ["notes.txt"]  # named by a pattern is named


def test_a_file_of_just_that_name_is_no_pattern(here: Path) -> None:
    assert found("[x].jpg") == ["[x].jpg"]
    assert found("[b].jpg") == ["b.jpg"]


def test_each_once_in_the_order_of_asking(here: Path) -> None:
    assert found("b.jpg", "*.PNG", "./b.jpg", "deep", "a.PNG") == ["b.jpg", "a.PNG", "deep/er/c.webp"]


def test_what_leads_to_nothing_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "none").mkdir()
    pictures, nothing = find_pictures([Path("*.gif"), Path("none"), Path("b.jpg")])
    assert ([picture.name for picture in pictures], nothing) == (["b.jpg"], 2)
    assert capsys.readouterr().err.splitlines() == [
        "*.gif: nothing matches this pattern",
        "none: there is no picture in this folder",
    ]


def test_only_one_named_file_is_a_single_one(here: Path) -> None:
    assert is_single([Path("b.jpg")])
    assert is_single([Path("-")])
    assert is_single([Path("[x].jpg")])
    for asked in (["deep"], ["*.PNG"], ["b.jpg", "b.jpg"]):
        assert not is_single([Path(name) for name in asked])


def test_standard_input_is_no_terminal(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    with pytest.raises(WrongUse, match="pipe one in"):
        find_pictures([Path("-")])


def test_standard_input_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kingtui.commands.pictures.MAX_BYTES", 10)
    for size, whole in ((10, True), (11, False)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x" * size)))
        if whole:
            assert Picture(Path("-")).read() == b"x" * size
        else:
            with pytest.raises(Unreadable, match="more than 10 bytes"):
                Picture(Path("-")).read()


@pytest.mark.parametrize(
    ("asked", "wanted", "said"),
    [
        (["a.PNG", "deep/../a.jpg"], Wanted(explain=True), "would both be written to"),
        (["a.PNG", "other/a.jpg"], Wanted(explain=True, out=Path("told")), "would both be written to told/a.json"),
        (["a.PNG", "told/a.json"], Wanted(out=Path("told")), "written over told/a.json, which is to be read too"),
        (["a.PNG", "link.jpg"], Wanted(explain=True), "written over a.explained.png, which is to be read too"),
    ],
)
def test_nothing_is_written_over_a_picture(here: Path, asked: list[str], wanted: Wanted, said: str) -> None:
    (here / "link.jpg").symlink_to(here / "a.explained.png")
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    with pytest.raises(WrongUse, match=said):
        read_pictures([Path(name) for name in asked], wanted)
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before
    assert not (here / "told").exists()
