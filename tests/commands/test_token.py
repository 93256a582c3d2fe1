"""``kingtui token``, where nothing runs and beside a running kingtui."""

import json
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from kingtui.commands.token import end_token, lifetime_of, make_token, show_tokens
from kingtui.home import Home, owner
from kingtui.models import NotFound, WrongUse
from kingtui.settings import Settings
from tests.commands.shell import kingtui
from tests.faults.process import Process
from tests.guard.served import bearer, ed25519_pair


def token(*arguments, home, **more):
    return kingtui("token", *arguments, "--home", home, folder=home.parent, **more)


@pytest.mark.slow
def test_a_token_is_printed_once_listed_and_revoked_in_a_service_that_runs(tmp_path):
    home = tmp_path / "home"
    before = token("create", "--name", "made before", home=home)
    assert before.returncode == 0, before.stderr
    with Process(home, require_token=True) as service:
        address = owner(Home(home)).address
        made = token("create", "--name", "bot", "--scope", "read,trigger", "--expires", "2h", home=home)
        assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", made.stdout), made.stderr
        text = made.stdout.strip()
        assert text not in made.stderr
        token_id = re.search(r"token (\w{16}) for bot counts until", made.stderr)[1]
        assert httpx.post(f"{address}/trigger/3", headers=bearer(text)).status_code == 200
        assert httpx.post(f"{address}/restart", headers=bearer(text)).status_code == 403
        assert httpx.get(f"{address}/status", headers=bearer(before.stdout.strip())).status_code == 200
        listed = json.loads(token("list", "--json", home=home).stdout)["tokens"]
        assert [(row["name"], row["scopes"]) for row in listed] == [
            ("made before", ["read"]), ("bot", ["read", "trigger"])
        ]  # fmt: skip
        assert listed[1]["last_used"] == f"{datetime.now(UTC):%Y-%m-%d}"
        expires = datetime.fromisoformat(listed[1]["expires"])
        assert timedelta(hours=1.9) < expires - datetime.now(UTC) < timedelta(hours=2)
        ended = token("revoke", token_id, home=home)
        assert (ended.returncode, ended.stderr) == (0, f"token {token_id} of bot counts no more\n")
        assert httpx.get(f"{address}/status", headers=bearer(text)).status_code == 401
        assert service.home.root.joinpath("kingtui.db").stat().st_mode & 0o077 == 0
    assert token("revoke", listed[0]["id"], home=home).returncode == 0
    shown = token("list", home=home).stdout
    assert "made before" in shown
    assert text not in shown
    with Process(home, require_token=True):
        address = owner(Home(home)).address
        for old in (text, before.stdout.strip()):
            assert httpx.get(f"{address}/status", headers=bearer(old)).status_code == 401


def test_a_token_that_was_made_elsewhere_can_be_revoked(tmp_path, capsys):
    settings = Settings(home=tmp_path)
    show_tokens(settings, as_json=False)
    assert capsys.readouterr().err == "there is no token: kingtui token create --name NAME makes one\n"
    end_token(settings, "their-id-4711", as_json=False)
    assert capsys.readouterr().err == "token their-id-4711 which was not made here, counts no more\n"
    show_tokens(settings, as_json=True)
    (row,) = json.loads(capsys.readouterr().out)["tokens"]
    assert (row["id"], row["name"], row["scopes"]) == ("their-id-4711", "", [])
    assert row["revoked"]
    show_tokens(settings, as_json=False)
    shown = capsys.readouterr().out
    assert "signed" in shown  # in a narrow terminal the words stand on two lines
    assert "elsewhere" in shown


@pytest.mark.parametrize(
    ("name", "scope", "expires", "said"),
    [
        ("x", "write", "1d", "--scope is 'write': read, trigger or admin are allowed"),
        ("x", "", "1d", "--scope is ''"),
        ("x", "read", "never", "--expires is 'never': a number and m, h, d or w"),
        ("x", "read", "999999w", "at most 3650 days"), (" ", "read", "1d", "a token needs a name"),
        ("\x1b]0;x\x07", "read", "1d", "a token needs a name"),
        ("x" * 81, "read", "1d", "a token needs a name of 1 to 80 letters"),
    ],
)  # fmt: skip
def test_wrong_use_gets_a_sentence(tmp_path, capsys, name, scope, expires, said):
    with pytest.raises(WrongUse, match=re.escape(said)) as error:
        make_token(Settings(home=tmp_path), name, scope, expires, as_json=False)
    assert "\x1b" not in str(error.value)
    assert capsys.readouterr().out == ""


def test_what_is_no_id_cannot_be_revoked(tmp_path):
    for wrong in ("\x1b[31m", "x" * 300):
        with pytest.raises(NotFound, match="is no token's id: kingtui token list shows them"):
            end_token(Settings(home=tmp_path), wrong, as_json=False)


def test_who_cannot_sign_says_so(tmp_path, capsys):
    _, public = ed25519_pair()
    (tmp_path / "public.pem").write_bytes(public)
    settings = Settings(home=tmp_path, jwt_algorithm="EdDSA", jwt_public_key_file=tmp_path / "public.pem")
    with pytest.raises(WrongUse, match="tokens are signed elsewhere"):
        make_token(settings, "x", "read", "1d", as_json=False)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("text", "lifetime"),
    [("30m", timedelta(minutes=30)), ("12H", timedelta(hours=12)), ("30d", timedelta(30)), (" 2w ", timedelta(14))],
)
def test_lifetimes(text, lifetime):
    assert lifetime_of(text) == lifetime


@pytest.mark.parametrize("text", ["", "0d", "-1d", "1.5d", "1y", "d", "30", "1d1h", "9999999d"])
def test_no_lifetimes(text):
    with pytest.raises(WrongUse):
        lifetime_of(text)
