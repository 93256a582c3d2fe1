"""Settings: which place wins, what an error says, and that every value's source is known."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import Field, SecretStr, ValidationError

from kingtui.models import WrongUse
from kingtui.settings import Settings, allowed, load_settings, variable


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty environment, a user's home and a current folder of their own."""
    for name in list(os.environ):
        if name.upper().startswith(("KINGTUI_", "TELEGRAM_", "AIRTABLE_", "OPENAI_", "CREDENTIALS_")):
            monkeypatch.delenv(name)
    (tmp_path / "user").mkdir()
    (tmp_path / "cwd").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.chdir(tmp_path / "cwd")
    return tmp_path


class WithKey(Settings):
    """As the settings of an outside service will be."""

    telegram_api_hash: SecretStr | None = Field(default=None, validation_alias="TELEGRAM_API_HASH")
    telegram_api_id: int | None = Field(default=None, validation_alias="TELEGRAM_API_ID")
    pin: SecretStr | None = Field(default=None, min_length=4)


def source(settings: Settings, name: str) -> str:
    return next(row.source for row in settings.sources() if row.name == name)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_defaults_are_those_promised(clean: Path) -> None:
    settings = load_settings(None, {})
    assert settings.home == clean / "user" / ".king_orchestrator"
    assert (settings.host, settings.port, settings.api, settings.rate_limit) == ("localhost", 5555, True, "100/minute")
    assert (settings.monitor_interval, settings.download_interval, settings.report_interval) == (10, 300, 1800)
    assert (settings.step_timeout, settings.item_timeout, settings.batch, settings.watch_buffer) == (300, 60, 100, 1000)
    assert (settings.silence_hours, settings.on_hangup, settings.log_level) == (6, "continue", "info")
    assert (settings.keep_reports, settings.keep_runs, settings.keep_run_logs) == (30, 90, 14)
    assert settings.min_free_disk == 1_000_000_000
    assert settings.workers == len(os.sched_getaffinity(0))
    assert settings.inbox is None
    assert not settings.demo
    assert {row.source for row in settings.sources()} == {"default"}
    assert settings.warnings == ()


PLACES = ("flag", "environment", "secrets", "home", "cwd")


@pytest.mark.parametrize("strongest", range(len(PLACES)))
def test_the_stronger_place_wins(clean: Path, monkeypatch: pytest.MonkeyPatch, strongest: int) -> None:
    home, secrets = clean / "king", clean / "run secrets"
    secrets.mkdir()
    monkeypatch.setenv("KINGTUI_SECRETS_DIR", str(secrets))
    flags = {}
    for number, place in enumerate(PLACES[strongest:], start=strongest):
        port = 1000 + number
        if place == "flag":
            flags = {"port": port}
        elif place == "environment":
            monkeypatch.setenv("KINGTUI_PORT", str(port))
        elif place == "secrets":
            write(secrets / "kingtui_port", f"{port}\n")
        else:
            write((home if place == "home" else clean / "cwd") / ".env", f"KINGTUI_PORT={port}\n")
    settings = load_settings(home, flags)
    assert settings.port == 1000 + strongest
    assert (
        source(settings, "KINGTUI_PORT")
        == [
            "flag --port",
            "environment",
            f"secrets directory {secrets}",
            str(home / ".env"),
            str(clean / "cwd" / ".env"),
        ][strongest]
    )


def test_systemd_credentials_count_after_the_secrets_directory(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(clean / "a" / "KINGTUI_PORT", "1001")
    write(clean / "b" / "kingtui_port", "1002")
    write(clean / "b" / "Kingtui_Host", "127.0.0.1")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(clean / "b"))
    assert load_settings(None, {}).port == 1002
    monkeypatch.setenv("KINGTUI_SECRETS_DIR", str(clean / "a"))
    settings = load_settings(None, {})
    assert (settings.port, settings.host) == (1001, "127.0.0.1")


def test_an_empty_value_is_none(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINGTUI_PORT", "")
    monkeypatch.setenv("KINGTUI_BATCH", "  ")
    write(clean / "king" / ".env", "KINGTUI_PORT=\nKINGTUI_INBOX=\nKINGTUI_BATCH=7\n")
    write(clean / "cwd" / ".env", "KINGTUI_PORT=1234\n")
    settings = load_settings(clean / "king", {"host": None})
    assert (settings.port, settings.inbox, settings.batch, settings.host) == (1234, None, 7, "localhost")


def test_the_home_is_flag_then_environment_then_here_then_the_users(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(clean / "cwd" / ".env", "KINGTUI_HOME=~/from here\n")
    assert load_settings(None, {}).home == clean / "user" / "from here"
    monkeypatch.setenv("KINGTUI_HOME", "relative")
    settings = load_settings(None, {})
    assert settings.home == clean / "cwd" / "relative"
    assert source(settings, "KINGTUI_HOME") == "environment"
    settings = load_settings(clean / "flagged", {})
    assert (settings.home, source(settings, "KINGTUI_HOME")) == (clean / "flagged", "flag --home")


def test_a_demo_has_a_home_and_settings_of_its_own(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(clean / "king" / ".env", "KINGTUI_PORT=1001\n")
    write(clean / "king" / "demo" / ".env", "KINGTUI_BATCH=5\n")
    settings = load_settings(clean / "king", {"demo": True})
    assert (settings.home, settings.port, settings.batch) == (clean / "king" / "demo", 5555, 5)
    assert source(settings, "KINGTUI_HOME") == "flag --home, its demo"
    monkeypatch.setenv("KINGTUI_DEMO", "yes")
    assert load_settings(None, {}).home == clean / "user" / ".king_orchestrator" / "demo"
    assert load_settings(None, {"demo": False}).home == clean / "user" / ".king_orchestrator"


def test_what_chooses_the_home_cannot_stand_in_it(clean: Path) -> None:
    write(clean / "king" / ".env", "KINGTUI_HOME=/elsewhere\nKINGTUI_DEMO=1\nKINGTUI_PORT=1001\n")
    settings = load_settings(clean / "king", {})
    assert (settings.home, settings.demo, settings.port) == (clean / "king", False, 1001)
    assert [text.split(" does nothing")[0] for text in sorted(settings.warnings)] == ["KINGTUI_DEMO", "KINGTUI_HOME"]


def test_started_in_the_home_its_file_is_read_once(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(clean / "king" / ".env", "KINGTUI_PORT=1001\nKINGTUI_PROT=1\n")
    monkeypatch.chdir(clean / "king")
    settings = load_settings(clean / "king", {})
    assert settings.port == 1001
    assert len(settings.files) == len(settings.warnings) == 1


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "abc", "a whole number from 0 to 65535 is allowed"),
        ("PORT", "65536", "a whole number from 0 to 65535 is allowed"),
        ("PORT", "1.5", "a whole number from 0 to 65535 is allowed"),
        ("MONITOR_INTERVAL", "0", "a number of seconds from 0.1 to 604800 is allowed"),
        ("MONITOR_INTERVAL", "nan", "a number of seconds from 0.1 to 604800 is allowed"),
        ("SILENCE_HOURS", "inf", "a number from 0.1 to 8760 is allowed"),
        ("KEEP_RUNS", "-1", "a whole number of days from 1 to 36500 is allowed"),
        ("API", "maybe", "true or false is allowed"),
        ("ON_HANGUP", "ignore", "continue or stop is allowed"),
        ("LOG_LEVEL", "loud", "debug, info, warning or error is allowed"),
        ("HOST", "two words", "a host name or an IP address is allowed"),
        ("RATE_LIMIT", "fast", "a whole number per second, minute, hour or day, such as 100/minute, is allowed"),
        ("MIN_FREE_DISK", "much", "a number of bytes, or one with a unit such as 500MB or 2GB, is allowed"),
        ("INBOX", "~nobody-of-this-name/x", "Could not determine home directory."),
        (
            "KEYMAP",
            "pause=space,quit",
            "'quit' is no binding=key pair such as quit=ctrl+q, several keys as pause=f8|f9",
        ),
        ("KEYMAP", "quit=x,quit=y", "quit is named twice"),
        ("DEMO", "perhaps", "true or false is allowed"),
        (
            "WATCHLIST",
            "BTC,!!",
            "'!!' is not a symbol: 1 to 20 letters and digits are allowed, such as BTC or 1000PEPE",
        ),
        ("AI_BUDGET", "-1", "an amount in US dollars from 0 to 100000 is allowed"),
        ("PRICES", "yes", "off or on is allowed"),
        ("BINANCE_URL", "api.binance.com", "an address such as https://api.example.com is allowed"),
    ],
)
def test_a_wrong_value_names_itself_its_place_and_what_is_allowed(
    clean: Path, name: str, value: str, says: str
) -> None:
    file = write(clean / "cwd" / ".env", f"KINGTUI_{name}='{value}'\n")
    with pytest.raises(WrongUse) as caught:
        load_settings(clean / "king", {})
    assert str(caught.value) == f"KINGTUI_{name} is '{value}' in {file}: {says}"


def test_all_wrong_values_are_told_at_once(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINGTUI_BATCH", "0")
    write(clean / "secrets" / "KINGTUI_WORKERS", "many")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(clean / "secrets"))
    with pytest.raises(WrongUse) as caught:
        load_settings(clean / "king", {"port": -1})
    assert str(caught.value).splitlines() == [
        "KINGTUI_BATCH is '0' in the environment: a whole number from 1 to 10000 is allowed",
        f"KINGTUI_WORKERS is 'many' in the secrets directory {clean}/secrets: a whole number from 1 to 256 is allowed",
        "KINGTUI_PORT is '-1' in the flag --port: a whole number from 0 to 65535 is allowed",
    ]


def test_a_secret_is_never_shown(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_API_HASH", "s3cret-hash")
    settings = load_settings(clean / "king", {}, model=WithKey)
    assert settings.telegram_api_hash is not None
    assert settings.telegram_api_hash.get_secret_value() == "s3cret-hash"
    assert settings.secrets() == ["s3cret-hash"]
    row = next(row for row in settings.sources() if row.name == "TELEGRAM_API_HASH")
    assert (row.value, row.source) == ("••••", "environment")
    assert "s3cret" not in repr(settings) + str(settings.sources()) + settings.model_dump_json()

    monkeypatch.setenv("KINGTUI_PIN", "s3c")
    monkeypatch.setenv("TELEGRAM_API_ID", "x")
    with pytest.raises(WrongUse) as caught:
        load_settings(clean / "king", {}, model=WithKey)
    assert "s3c" not in str(caught.value)
    assert "KINGTUI_PIN is wrong in the environment" in str(caught.value)
    assert "TELEGRAM_API_ID is 'x' in the environment: a whole number is allowed" in str(caught.value)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "AIRTABLE_API_KEY", "KINGTUI_TOKEN"])
def test_a_key_that_no_header_can_carry_is_told_at_the_start(
    clean: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A typographic quote that was copied along; each question would break at it."""
    for value in ("“s3cret-key”", "s3cret\nkey", "s3cret key"):
        monkeypatch.setenv(name, value)
        with pytest.raises(WrongUse, match=f"{name} is wrong in the environment: a .* is allowed") as caught:
            load_settings(clean / "king", {})
        assert "s3cret" not in str(caught.value)
    monkeypatch.setenv(name, " s3cret-key\n")
    assert load_settings(clean / "king", {}).secrets() == ["s3cret-key"]


def test_an_unknown_name_is_told_with_the_nearest(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINGTUI_MONITOR_INTERVALL", "5")
    file = write(clean / "king" / ".env", "KINGTUI_PROT=1\nOTHER_PORT=1\nport=9\nKINGTUI_ZZZ=1\n")
    settings = load_settings(clean / "king", {})
    assert settings.port == 5555
    assert settings.warnings == (
        "KINGTUI_MONITOR_INTERVALL in the environment is no setting: did you mean KINGTUI_MONITOR_INTERVAL?",
        f"KINGTUI_PROT in {file} is no setting: did you mean KINGTUI_PORT?",
        f"KINGTUI_ZZZ in {file} is no setting",
    )


def test_a_line_that_is_no_setting_is_told(clean: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = write(clean / "king" / ".env", "# a remark\nKINGTUI_PORT 1001\nexport KINGTUI_BATCH='7'\n")
    settings = load_settings(clean / "king", {})
    assert (settings.batch, settings.port) == (7, 5555)
    assert settings.warnings == (f"line 2 of {file} is no setting: NAME=value is",)
    assert capfd.readouterr() == ("", "")


def test_a_file_that_others_can_read_is_told(clean: Path) -> None:
    file = write(clean / "king" / ".env", "KINGTUI_PORT=1001\n")
    file.chmod(0o644)
    assert load_settings(clean / "king", {}).warnings == (
        f"{file} can be read by others (mode 0644): chmod 600 keeps its secrets",
    )
    write(file, "SOMEBODY_ELSES=1\n").chmod(0o644)
    assert load_settings(clean / "king", {}).warnings == ()


def test_places_that_cannot_be_read_stop_the_start(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = clean / "king" / ".env"
    file.parent.mkdir()
    file.write_bytes(b"KINGTUI_HOST=\xff\xfe\n")
    with pytest.raises(WrongUse, match=r"the settings file .*/king/\.env cannot be read: it is not UTF-8 text"):
        load_settings(clean / "king", {})
    file.unlink()
    monkeypatch.setenv("KINGTUI_SECRETS_DIR", str(clean / "nowhere"))
    with pytest.raises(WrongUse, match=r"KINGTUI_SECRETS_DIR is '.*/nowhere' in the environment: the path of a folder"):
        load_settings(clean / "king", {})


def test_a_file_without_permission_stops_the_start(clean: Path) -> None:
    file = write(clean / "king" / ".env", "KINGTUI_PORT=1\n")
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("root may read everything")
    with pytest.raises(WrongUse, match="cannot be read: Permission denied"):
        load_settings(clean / "king", {})


def test_the_inbox_lies_outside_the_home(clean: Path) -> None:
    (clean / "king" / "downloads").mkdir(parents=True)
    (clean / "link").symlink_to(clean / "king" / "downloads")
    for inbox in (clean / "king" / "downloads", clean / "link", clean / "king"):
        with pytest.raises(WrongUse, match="KINGTUI_INBOX is .* in the flag --inbox: it lies in the home"):
            load_settings(clean / "king", {"inbox": inbox})
    assert load_settings(clean / "king", {"inbox": "box"}).inbox == clean / "cwd" / "box"


def test_values_in_other_words(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "MIN_FREE_DISK": "2 GB", "API": "Off", "ON_HANGUP": " STOP ", "LOG_LEVEL": "Debug", "HOST": "::1", "port": "0",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"KINGTUI_{name}", value)
    settings = load_settings(None, {})
    assert (settings.min_free_disk, settings.api, settings.on_hangup) == (2_000_000_000, False, "stop")
    assert (settings.log_level, settings.host, settings.port) == ("debug", "::1", 0)


def test_settings_do_not_change_and_take_only_what_they_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINGTUI_PORT", "1001")
    settings = Settings(batch=3)
    assert (settings.port, settings.batch) == (5555, 3)
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Settings(prot=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="no such setting: prot"):
        load_settings(None, {"prot": 1})


def test_every_field_explains_itself() -> None:
    for name, info in Settings.model_fields.items():
        assert info.description, name
        assert allowed(info) != "text", name
        of_a_service = isinstance(info.validation_alias, str)
        assert variable(name, info) == (name.upper() if of_a_service else f"KINGTUI_{name.upper()}")


def test_a_user_without_a_home_folder_is_told_to_name_one(clean: Path) -> None:
    code = (
        "import pathlib\n"
        "from kingtui.settings import load_settings\n"
        "try: load_settings(None, {})\n"
        "except Exception as error: print(type(error).__name__, error)\n"
        "print(load_settings(pathlib.Path('x'), {}).home)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "HOME"}
    done = subprocess.run(
        [sys.executable, "-c", f"import pwd; pwd.getpwuid = lambda uid: {{}}['nobody']\n{code}"],
        env=environment, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "WrongUse there is no home: Could not determine home directory. Name one with --home or KINGTUI_HOME.",
        str(Path.cwd() / "x"),
    ], done.stderr


def test_a_slip_in_the_name_of_a_services_setting_is_told(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRTABLE_TABLE", "Symbols")
    (warning,) = load_settings(None, {}).warnings
    assert warning == "AIRTABLE_TABLE in the environment is no setting: did you mean AIRTABLE_TABLE_NAME?"
