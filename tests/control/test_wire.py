"""What Control carries comes back as it went, over JSON text, whatever it is."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kingtui.control.wire import ADMINISTERING, EVENTS, METHODS, READING, TRIGGERING, Unreadable, dump, load
from kingtui.events import Event, Notice, RunStarted, SymbolUpdated
from kingtui.models import Run, RunStatus, Status, WrongUse
from tests.control.values import values

few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize("name", EVENTS)
@few
@given(data=st.data())
def test_every_event_comes_back_as_it_went(name: str, data: st.DataObject) -> None:
    event = data.draw(values(EVENTS[name]))
    carried = json.loads(json.dumps(dump(event), allow_nan=False))
    assert load(EVENTS[name], carried) == event


@pytest.mark.parametrize("name", METHODS)
@few
@given(data=st.data())
def test_every_answer_and_every_argument_comes_back_as_it_went(name: str, data: st.DataObject) -> None:
    method = METHODS[name]
    result = data.draw(values(method.result))
    assert method.load_result(method.dump_result(result)) == result
    optional = [name for name in method.arguments if name not in method.required]
    given_ones = [*method.required, *(data.draw(st.sets(st.sampled_from(optional))) if optional else ())]
    arguments = {known: data.draw(values(method.arguments[known])) for known in given_ones}
    assert method.load_arguments(method.dump_arguments(arguments)) == arguments


def test_the_names_on_the_wire_are_those_of_the_contract() -> None:
    assert {
        "run_requested", "run_started", "run_progressed", "run_finished", "picture_arrived", "picture_staged",
        "symbol_updated", "report_written", "health_changed", "pause_changed", "restarted", "notice", "logged",
        "missed",
    } <= set(EVENTS)  # fmt: skip
    assert all(issubclass(found, Event) for found in EVENTS.values())


def test_moments_have_their_offset_and_enums_are_their_values() -> None:
    run = Run(1, 2, RunStatus.RUNNING, "manual", NOW)
    carried = dump(RunStarted(run))["run"]
    assert (carried["status"], carried["requested_at"]) == ("running", "2026-03-04T05:06:07+00:00")
    assert carried["started_at"] is None


def test_a_field_of_a_newer_version_is_left_out_and_a_missing_one_is_told_of() -> None:
    assert load(SymbolUpdated, {"symbol": "BTC", "colour": "red"}) == SymbolUpdated("BTC")
    with pytest.raises(Unreadable, match=r"^symbol: Field required$"):
        load(SymbolUpdated, {})
    with pytest.raises(Unreadable, match=r"^severity: Input should be 'information', 'warning' or 'error'$"):
        load(Notice, {"text": "a", "severity": "loud"})


def test_every_method_was_judged_and_what_changes_nothing_may_be_read() -> None:
    assert set(METHODS) == READING | TRIGGERING | ADMINISTERING
    assert {name for name, method in METHODS.items() if method.scope == "admin"} == ADMINISTERING
    assert METHODS["status"].scope == "read"
    assert METHODS["status"].result is Status
    assert METHODS["retry"].scope == "trigger"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "trigger: args: Field required"),
        (b"[]", "trigger: Input should be an object"),
        (b'{"args": {}}', "trigger: args.step: Field required"),
        (b'{"args": {"step": "one"}}', "trigger: args.step: Input should be a valid integer, .*"),
        (b'{"args": {"step": 1, "now": true}}', "trigger: args.now: Extra inputs are not permitted"),
        (b'{"args": {"step": 1e400}}', "trigger: args.step: Input should be a finite number"),
        (b'{"args": {"step": 9999999999999999999}}', "trigger: args.step is 9999999999999999999…: at most .*"),
        (b'{"args": {"step": ' + b"9" * 5000 + b"}}", "trigger: .*"),
        (b'{"args": {"step": 1}', "trigger: Invalid JSON: .*"),
        (b"\xff\x00", "trigger: Invalid JSON: .*"),
        (b'{"args": ' + b"[" * 100_000, "trigger: .*"),
    ],
)
def test_a_wrong_question_gets_a_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(WrongUse) as caught:
        METHODS["trigger"].load_arguments(body)
    assert re.fullmatch(sentence, str(caught.value)), str(caught.value)


def test_bytes_are_base64_and_nothing_else() -> None:
    method = METHODS["add_picture"]
    body: dict[str, Any] = json.loads(method.dump_arguments({"name": "a.jpg", "data": b"\xff\xfe\xfd"}))
    assert body == {"args": {"name": "a.jpg", "data": "//79"}}
    with pytest.raises(WrongUse, match="this is no base64"):
        method.load_arguments(b'{"args": {"name": "a.jpg", "data": "\\u00e4"}}')


def test_a_question_without_arguments_needs_no_body() -> None:
    assert METHODS["pause"].load_arguments(b"") == {}
