"""Draws the browser dashboard's PNG icons, the shapes of ``kingtui/web/icon.svg``: ``python -m tools.icons``."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).parents[1] / "kingtui" / "web"
SHARPER = 8
"""Drawn so many times larger, then scaled down."""
BACKGROUND = "#121212"
LINES = (
    (7, 10.5, 5, 2.2, "#5f87af"), (7, 15, 8.6, 2.2, "#5f87af"), (5, 19, 12, 1.4, "#00afd7"),
    (7, 18, 15.4, 2.2, "#ff8700"), (7, 12, 19, 2.2, "#ff8700"),
)  # fmt: skip
"""From, to, height, width, colour, on a square of 24."""
DIAMOND = ((19, 6.4), (20.9, 8.6), (19, 10.8), (17.1, 8.6))


def icon(size: int, *, corner: float, inset: float) -> Image.Image:
    """A square of ``size`` pixels; ``corner`` rounds it and ``inset`` shrinks what is on it, both in parts of it."""
    large = size * SHARPER
    image = Image.new("RGBA", (large, large), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, large - 1, large - 1), corner * large, fill=BACKGROUND)
    unit = large * (1 - 2 * inset) / 24

    def place(at: float) -> float:
        return inset * large + at * unit

    for left, right, height, width, colour in LINES:
        half = width / 2
        box = (place(left - half), place(height - half), place(right + half), place(height + half))
        draw.rounded_rectangle(box, half * unit, fill=colour)
    draw.polygon([(place(x), place(y)) for x, y in DIAMOND], fill="#d7af00")
    return image.resize((size, size), Image.Resampling.LANCZOS)


def main() -> None:
    """Write every icon."""
    for name, size, corner, inset in (
        ("icon-192", 192, 5 / 24, 0.0), ("icon-512", 512, 5 / 24, 0.0),
        ("icon-maskable-512", 512, 0.0, 0.14), ("icon-180", 180, 0.0, 0.06),
    ):  # fmt: skip
        icon(size, corner=corner, inset=inset).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
