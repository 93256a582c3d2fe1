"""The home: folders, guards, names, and writes and moves that lose and overwrite nothing."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kingtui.home import Home, Moved, clean_name, finish_move, free_name, move, write_bytes, write_text
from kingtui.models import Kind, KingError

HASH = sha256(b"picture").hexdigest()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "king ☕ home")
    home.create()
    return home


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("only root may mount")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Folders and guards


def test_create_makes_the_folders_for_the_user_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "new" / "king")
    home.create()
    home.create()
    assert home.root.stat().st_mode & 0o777 == 0o700
    assert names(home.downloads) == [
        "Duplicates", "LiquidationHeatmap", "LiquidationMap", "LongTermRatio", "MD Reports", "Quarantine",
        "RSIHeatmap", "ShortTermRatio", "Unknown",
    ]  # fmt: skip
    assert names(home.root) == [".cache", "HistoryData", "downloads", "imagesanalysed", "logs", "mdfiles"]
    assert home.analysed_folder(Kind.RSI_HEATMAP) == home.root / "imagesanalysed" / "RSIHeatmap"
    assert home.report_folder(date(2026, 1, 2)) == home.root / "downloads" / "MD Reports" / "2026-01-02"
    assert home.history_folder(date(2026, 1, 2)) == home.root / "HistoryData" / "2026-01-02"


def test_create_leaves_the_mode_of_a_root_that_was_there(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    Home(tmp_path).create()
    assert tmp_path.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("blocked", ["king", "king/downloads", "king/downloads/Unknown"])
def test_a_file_in_place_of_a_folder_is_named(tmp_path: Path, blocked: str) -> None:
    path = tmp_path / blocked
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a file")
    with pytest.raises(KingError, match=f"cannot be made: {path} is not a folder"):
        Home(tmp_path / "king").create()


def test_a_read_only_home_is_named(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(KingError, match=f"{small_disk} cannot be written to: its file system is read-only"):
        Home(small_disk).create()
    with pytest.raises(KingError, match=r"small/king cannot be made: Read-only file system"):
        Home(small_disk / "king").create()


def test_a_home_of_somebody_else_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("root may write everywhere")
    with pytest.raises(KingError, match=r"cannot be written to: its owner and mode \(0500\) do not let this user"):
        Home(tmp_path).create()
    with pytest.raises(KingError, match=r"king cannot be made: Permission denied"):
        Home(tmp_path / "king").create()
    with pytest.raises(OSError, match="Permission denied"):
        write_text(tmp_path / "a.md", "x")


def test_the_root_may_be_a_link_but_no_folder_in_it_leads_out(tmp_path: Path) -> None:
    (tmp_path / "big disk").mkdir()
    (tmp_path / "king").symlink_to(tmp_path / "big disk")
    home = Home(tmp_path / "king")
    home.create()
    assert home.root == tmp_path / "big disk"
    (tmp_path / "other").mkdir()
    home.mdfiles.rmdir()
    home.mdfiles.symlink_to(tmp_path / "other")
    with pytest.raises(KingError, match="mdfiles is a link that leads out of the home"):
        home.create()


def test_a_loop_of_links_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(KingError, match="cannot be the home"):
        Home(tmp_path / "a")


def test_links_out_of_the_home_are_not_followed(home: Home, tmp_path: Path) -> None:
    outside = tmp_path / "outside.jpg"
    outside.write_bytes(b"not ours")
    (home.downloads / "out.jpg").symlink_to(outside)
    (home.downloads / "up").symlink_to("../../..")
    (home.unknown / "in.jpg").write_bytes(b"ours")
    (home.downloads / "in.jpg").symlink_to("Unknown/in.jpg")
    (home.downloads / "self").symlink_to("self")
    assert home.inside(home.downloads / "in.jpg") == home.unknown / "in.jpg"
    assert home.inside(Path("downloads/in.jpg")) == home.unknown / "in.jpg"
    for path in (home.downloads / "out.jpg", home.downloads / "up" / "x", Path("/etc/passwd"), Path("../outside.jpg")):
        with pytest.raises(KingError, match="leads out of the home"):
            home.inside(path)
    with pytest.raises(KingError, match="cannot be followed"):
        home.inside(home.downloads / "self")


def test_relative_paths(home: Home) -> None:
    assert home.relative(home.downloads / "ö x.jpg") == "downloads/ö x.jpg"
    assert home.relative(Path("downloads/../mdfiles/a.md")) == "mdfiles/a.md"
    for path in (Path("/etc/passwd"), Path("../x"), Path("downloads/../../x"), home.root.parent):
        with pytest.raises(KingError, match="is not in the home"):
            home.relative(path)


def test_free_disk_counts_where_the_home_will_be(small_disk: Path) -> None:
    assert 0 < Home(small_disk / "not" / "yet").free_disk() <= 64 * 1024


# Names


def test_names_are_cleaned() -> None:
    assert clean_name("BTC map 1.jpg") == "BTC map 1.jpg"
    assert clean_name("a\nb\r\n\tc .jpg") == "a b c.jpg"
    assert clean_name("../../etc/passwd") == "_.._etc_passwd"
    assert clean_name("..\\x\\y.PNG") == "_x_y.PNG"
    assert clean_name("~/.ssh\x00\x1b[31m.jpg") == "_.ssh[31m.jpg"
    assert clean_name("🐋 whale Ω größe.jpeg") == "🐋 whale Ω größe.jpeg"
    assert clean_name("gpj.\u202egif.jpg") == "gpj.gif.jpg"
    assert clean_name("e\u0301.jpg") == "é.jpg"
    for nothing in ("", ".", "..", " ", "~", "...jpg.", "\udcff\n"):
        assert clean_name(nothing).startswith("unnamed")
    assert clean_name(".jpg") == "unnamed.jpg"
    assert clean_name(os.fsdecode(b"\xff\xfe.jpg")) == "unnamed.jpg"


def test_long_names_are_cut_before_the_suffix_between_characters() -> None:
    assert clean_name("a" * 250 + ".jpg") == "a" * 116 + ".jpg"
    assert clean_name("🐋" * 100 + ".jpeg") == "🐋" * 28 + ".jpeg"  # 112 + 5 bytes; a 29th would be 121
    assert len(clean_name("no suffix " * 30).encode()) <= 120
    # Cut to 120 bytes, what was too long for a suffix is one, and the space before it goes too
    assert clean_name("a" * 110 + " .jpg" + "b" * 12) == "a" * 110 + ".jpgbbbbb"


@given(st.text(st.characters(), max_size=300) | st.from_regex(r"[. ~/\\a🐋\n]{0,200}\.[a-z. ]{0,14}"))
def test_a_clean_name_is_a_name_for_a_file(name: str) -> None:
    clean = clean_name(name)
    assert 0 < len(clean.encode()) <= 120
    assert clean.isprintable()
    assert not set(clean) & set("/\\")
    assert clean[0] not in ".~ "
    assert clean[-1] not in ". "
    assert clean_name(clean) == clean


def test_a_taken_name_gets_the_hash_and_then_a_number(tmp_path: Path) -> None:
    got = []
    for _ in range(4):
        path = free_name(tmp_path, "x.jpg", HASH)
        path.touch()
        got.append(path.name)
    short = HASH[:8]
    assert got == ["x.jpg", f"x-{short}.jpg", f"x-{short}-2.jpg", f"x-{short}-3.jpg"]
    assert free_name(tmp_path, "y.jpg", HASH, taken={"y.jpg"}).name == f"y-{short}.jpg"
    (tmp_path / "dangling.jpg").symlink_to("nowhere")
    assert free_name(tmp_path, "dangling.jpg", HASH).name == f"dangling-{short}.jpg"


@given(st.text(max_size=200))
def test_a_free_name_stays_short_and_clean(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    clean = clean_name(name)
    taken = {clean}
    for _ in range(3):
        found = free_name(folder, name, HASH, taken).name
        assert found not in taken
        assert len(found.encode()) <= 120
        assert clean_name(found) == found
        taken.add(found)


# Writes


def test_write_replaces_in_one_step(home: Home) -> None:
    path = home.mdfiles / "a.md"
    write_text(path, "eins ☕\n")
    inode = path.stat().st_ino
    write_text(path, "zwei\n", mode=0o600)
    assert path.read_text() == "zwei\n"
    assert path.stat().st_ino != inode
    assert path.stat().st_mode & 0o777 == 0o600
    assert names(home.mdfiles) == ["a.md"]


def test_write_makes_the_folder_and_obeys_the_umask(home: Home) -> None:
    before = os.umask(0o027)
    try:
        write_bytes(home.reports / "2026-01-02" / "r.md", b"x")
    finally:
        os.umask(before)
    assert (home.reports / "2026-01-02" / "r.md").stat().st_mode & 0o777 == 0o640


def test_write_without_replace_leaves_what_is_there(home: Home) -> None:
    path = home.downloads / "a.jpg"
    write_bytes(path, b"first", replace=False)
    with pytest.raises(FileExistsError):
        write_bytes(path, b"second", replace=False)
    assert path.read_bytes() == b"first"
    assert [name for name in names(home.downloads) if name.startswith(".")] == []


def test_a_full_disk_leaves_the_old_file_and_nothing_else(small_disk: Path) -> None:
    path = small_disk / "a.md"
    write_bytes(path, b"old")
    with pytest.raises(OSError) as caught:
        write_bytes(path, b"x" * 200_000)
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == b"old"
    assert names(small_disk) == ["a.md"]


def test_a_killed_write_leaves_the_old_file_and_is_swept(home: Home) -> None:
    path = home.report_folder(date(2026, 1, 2)) / "r.md"
    write_text(path, "old")
    code = (
        "import os, signal, sys, pathlib, kingtui.home.files as files\n"
        "files.os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "files.write_bytes(pathlib.Path(sys.argv[1]), b'new' * 10_000)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], timeout=30, check=False)
    assert done.returncode == -9
    assert path.read_text() == "old"
    assert len(names(path.parent)) == 2
    (home.downloads / ".somebody.tmp").touch()
    assert home.sweep() == 1
    assert names(path.parent) == ["r.md"]
    assert (home.downloads / ".somebody.tmp").exists()


# Moves


def test_move_takes_no_other_files_place(home: Home) -> None:
    source, target = home.downloads / "a.jpg", home.unknown / "a.jpg"
    source.write_bytes(b"one")
    target.write_bytes(b"two")
    with pytest.raises(FileExistsError):
        move(source, target)
    assert (source.read_bytes(), target.read_bytes()) == (b"one", b"two")
    target.unlink()
    target.symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        move(source, target)
    with pytest.raises(FileNotFoundError):
        move(home.downloads / "b.jpg", home.unknown / "b.jpg")
    move(source, home.history / "2026-01-02" / "a.jpg")
    assert (home.history / "2026-01-02" / "a.jpg").read_bytes() == b"one"
    assert not source.exists()


def test_move_without_hard_links(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "no links here")

    monkeypatch.setattr("os.link", refuse)
    source, target = home.downloads / "a.jpg", home.unknown / "a.jpg"
    source.write_bytes(b"one")
    target.write_bytes(b"two")
    with pytest.raises(FileExistsError):
        move(source, target)
    target.unlink()
    move(source, target)
    assert (source.exists(), target.read_bytes()) == (False, b"one")


def test_move_to_another_file_system(home: Home, small_disk: Path) -> None:
    source, target = home.downloads / "a.jpg", small_disk / "a.jpg"
    source.write_bytes(b"one")
    os.utime(source, (1_700_000_000, 1_700_000_000))
    move(source, target)
    assert (source.exists(), target.read_bytes(), target.stat().st_mtime) == (False, b"one", 1_700_000_000)
    source.write_bytes(b"x" * 200_000)
    with pytest.raises(OSError) as caught:
        move(source, small_disk / "b.jpg")
    assert caught.value.errno == errno.ENOSPC
    assert source.stat().st_size == 200_000
    assert names(small_disk) == ["a.jpg"]


def test_finish_move_from_every_moment_of_a_crash(home: Home) -> None:
    source, target = home.downloads / "a.jpg", home.unknown / "a.jpg"
    source.write_bytes(b"picture")
    assert finish_move(source, target, HASH) is Moved.MOVED
    assert finish_move(source, target, HASH) is Moved.ALREADY
    os.link(target, source)  # killed between the two halves of a move
    assert finish_move(source, target, HASH) is Moved.MOVED
    assert (source.exists(), target.read_bytes()) == (False, b"picture")
    target.unlink()
    assert finish_move(source, target, HASH) is Moved.MISSING
    assert finish_move(source, target) is Moved.MISSING


def test_finish_move_takes_only_the_file_that_is_meant(home: Home) -> None:
    source, target = home.downloads / "a.jpg", home.unknown / "a.jpg"
    source.write_bytes(b"another picture")
    assert finish_move(source, target, HASH) is Moved.MISSING
    target.write_bytes(b"picture")
    assert finish_move(source, target, HASH) is Moved.ALREADY
    assert source.read_bytes() == b"another picture"  # a newer drop of the same name stays
    target.write_bytes(b"somebody else's")
    assert finish_move(source, target, HASH) is Moved.MISSING
    source.write_bytes(b"picture")
    for meant in (HASH, None):
        with pytest.raises(FileExistsError):
            finish_move(source, target, meant)
    source.unlink()
    assert finish_move(source, target, HASH) is Moved.MISSING
    target.unlink()
    target.symlink_to("/etc/passwd")
    assert finish_move(source, target, HASH) is Moved.MISSING


def test_a_kill_between_the_halves_of_a_move_loses_nothing(home: Home) -> None:
    source, target = home.downloads / "a.jpg", home.unknown / "a.jpg"
    source.write_bytes(b"picture")
    code = (
        "import os, signal, sys, pathlib\n"
        "from kingtui.home import move\n"
        "pathlib.Path.unlink = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "move(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(source), str(target)], timeout=30, check=False)
    assert done.returncode == -9
    assert source.exists()
    assert target.exists()
    assert finish_move(source, target, HASH) is Moved.MOVED
    assert (source.exists(), target.read_bytes()) == (False, b"picture")
