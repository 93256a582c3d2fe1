"""RemoteControl against the Control that it asks: the same answers, the same errors, the same events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from kingtui.client.doors import HomeDoor
from kingtui.client.remote import RemoteControl
from kingtui.commands.headless import task_spawner
from kingtui.control import Control
from kingtui.control.wire import METHODS
from kingtui.events import Event, Missed, Notice, PictureArrived, RunFinished, SymbolUpdated
from kingtui.home import Home
from kingtui.models import KingError, NotFound, Stage, WrongUse
from kingtui.runtime import Runtime
from tests.world import at_rest, ratio_chart, ratio_picture, running, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROW = ratio_chart(1, rows=8, short_term=True).rows[0]


@contextlib.asynccontextmanager
async def attached(home: Home) -> AsyncIterator[RemoteControl]:
    remote = RemoteControl(HomeDoor(home))
    async with task_spawner() as spawn:
        await remote.start(spawn)
        await until(lambda: remote.attachment is not None and remote.attachment.lost is None, "the connection")
        yield remote
        await remote.stop()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def runtime(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Runtime]:
    async with running(tmp_path_factory.mktemp("home"), api=True, port=0) as found:
        (found.home.downloads / "chart.jpg").write_bytes(ratio_picture(1, rows=8, short_term=True))
        await until(lambda: list(found.home.reports.rglob(f"report_{ROW.symbol}_*.md")), "a report")
        await at_rest(found)
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def remote(runtime: Runtime) -> AsyncIterator[RemoteControl]:
    async with attached(runtime.home) as found:
        yield found


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("history", {"limit": 5, "step": 2}),
        ("run", {"run_id": 1}),
        ("run_log", {"run_id": 1}),
        ("symbol_history", {"symbol": ROW.symbol, "limit": 10}),
        ("report", {"symbol": ROW.symbol}),
        ("reports", {"beginning": ROW.symbol[:1]}),
        ("report_days", {}),
        ("report_text", {"report_id": 1}),
        ("images", {"stages": [Stage.EXTRACTED]}),
        ("image_counts", {}),
        ("picture", {"image_id": 1}),
        ("preview", {"image_id": 1, "width": 64, "height": 32}),
        ("picture_marks", {"image_id": 1}),
        ("settings", {}),
        ("services", {}),
        ("choices", {}),
    ],
)
async def test_it_answers_what_is_answered_there(
    remote: RemoteControl, runtime: Runtime, name: str, arguments: dict[str, Any]
) -> None:
    there = await getattr(runtime.control, name)(**arguments)
    here = await getattr(remote.control, name)(**arguments)
    assert METHODS[name].dump_result(here) == METHODS[name].dump_result(there)
    assert here == there or name == "picture"  # its reading is JSON data: lists here, tuples there
    assert type(here) is type(there)


async def test_what_changes_by_the_moment_is_the_same_but_for_it(remote: RemoteControl, runtime: Runtime) -> None:
    there, here = await runtime.control.status(), await remote.control.status()
    assert replace(here, at=there.at) == there
    known, got = await runtime.control.data(ROW.symbol), await remote.control.data(ROW.symbol)
    assert replace(got, computed_at=known.computed_at) == known
    assert got.flat() == known.flat()
    page = await remote.control.symbol_page(sort="updated", descending=True, limit=3)
    assert [item.symbol for item in page.items] == [
        item.symbol for item in (await runtime.control.symbol_page(sort="updated", descending=True, limit=3)).items
    ]
    assert (await remote.control.logs(5))[0].text


@pytest.mark.parametrize(
    ("name", "arguments", "kind"),
    [
        ("data", {"symbol": "NOPE"}, NotFound),
        ("data", {"symbol": "../.."}, WrongUse),
        ("trigger", {"step": 9}, WrongUse),
        ("picture", {"image_id": 2**62}, NotFound),
        ("symbol_page", {"limit": 10**6}, WrongUse),
        ("history", {"status": "maybe"}, WrongUse),
        ("add_picture", {"name": "a.txt", "data": b"text"}, WrongUse),
    ],
)
async def test_it_refuses_what_is_refused_there_in_the_same_words(
    remote: RemoteControl, runtime: Runtime, name: str, arguments: dict[str, Any], kind: type[KingError]
) -> None:
    sentences = []
    for control in (runtime.control, remote.control):
        with pytest.raises(kind) as caught:
            await getattr(control, name)(**arguments)
        sentences.append(str(caught.value))
    assert sentences[0] == sentences[1]


async def test_what_is_done_here_is_done_there_and_heard_of_here(remote: RemoteControl, runtime: Runtime) -> None:
    async with remote.control.events() as events:
        heard = asyncio.create_task(_until(events, lambda event: isinstance(event, SymbolUpdated)))
        path = await remote.control.add_picture("other.jpg", ratio_picture(2, rows=8))
        assert path == "downloads/other.jpg"
        found = await asyncio.wait_for(heard, 60)
    assert any(isinstance(event, PictureArrived) and event.name == "other.jpg" for event in found)
    assert any(isinstance(event, RunFinished) and event.run.step == 2 for event in found)
    assert not any(isinstance(event, Missed) for event in found)
    await remote.control.pause()
    assert (await runtime.control.status()).paused
    await remote.control.resume()
    await remote.control.choose("theme.full", "kingfisher-light")
    assert (await runtime.control.choices())["theme.full"] == "kingfisher-light"
    await at_rest(runtime)


async def _until(events: Any, wanted: Any) -> list[Event]:
    found: list[Event] = []
    async for event in events:
        found.append(event)
        if wanted(event):
            break
    return found


async def test_choices_may_be_kept_here(runtime: Runtime, tmp_path: Path) -> None:
    remote = RemoteControl(HomeDoor(runtime.home), keeps=Home(tmp_path))
    await remote.control.choose("theme.full", "nord")
    assert await remote.control.choices() == {"theme.full": "nord"}
    assert (await runtime.control.choices()).get("theme.full") != "nord"
    await remote.stop()


async def test_a_method_that_is_none_is_an_error_of_the_program(remote: RemoteControl) -> None:
    with pytest.raises(AttributeError):
        remote.nothing  # noqa: B018


async def test_an_api_that_is_stopped_from_here_answers_first_and_is_found_again(tmp_path: Path) -> None:
    async with running(tmp_path, api=True, port=0) as runtime, attached(runtime.home) as remote:
        async with remote.control.events() as events:
            await remote.control.set_api(False)
            await until(lambda: runtime.address is None, "its end")
            await until(lambda: remote.attachment is not None and remote.attachment.lost is not None, "the loss")
            with pytest.raises(KingError, match="cannot be asked"):
                await remote.control.status()
            await runtime.control.set_api(True)
            await until(lambda: remote.attachment is not None and remote.attachment.lost is None, "the connection")
            assert remote.attachment is not None
            assert remote.attachment.address == runtime.address
            await asyncio.wait_for(_until(events, lambda event: isinstance(event, Missed)), 10)
        assert (await remote.control.status()).api_address == runtime.address


async def test_another_version_is_told_of_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kingtui.control.local.__version__", "9.9.9")
    async with running(tmp_path, api=True, port=0) as runtime, attached(runtime.home) as remote:
        async with remote.control.events() as events:
            await remote.control.status()
            await remote.control.status()
            remote.bus.post(Missed(7))
            heard = await _until(events, lambda event: event == Missed(7))
        told = [event.text for event in heard if isinstance(event, Notice) and "9.9.9" in event.text]
        assert len(told) == 1
        assert "what it shows is kingtui 9.9.9" in told[0]


async def test_remote_is_a_control_in_the_eyes_of_a_face(remote: RemoteControl) -> None:
    control: Control = remote.control
    assert (await control.status()).home
