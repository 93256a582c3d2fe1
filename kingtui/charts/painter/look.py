"""How the charts look: colours and sizes, measured in the pixels of originals of their canonical size."""

from __future__ import annotations

from typing import Final

Colour = tuple[int, int, int]

PAGE: Final[Colour] = (45, 55, 82)
TEXT: Final[Colour] = (148, 156, 177)
"""Titles, labels and legend of the map."""

EXCHANGE_PALETTE: Final[tuple[Colour, ...]] = (
    (145, 204, 117),
    (250, 200, 88),
    (238, 102, 102),
    (115, 192, 222),
    (59, 162, 114),
    (252, 132, 82),
)
"""The legend's colours in order; with fewer exchanges the later ones are not used."""
EXCHANGE_ORDER: Final[tuple[str, ...]] = ("binance", "bitfinex", "bitget", "bitmex", "bybit", "okx")
SHORT_SERIES: Final[Colour] = (154, 96, 180)
LONG_SERIES: Final[Colour] = (234, 124, 204)
"""Both curves are drawn in the long series' pink; the legend alone shows the short one's purple."""
LONG_SHADE: Final[Colour] = (255, 0, 0)
SHORT_SHADE: Final[Colour] = (0, 116, 0)
SHADE_OPACITY: Final = 0.1
PRICE_LINE: Final[Colour] = (104, 168, 104)
AXIS: Final[Colour] = (110, 112, 121)
TICK: Final[Colour] = (125, 132, 150)

GREEN_BAR: Final[tuple[Colour, Colour, Colour]] = ((26, 77, 26), (45, 138, 45), (60, 168, 60))
RED_BAR: Final[tuple[Colour, Colour, Colour]] = ((139, 0, 0), (200, 0, 0), (255, 0, 0))
"""Left end, middle and right end of each side of a ratio bar."""
RATIO_TEXT: Final[Colour] = (255, 255, 255)
UP_BOX: Final[Colour] = (148, 41, 41)
UP_ARROW: Final[Colour] = (235, 128, 124)
DOWN_BOX: Final[Colour] = (44, 105, 63)
DOWN_ARROW: Final[Colour] = (138, 196, 154)

HEAT_STOPS: Final[tuple[tuple[float, Colour], ...]] = (
    (0.0, PAGE),
    (0.2, (37, 80, 105)),
    (0.5, (27, 128, 152)),
    (0.58, (50, 120, 136)),
    (0.65, (84, 109, 99)),
    (0.8, (88, 36, 141)),
    (0.88, (110, 43, 119)),
    (1.0, (133, 55, 89)),
)
"""Strength of a band and its colour: teal, a grey green, purple, and red for the strongest."""
HEAT_TEXT: Final[Colour] = (79, 195, 247)
HEAT_FRAME: Final[Colour] = (83, 95, 121)
RISING: Final[Colour] = (0, 204, 83)
FALLING: Final[Colour] = (252, 50, 68)

RSI_BANDS: Final[tuple[tuple[float, Colour, str], ...]] = (
    (80, (122, 39, 55), "Overbought"),
    (60, (85, 32, 48), "Strong"),
    (40, PAGE, "Neutral"),
    (20, (38, 60, 37), "Weak"),
    (0, (47, 79, 38), "Oversold"),
)
"""Lower edge, colour and word of each band, from the top."""
RSI_DOTS: Final[tuple[tuple[float, Colour], ...]] = (
    (60, (210, 84, 86)),
    (40, (212, 166, 87)),
    (20, (118, 174, 90)),
    (0, (72, 100, 172)),
)
"""Least RSI and colour of a dot."""
RSI_LABEL: Final[Colour] = (222, 224, 231)
WORD_OPACITY: Final = 0.32
WATERMARK_OPACITY: Final = 0.085
