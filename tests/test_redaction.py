"""No secret is shown: each secret setting, in every writing, wherever text comes out."""

from __future__ import annotations

import base64
import html
import json
import logging
import re
import subprocess
import sys
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from pydantic import SecretStr

from kingtui.api.errors import error_response
from kingtui.events import EventBus, Notice
from kingtui.home import Home
from kingtui.logs import Logs
from kingtui.models import KingError
from kingtui.redaction import HIDDEN, Secrets, hidden
from kingtui.settings import Settings
from kingtui.settings.telling import is_secret
from kingtui.steps.items import sentence

SECRET_FIELDS = sorted(name for name, info in Settings.model_fields.items() if is_secret(info))
VALUES = {"notify_urls": "tgram://123456789:AAsecretToken/-100200300, mailto://me:p%40ss w'o\"rd@mail.example.org"}


def value_of(field: str) -> str:
    return VALUES.get(field, f"redis://:pass-{field}@localhost/0" if "storage" in field else f"s3cret/{field}+ü&=é\"'")


def settings_with(field: str) -> Settings:
    return Settings.model_construct(**{field: SecretStr(value_of(field))})


def writings(value: str) -> list[str]:
    data = value.encode()
    return [
        value, quote(value), quote(value, safe=""), quote_plus(value), repr(value), json.dumps(value),
        json.dumps(value, ensure_ascii=False), html.escape(value), base64.b64encode(data).decode(),
        *(base64.b64encode(user + b":" + data).decode() for user in (b"", b"u", b"us", b"user")),
        quote(value, safe="!$&'()*+,;=:@/~"), re.sub("%..", lambda found: found[0].lower(), quote(value, safe="")),
        repr(data), repr(f"Authorization: Bearer {value}".encode()), ascii(value), repr({"key": value}),
        json.dumps(json.dumps({"key": value})), repr(repr([value])), str(Markup("<b>{}</b>").format(value)),
        base64.urlsafe_b64encode(b"user:" + data + b":more").decode(), f"https://x.example/?key={quote(value)}&a=b",
    ]  # fmt: skip


@pytest.mark.parametrize("field", SECRET_FIELDS)
def test_each_secret_setting_is_hidden_in_every_writing(field: str) -> None:
    secrets = Secrets()
    secrets.add(settings_with(field).secrets())
    value = value_of(field)
    clear = {value, *(text for text in writings(value))}
    for text in writings(value):
        shown = secrets.hide(f"before {text} after")
        assert shown.startswith("before ")
        assert shown.endswith(" after")
        assert HIDDEN in shown, text
        assert not any(writing in shown for writing in clear)


def test_parts_of_an_address_are_hidden_and_its_host_is_not() -> None:
    secrets = Secrets()
    secrets.add([VALUES["notify_urls"], "redis://:hunter22@cache.example.org:6379/0"])
    said = "mail.example.org refused AAsecretToken for chat, cache.example.org said hunter22 is wrong"
    shown = secrets.hide(said)
    assert "AAsecretToken" not in shown
    assert "hunter22" not in shown
    assert "mail.example.org refused" in shown
    assert "cache.example.org said" in shown


@given(value=st.text(min_size=6, max_size=40))
def test_in_whatever_way_it_was_quoted_it_is_not_found(value: str) -> None:
    try:
        data = value.encode()
    except UnicodeEncodeError:
        return
    secrets = Secrets()
    secrets.add([value])
    quoted = (repr(value)[1:-1], ascii(value)[1:-1], json.dumps(value)[1:-1], repr(data)[2:-1], quote(value), value)
    for text in quoted:
        assert secrets.hide(f"<{text}>") == f"<{HIDDEN}>", text


def test_no_text_takes_long_and_a_key_is_hidden_line_by_line() -> None:
    secrets = Secrets()
    pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nQDxYkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n"
    secrets.add([pem, r"a\\b\c" + "'" * 9, "\\" * 30])
    began = time.perf_counter()
    secrets.hide(("a" + "\\" * 5_000 + "'") * 20)
    assert time.perf_counter() - began < 2
    shown = secrets.hide("\n".join(f"  | {line}" for line in pem.splitlines()))
    assert "MIIE" not in shown
    assert "QDxY" not in shown
    assert "BEGIN PRIVATE KEY" in shown


@given(value=st.text(min_size=6, max_size=40), before=st.binary(max_size=9), after=st.binary(max_size=9))
def test_within_base64_of_anything_a_secret_is_not_found(value: str, before: bytes, after: bytes) -> None:
    try:
        data = value.encode()
    except UnicodeEncodeError:
        return
    secrets = Secrets()
    secrets.add([value])
    assert HIDDEN in secrets.hide(base64.b64encode(before + data + after).decode())


def test_nothing_that_comes_out_shows_it(tmp_path) -> None:
    secret = "tok/en+4711 ü"
    hidden.add([secret])
    home = Home(tmp_path / "home")
    home.create()
    with Logs(home) as logs:
        try:
            raise RuntimeError(f"https://x/?t={quote(secret)}")
        except RuntimeError:
            logging.getLogger("kingtui.x").exception("%s failed", {"key": secret})
        shown = home.log_file.read_text() + "".join(entry.text for entry in logs.entries())
    bus = EventBus()
    events = bus.subscribe()
    bus.post(Notice(f"401 for {secret}", "error"))
    shown += "".join(str(event) for event in events._waiting.values())
    shown += sentence(KingError(secret), 1) + sentence(ValueError(secret), 1)
    shown += bytes(error_response(503, f"no {secret}").body).decode()
    assert "tok" not in shown
    assert shown.count(HIDDEN) >= 6


def test_an_error_that_nobody_caught_is_told_without_it(tmp_path) -> None:
    script = (
        "import kingtui.commands.doctor as d\n"
        "def broken(*a, **k): raise RuntimeError('no: ' + 'pat-very-secret')\n"
        "d.examine = broken\n"
        "from kingtui.cli import main\nimport sys\nsys.argv=['kingtui','doctor']\nmain()"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False,
        env={"HOME": str(tmp_path), "AIRTABLE_API_KEY": "pat-very-secret", "KINGTUI_HOME": str(tmp_path / "k")},
    )  # fmt: skip
    assert run.returncode == 1
    assert "RuntimeError: no: ••••" in run.stderr
    assert "pat-very-secret" not in run.stderr
