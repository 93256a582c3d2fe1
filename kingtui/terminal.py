"""Being without a terminal."""

from __future__ import annotations

import os


def let_go() -> None:
    """Put nothing in the place of standard input, output and error.

    A terminal that hung up gives errors for ever, and a process beside a dashboard must not write over it.
    """
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    if null > 2:
        os.close(null)
