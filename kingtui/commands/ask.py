"""``status``, ``data``, ``report``, ``history``, ``trigger``: asked of the home's owner, else read from the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from kingtui.commands.output import say, write_json
from kingtui.home import Home, owner
from kingtui.models import STEPS, KingError, NotFound, symbol_of
from kingtui.settings import Settings

Answer = Mapping[str, Any]
"""JSON data in the shape of the API's route of that name."""


class Answers(Protocol):
    """Whoever can tell of a home."""

    async def status(self) -> Answer: ...

    async def history(
        self, *, limit: int = 100, before: int | None = None, step: int | None = None, status: str | None = None
    ) -> Answer: ...

    async def data(self, symbol: str) -> Answer: ...

    async def report(self, symbol: str) -> Answer: ...


def show_status(settings: Settings, *, as_json: bool) -> None:
    """Print the steps, health and counts."""
    answer = _ask(settings, lambda answers: answers.status())
    if as_json:
        write_json(answer)
    else:
        from kingtui.commands.show import print_status

        print_status(answer)


def show_data(settings: Settings, symbol: str, *, as_json: bool) -> None:
    """Print a symbol's record. Raises WrongUse, NotFound."""
    name = symbol_of(symbol)
    try:
        answer = _ask(settings, lambda answers: answers.data(name))
    except NotFound as error:
        raise NotFound(f"{error}: no picture in {settings.home} says anything about {name}") from None
    if as_json:
        write_json(answer)
    else:
        from kingtui.commands.show import print_data

        print_data(answer)


def show_report(settings: Settings, symbol: str, *, as_json: bool) -> None:
    """Print a symbol's latest report; its Markdown as it is, where standard output is no terminal.

    Raises WrongUse, NotFound.
    """
    name = symbol_of(symbol)
    try:
        answer = _ask(settings, lambda answers: answers.report(name))
    except NotFound as error:
        raise NotFound(f"{error} for {name} in {settings.home}") from None
    if as_json:
        write_json(answer)
    else:
        from kingtui.commands.show import print_report

        print_report(answer, Home(settings.home))


def show_history(settings: Settings, *, limit: int, step: int | None, status: str | None, as_json: bool) -> None:
    """Print the last runs, the newest at the end. Raises WrongUse."""
    answer = _ask(settings, lambda answers: answers.history(limit=limit, step=step, status=status))
    if as_json:
        write_json(answer)
    else:
        from kingtui.commands.show import print_history

        print_history(answer)


def trigger_step(settings: Settings, step: int, *, as_json: bool) -> None:
    """Ask the owner for a run. Raises KingError where nothing runs."""
    home = Home(settings.home)
    held_by = owner(home)
    if held_by is None:
        raise KingError(f"nothing runs in {home.root}: kingtui run {step} runs step {step} once")
    from kingtui.commands.owner import owner_api

    async def ask() -> Answer:
        async with owner_api(home, held_by) as api:
            return await api.trigger(step)

    answer = asyncio.run(ask())
    if as_json:
        write_json(answer)
    else:
        say(f"step {step} ({STEPS[step - 1].name}) was asked for: run {answer['run_id']}")


def _ask(settings: Settings, question: Callable[[Answers], Awaitable[Answer]]) -> Answer:
    async def ask() -> Answer:
        async with _whoever_knows(settings) as answers:
            return await question(answers)

    return asyncio.run(ask())


@asynccontextmanager
async def _whoever_knows(settings: Settings) -> AsyncIterator[Answers]:
    home = Home(settings.home)
    held_by = owner(home)
    if held_by is not None and held_by.address is not None:
        from kingtui.commands.owner import owner_api

        async with owner_api(home, held_by) as api:
            yield api
    else:
        from kingtui.commands.stored import stored

        async with stored(settings) as reader:
            yield reader
