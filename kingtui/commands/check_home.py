"""Checks of the home and what runs in it. Nothing is made, moved or migrated."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from kingtui.commands.checks import Finding, Patient, as_the_owner_has_it, ill, note, well
from kingtui.home import owner
from kingtui.models import Stage
from kingtui.server import PortBusy, bind
from kingtui.services.telegram.session import wanted
from kingtui.steps.intake import left_alone
from kingtui.store import images
from kingtui.store.database import Database
from kingtui.store.schema import HEAD

NAMED_FILES = 3


async def folders(patient: Patient) -> list[Finding]:
    """The home and its folders: there, ours, and closed to others."""
    home = patient.home
    if not home.root.exists():
        parent = next(path for path in home.root.parents if path.exists())
        if os.access(parent, os.W_OK | os.X_OK):
            return well(f"{home.root} is not there yet: the first start makes it")
        return ill(f"{home.root} is not there and cannot be made: {parent} cannot be written to", _chown(parent))
    for folder in home.folders():
        if folder.exists() and not (folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)):
            return ill(f"{folder} is no folder that can be read and written", _chown(folder))
    mode = stat.S_IMODE(home.root.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return note(f"{home.root} is open to other users (mode {mode:04o})", f"chmod 700 {home.root}")
    return well(f"{home.root}, mode {mode:04o}")


def _chown(path: Path) -> str:
    return f"give {path} to the user who runs kingtui, or name another home with --home or KINGTUI_HOME"


async def disk(patient: Patient) -> list[Finding]:
    """Free space against KINGTUI_MIN_FREE_DISK."""
    free, least = patient.home.free_disk(), patient.settings.min_free_disk
    if free < least:
        return ill(
            f"{free / 1e9:.2f} GB are free, less than {least / 1e9:.2f} GB: step 1 fetches nothing",
            "free some space, or lower KINGTUI_MIN_FREE_DISK",
        )
    return well(f"{free / 1e9:.1f} GB are free")


async def lock(patient: Patient) -> list[Finding]:
    """Whose the home is."""
    held_by = owner(patient.home)
    return well(f"{held_by}" if held_by else "nothing runs in this home")


async def database(patient: Patient) -> list[Finding]:
    """Its schema and its soundness."""
    path = patient.home.database
    if not path.exists():
        return well("there is none yet: the first start makes it")
    store = Database(path, read_only=True)
    try:
        await store.open(datetime.now(UTC))  # a newer schema or no database is a sentence
    finally:
        await store.close()
    return await asyncio.to_thread(_sound, path)


def _sound(path: Path) -> list[Finding]:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
            problems = [row[0] for row in connection.execute("PRAGMA quick_check(3)") if row[0] != "ok"]
    except sqlite3.Error as error:
        return ill(f"{path} cannot be read: {error}", "stop kingtui and restore the newest backup beside it")
    if problems:
        return ill(f"{path} is damaged: {'; '.join(problems)}", "stop kingtui and restore the newest backup beside it")
    if revision != HEAD:
        return note(
            f"schema {revision}, older than this kingtui's {HEAD}", "the next start backs it up and migrates it"
        )
    return well(f"{path.name} is sound, schema {revision}, {path.stat().st_size / 1e6:.1f} MB")


async def downloads(patient: Patient) -> list[Finding]:
    """Files at the top level of downloads that will never be taken, by reason."""
    folder = patient.home.downloads
    if not folder.is_dir():
        return well("nothing is left alone")
    ignored = await asyncio.to_thread(left_alone, folder)
    by_reason = Counter(ignored.values())
    found = []
    for reason, count in by_reason.most_common():
        names = [name for name, why in ignored.items() if why == reason]
        shown = ", ".join(names[:NAMED_FILES]) + (", …" if count > NAMED_FILES else "")
        files = "1 file is" if count == 1 else f"{count} files are"
        found += note(f"{files} left alone: {reason} ({shown})", f"take what is no picture out of {folder}")
    return found or well("no file is left alone")


async def quarantine(patient: Patient) -> list[Finding]:
    """Pictures that no step could handle."""
    home = patient.home
    if not home.database.exists():
        return well("empty")
    store = Database(home.database, read_only=True)
    await store.open(datetime.now(UTC))
    try:
        async with store.read() as connection:
            count = (await images.counts(connection)).get(Stage.QUARANTINED, 0)
    finally:
        await store.close()
    if not count:
        return well("empty")
    return note(
        f"{count} {'picture is' if count == 1 else 'pictures are'} in {home.quarantine}",
        "kingtui history --status failed and the run's log say why; retry it in the dashboard, or take it away",
    )


async def sources(patient: Patient) -> list[Finding]:
    """Where step 1 pulls from."""
    chosen = patient.settings
    if chosen.demo:
        return well("painted demo charts")
    if chosen.inbox is None and wanted(chosen):
        return well("Telegram")
    if chosen.inbox is None:
        if (await as_the_owner_has_it(patient, "telegram", ""))[0].text:
            return well("Telegram, of the running kingtui")
        return note(
            f"none: only pictures that are dropped into {patient.home.downloads} are taken",
            "connect Telegram, or name a folder as KINGTUI_INBOX whose pictures are copied in",
        )
    if not (chosen.inbox.is_dir() and os.access(chosen.inbox, os.R_OK | os.X_OK)):
        return ill(f"the inbox {chosen.inbox} is no folder that can be read", "make it, or correct KINGTUI_INBOX")
    return well(f"inbox {chosen.inbox}")


async def api(patient: Patient) -> list[Finding]:
    """Whether the owner's API answers; without an owner, whether its port is free."""
    chosen, held_by = patient.settings, owner(patient.home)
    if held_by is None:
        if not chosen.api:
            return well("switched off")
        try:
            for bound in bind(chosen.host, chosen.port):
                bound.close()
        except PortBusy as error:
            return note(str(error))
        return well(f"{chosen.host} port {chosen.port} is free" if chosen.port else f"{chosen.host}, any free port")
    if held_by.address is None:
        return note(f"{held_by}", "start it with --api, and on a free port, to let programs ask it")
    from kingtui.commands.owner import owner_api

    async with owner_api(patient.home, held_by) as asked:
        health = await asked.health()
    if health["reasons"]:
        return note(f"{held_by.address} answers: {health['health']}, {'; '.join(map(str, health['reasons']))}")
    return well(f"{held_by.address} answers: {health['health']}")
