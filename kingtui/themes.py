"""The two themes of our own. Every colour is one of the 256 that any terminal has; greys have R = G = B."""

from __future__ import annotations

from textual.theme import Theme

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
THEMES = (DARK, LIGHT)
