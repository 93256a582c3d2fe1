"""Which past pictures look like a new one: an index of perceptual hashes, kept in memory.

Charts of a kind have hashes near each other, so trees and tables of parts of a hash leave most of them to compare
anyway. Comparing all of them is simpler and no slower: XOR and population count over one array per kind, 16 bytes a
picture, filled from the store when a kind is first asked for.

The index only names pictures. Whoever asks looks each of them up in the store, so entries that no longer hold (a row
that was removed, sorted anew, or whose transaction failed) cost a look and mislead nobody. None is missing: the fill
takes rows of every stage, and a picture that gets its hash later is noted when step 3 takes it up, before it can be
the original of another.
"""

from __future__ import annotations

import asyncio
from array import array
from dataclasses import dataclass, field
from importlib import import_module

from kingtui.models import Image, Kind
from kingtui.store import images
from kingtui.store.database import Database

LOOK_ALIKE = 8
"""Perceptual hashes that differ in at most so many of 64 bits name a candidate."""
_PAGE = 2_000
"""Rows that are taken from the store at once: some milliseconds of the event loop."""


@dataclass(slots=True)
class _Hashes:
    """The pictures of a kind: hash and row id at the same place."""

    hashes: array[int] = field(default_factory=lambda: array("Q"))
    ids: array[int] = field(default_factory=lambda: array("q"))

    def add(self, image_id: int, phash: str) -> None:
        """Append a picture."""
        self.hashes.append(int(phash, 16))
        self.ids.append(image_id)

    def near(self, image_id: int, phash: str) -> tuple[list[int], bool]:
        """The other pictures within ``LOOK_ALIKE`` bits, nearest first, and whether this one is in with this hash."""
        import numpy as np  # loaded by the fill

        differing = np.bitwise_count(np.frombuffer(self.hashes, np.uint64) ^ np.uint64(int(phash, 16)))
        found = np.flatnonzero(differing <= LOOK_ALIKE)
        ids, differing = np.frombuffer(self.ids, np.int64)[found], differing[found]
        own = ids == image_id
        nearest = dict.fromkeys(ids[np.lexsort((ids, differing))].tolist())
        return [other for other in nearest if other != image_id], bool((differing[own] == 0).any())


class LookAlikes:
    """The index of one home. Asked by one picture at a time, as step 3 does."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kinds: dict[Kind, _Hashes] = {}

    async def near(self, image: Image) -> list[int]:
        """Ids of other pictures of ``image``'s kind within ``LOOK_ALIKE`` bits, nearest first, then oldest first.

        They may have changed since, or be of any stage. From now on ``image`` is in the index itself.
        """
        if image.kind is None or image.phash is None:
            return []
        known = self._kinds.get(image.kind)
        if known is None:
            known = self._kinds[image.kind] = await self._fill(image.kind)
        found, is_in = known.near(image.id, image.phash)
        if not is_in:
            known.add(image.id, image.phash)
        return found

    async def _fill(self, kind: Kind) -> _Hashes:
        await asyncio.to_thread(import_module, "numpy")  # a tenth of a second that the loop need not wait
        known, after = _Hashes(), ("", 0)
        async with self._database.read() as connection:
            while page := await images.hashes(connection, kind, after, _PAGE):
                for phash, image_id in page:
                    known.add(image_id, phash)
                after = page[-1]
        return known
