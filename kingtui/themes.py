"""The themes of our own, and which of them suits a terminal.

Every base colour is one of the 256 that any terminal of today has; greys have R = G = B. The themes for 256 colours
have the derived shades on that palette too, so that nothing is left to the terminal's rounding; the theme for 16 uses
the terminal's own colours, whatever they are set to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from rich.color import Color as RichColor
from rich.color import ColorSystem as Depths
from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from kingtui.models import WrongUse

Depth = Literal["full", "256", "16", "none"]
"""How many colours a terminal shows."""

DARK = Theme(
    name="kingfisher",
    primary="#00afd7",
    secondary="#5f87af",
    accent="#ff8700",
    success="#5faf5f",
    warning="#d7af00",
    error="#ff5f5f",
    foreground="#d0d0d0",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    dark=True,
    variables={
        "border": "#00afd7",
        "border-blurred": "#444444",
        "footer-key-foreground": "#ff8700",
        "block-cursor-blurred-background": "#303030",
        "block-cursor-blurred-text-style": "none",
    },
)
LIGHT = Theme(
    name="kingfisher-light",
    primary="#005f87",
    secondary="#5f87af",
    accent="#af5f00",
    success="#008700",
    warning="#875f00",
    error="#af0000",
    foreground="#262626",
    background="#eeeeee",
    surface="#e4e4e4",
    panel="#dadada",
    dark=False,
    variables={
        "border": "#005f87",
        "border-blurred": "#b2b2b2",
        "footer-key-foreground": "#af5f00",
        "block-cursor-blurred-background": "#d0d0d0",
        "block-cursor-blurred-text-style": "none",
    },
)
SIXTEEN = Theme(
    name="kingfisher-16",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_blue",
    accent="ansi_yellow",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables={
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "border": "ansi_cyan",
        "border-blurred": "ansi_bright_black",
        "primary-muted": "ansi_cyan",
        "footer-key-foreground": "ansi_yellow",
        "foreground-muted": "ansi_default",
        "foreground-disabled": "ansi_bright_black",
        "text-muted": "ansi_default",
        "text-disabled": "ansi_bright_black",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_cyan",
        "scrollbar": "ansi_cyan",
    },
)


_GREY = 8
"""Channels that differ by no more than this are a grey."""
_GREYS = (0, *range(8, 248, 10), 95, 135, 175, 215, 255)
"""Those of the ramp, and of the cube."""


def on_palette(color: Color) -> Color:
    """The nearest of the 256 colours; for a grey, of its greys."""
    red, green, blue = color.rgb
    if max(red, green, blue) - min(red, green, blue) <= _GREY:
        step = min(_GREYS, key=lambda grey: abs(grey - green))
        return Color(step, step, step)
    return Color(*RichColor.from_rgb(red, green, blue).downgrade(Depths.EIGHT_BIT).get_truecolor())


def _for_256(theme: Theme) -> Theme:
    """The theme with every shade derived from its colours on the palette; what is translucent is laid over the
    background first."""
    background = Color.parse(theme.background or "black")
    shades: dict[str, str] = {}
    for name, value in (theme.to_color_system().generate() | theme.variables).items():
        try:
            color = Color.parse(value)
        except ColorParseError:  # a text style, or "auto"
            continue
        if color.a:
            shades[name] = on_palette(background + color).hex
    return Theme(
        name=f"{theme.name}-256", primary=theme.primary, secondary=theme.secondary, accent=theme.accent,
        success=theme.success, warning=theme.warning, error=theme.error, foreground=theme.foreground,
        background=theme.background, surface=theme.surface, panel=theme.panel, dark=theme.dark,
        variables=theme.variables | shades,
    )  # fmt: skip


THEMES = (DARK, LIGHT, _for_256(DARK), _for_256(LIGHT), SIXTEEN)


def checked_theme(name: str | None) -> str | None:
    """The name, where there is such a theme. Raises WrongUse."""
    known = sorted({*BUILTIN_THEMES, *(theme.name for theme in THEMES)})
    if name is not None and name not in known:
        raise WrongUse(f"KINGTUI_THEME is {name!r}: {', '.join(known)} are allowed")
    return name


def depth_of(environ: Mapping[str, str], color_system: str | None) -> Depth:
    """The colours of a terminal whose colour system Rich made out; ``NO_COLOR`` says none."""
    if environ.get("NO_COLOR"):
        return "none"
    depths: dict[str | None, Depth] = {"truecolor": "full", "256": "256"}
    return depths.get(color_system, "16")


def suited(depth: Depth, environ: Mapping[str, str]) -> str:
    """The name of our theme for a terminal; light where ``COLORFGBG`` tells of a light background."""
    if depth in ("16", "none"):
        return SIXTEEN.name
    light = environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")
    name = (LIGHT if light else DARK).name
    return name if depth == "full" else f"{name}-256"


def choice_name(depth: Depth) -> str:
    """Under which name the theme chosen in such a terminal is kept: another terminal may show fewer colours."""
    return f"theme.{depth}"
