"""``doctor`` and ``locate``: what is well, what is not, and that looking changes nothing."""

from __future__ import annotations

import json
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from kingtui.commands import doctor
from kingtui.commands.check_access import access
from kingtui.commands.checks import Finding, Patient
from kingtui.home import Home, HomeLock
from kingtui.models import KingError, WrongUse
from kingtui.redaction import hidden
from kingtui.settings import Settings
from tests.commands.shell import kingtui


def examined(folder: Path, *arguments: object, **more: str) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """The exit code, and the findings by check."""
    run = kingtui("doctor", "--json", *arguments, folder=folder, **({"KINGTUI_PORT": "0"} | more))
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(run.stdout):
        found.setdefault(finding.pop("check"), []).append(finding)
    return run.returncode, found


def test_a_fresh_place_is_well_and_stays_fresh(tmp_path: Path) -> None:
    code, found = examined(tmp_path, "--home", tmp_path / "king")
    assert code == 0
    verdicts = {check: [finding["verdict"] for finding in findings] for check, findings in found.items()}
    assert verdicts.pop("SQLite") == ["well" if sqlite3.sqlite_version_info >= (3, 51, 3) else "note"]
    assert verdicts.pop("sources") == ["note"]
    assert set(map(tuple, verdicts.values())) == {("well",)}
    assert "6f327246b50388f3" in found["recogniser"][0]["text"]
    assert not (tmp_path / "king").exists()


def test_what_is_wrong_is_found_with_a_remedy(tmp_path: Path) -> None:
    home = tmp_path / "king"
    Home(home).create()
    home.chmod(0o755)
    (home / "kingtui.db").write_bytes(b"no database" * 100)
    (home / "downloads" / "notes.txt").touch()
    (home / "downloads" / "list.csv").touch()
    (home / "downloads" / "a.jpg.part").touch()
    (home / "downloads" / "link.jpg").symlink_to("/etc/hostname")
    (home / "downloads" / "chart.jpg").touch()  # waits for step 2: none of doctor's business
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        more = {"KINGTUI_PORT": port, "KINGTUI_INBOX": str(tmp_path / "none"), "KINGTUI_PROT": "1"}
        code, found = examined(tmp_path, "--home", home, **(more | {"KINGTUI_MIN_FREE_DISK": "1000TB"}))
    assert code == 1
    ill = {check for check, findings in found.items() if any(finding["verdict"] == "ill" for finding in findings)}
    assert ill == {"disk", "database", "quarantine", "sources"}
    assert found["home"][0]["remedy"] == f"chmod 700 {home}"
    assert "did you mean KINGTUI_PORT?" in found["settings"][0]["text"]
    assert f"port {port}" in found["API"][0]["text"]
    left_alone = "\n".join(finding["text"] for finding in found["downloads"])
    for name in ("notes.txt", "list.csv", "a.jpg.part", "link.jpg"):
        assert name in left_alone
    assert "2 files are left alone: not one of" in left_alone
    assert "chart.jpg" not in left_alone


@pytest.mark.slow
def test_an_owner_whose_api_does_not_answer_is_ill(tmp_path: Path) -> None:
    home = tmp_path / "king"
    home.mkdir(0o700)
    with HomeLock(Home(home), mode="headless") as lock:
        lock.update(address="http://127.0.0.1:1")
        code, found = examined(tmp_path, "--home", home)
    assert code == 1
    assert found["API"][0]["verdict"] == "ill"
    assert "headless mode" in found["owner"][0]["text"]


@pytest.mark.slow
def test_the_lines_are_for_people(tmp_path: Path) -> None:
    run = kingtui("doctor", "--home", tmp_path / "king", folder=tmp_path)
    lines = run.stdout.splitlines()
    assert {line[0] for line in lines if line.strip()} <= {"✓", "!", "✗", " "}
    assert any(line.startswith("✓ recogniser") for line in lines)
    assert any(line.strip().startswith("→ ") for line in lines)


def test_a_check_that_breaks_is_told_of_and_the_others_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden.add(["sk-most-secret"])

    async def broken(patient: Patient) -> list[Finding]:
        raise TypeError("no: sk-most-secret")

    monkeypatch.setattr(doctor, "CHECKS", (("first", broken), ("access", access)))
    assert not doctor.examine(Settings(home=tmp_path / "king"), as_json=True)
    first, second = json.loads(capsys.readouterr().out)
    assert first["verdict"] == "ill"
    assert first["text"] == "this check broke, TypeError: no: ••••"
    assert first["remedy"]
    assert (second["check"], second["verdict"]) == ("access", "well")


def test_locate_lists_every_setting_with_its_source(tmp_path: Path) -> None:
    run = kingtui("locate", "--json", "--home", tmp_path / "king", "--demo", folder=tmp_path, KINGTUI_BATCH="7")
    places = json.loads(run.stdout)
    assert run.returncode == 0
    assert places.keys() == {"paths", "settings files", "settings"}
    settings = {row["name"]: (row["value"], row["remark"]) for row in places["settings"]}
    assert len(settings) == len(Settings.model_fields)
    assert settings["KINGTUI_BATCH"] == ("7", "environment")
    assert settings["KINGTUI_HOME"] == (str(tmp_path / "king" / "demo"), "flag --home, its demo")
    assert not (tmp_path / "king").exists()


@pytest.mark.parametrize(
    ("settings", "verdict", "said"),
    [
        ({}, "well", "whoever works on this machine may use it"),
        ({"require_token": True}, "well", "whoever shows a token may use it"),
        ({"host": "0.0.0.0", "insecure": True}, "note", "everybody who reaches 0.0.0.0 may do everything"),
        ({"host": "0.0.0.0", "jwt_key": "k" * 32}, "note", "0.0.0.0 is reached without TLS"),
    ],
)
async def test_who_may_use_the_api(tmp_path: Path, settings: dict[str, Any], verdict: str, said: str) -> None:
    (finding,) = await access(Patient(Settings(home=tmp_path / "king", **settings), Home(tmp_path / "king")))
    assert finding.verdict == verdict
    assert said in finding.text
    assert not (tmp_path / "king").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"host": "0.0.0.0"}, "can be reached by other machines"),
        ({"host": "no.such.host.invalid"}, "the address of KINGTUI_HOST no.such.host.invalid is not known"),
        ({"jwt_key": "short"}, "KINGTUI_JWT_KEY has 5 bytes"),
        ({"certfile": "/none.pem"}, "KINGTUI_CERTFILE is set and KINGTUI_KEYFILE is not"),
    ],
)
async def test_what_would_stop_the_start_is_found(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongUse if "invalid" not in said else KingError, match=said):
        await access(Patient(Settings(home=tmp_path / "king", **settings), Home(tmp_path / "king")))
