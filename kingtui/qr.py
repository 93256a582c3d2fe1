"""QR codes as text, for a phone to scan from a terminal: ISO/IEC 18004, bytes, level L, versions 1 to 5.

Small enough to be here: the codes are shown, never read, and hold one link. The mask is always the first: readers take
any, and which is best matters on worn paper.
"""

from __future__ import annotations

_CODEWORDS = ((19, 7), (34, 10), (55, 15), (80, 20), (108, 26))
"""Of each version at level L, in one block: for data, and for error correction."""
_FORMAT = 0x77C4
"""Level L and the first mask, with their own error correction."""
QUIET = 2
"""Modules of light around it. The standard wants four; a terminal's own margin and phones make do with two."""
LONGEST = _CODEWORDS[-1][0] - 2


def qr_text(content: str) -> str:
    """The code in half blocks, two modules a character: dark ones are ink on a light ground. ValueError: too long."""
    rows = qr_matrix(content)
    width = len(rows) + 2 * QUIET
    light = [False] * width
    padded = [light] * QUIET + [[False] * QUIET + row + [False] * QUIET for row in rows] + [light] * (QUIET + 1)
    blocks = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
    pairs = zip(padded[0:-1:2], padded[1::2], strict=False)
    return "\n".join("".join(blocks[above, below] for above, below in zip(*pair, strict=True)) for pair in pairs)


def qr_matrix(content: str) -> list[list[bool]]:
    """The modules by row, dark ones true, without a margin. Raises ValueError where the content is too long."""
    data = content.encode()
    fitting = [version for version, (room, _) in enumerate(_CODEWORDS, 1) if len(data) + 2 <= room]
    if not fitting:
        raise ValueError(f"{len(data)} bytes are too many for a QR code: {LONGEST} are the most")
    return _Code(fitting[0], data).dark


class _Code:
    """The matrix as it is filled: what belongs to the frame is not data."""

    def __init__(self, version: int, data: bytes) -> None:
        self.size = 17 + 4 * version
        self.dark = [[False] * self.size for _ in range(self.size)]
        self.frame = [[False] * self.size for _ in range(self.size)]
        self._draw_frame(version)
        self._draw_data(_with_correction(data, *_CODEWORDS[version - 1]))

    def _set(self, x: int, y: int, dark: bool) -> None:
        self.dark[y][x], self.frame[y][x] = dark, True

    def _draw_frame(self, version: int) -> None:
        for place in range(self.size):
            self._set(6, place, place % 2 == 0)
            self._set(place, 6, place % 2 == 0)
        for x, y in ((3, 3), (self.size - 4, 3), (3, self.size - 4)):
            self._draw_square(x, y, reach=4, light={2, 4})
        if version > 1:
            self._draw_square(self.size - 7, self.size - 7, reach=2, light={1})
        self._draw_format()

    def _draw_square(self, x: int, y: int, reach: int, light: set[int]) -> None:
        for dy in range(-reach, reach + 1):
            for dx in range(-reach, reach + 1):
                if 0 <= x + dx < self.size and 0 <= y + dy < self.size:
                    self._set(x + dx, y + dy, max(abs(dx), abs(dy)) not in light)

    def _draw_format(self) -> None:
        last = self.size - 1
        beside = [(8, y) for y in range(6)] + [(8, 7), (8, 8), (7, 8)] + [(x, 8) for x in range(5, -1, -1)]
        apart = [(last - x, 8) for x in range(8)] + [(8, last - 6 + y) for y in range(7)]
        for place in (beside, apart):
            for bit, (x, y) in enumerate(place):
                self._set(x, y, bool(_FORMAT >> bit & 1))
        self._set(8, self.size - 8, True)

    def _draw_data(self, codewords: bytes) -> None:
        bits = (bool(byte >> shift & 1) for byte in codewords for shift in range(7, -1, -1))
        for pair in range(self.size - 1, 0, -2):
            right = pair - 1 if pair <= 6 else pair
            rows = range(self.size) if (right + 1) & 2 else range(self.size - 1, -1, -1)
            for y in rows:
                for x in (right, right - 1):
                    if not self.frame[y][x]:
                        self.dark[y][x] = next(bits, False) ^ ((x + y) % 2 == 0)


def _with_correction(data: bytes, room: int, correction: int) -> bytes:
    bits = 0b0100 << 8 | len(data)
    for byte in data:
        bits = bits << 8 | byte
    filled = (bits << 4).to_bytes(len(data) + 2, "big")  # the end marker makes it whole bytes
    filled += bytes(0xEC if number % 2 == 0 else 0x11 for number in range(room - len(filled)))
    return filled + _remainder(filled, _generator(correction))


def _generator(degree: int) -> bytes:
    """The Reed–Solomon generator polynomial without its leading 1."""
    made = bytearray(degree - 1) + b"\x01"
    root = 1
    for _ in range(degree):
        for place in range(degree):
            made[place] = _times(made[place], root) ^ (made[place + 1] if place + 1 < degree else 0)
        root = _times(root, 2)
    return bytes(made)


def _remainder(data: bytes, generator: bytes) -> bytes:
    rest = bytearray(len(generator))
    for byte in data:
        factor = byte ^ rest[0]
        rest = rest[1:] + b"\x00"
        for place, number in enumerate(generator):
            rest[place] ^= _times(number, factor)
    return bytes(rest)


def _times(x: int, y: int) -> int:
    """A product in the field of 256 elements that QR codes use (x⁸ + x⁴ + x³ + x² + 1)."""
    product = 0
    for shift in range(7, -1, -1):
        product = product << 1 ^ (product >> 7) * 0x11D
        product ^= (y >> shift & 1) * x
    return product
