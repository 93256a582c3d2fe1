"""The edge of the command line: what a command raises becomes a sentence on standard error and an exit code.

Importing this does nothing and costs nothing: it is the ``__main__`` that every spawned pool worker imports again.
The commands and their options are in ``commands.command_line``.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from types import TracebackType
from typing import NoReturn


def main() -> NoReturn:
    """Run the command that the arguments name. Exit codes: 0 well, 1 failed work, 2 wrong use."""
    gc.set_threshold(100_000, 10, 10)  # what is loaded at the start is no garbage: looking for some costs 0.1 s
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # to look for plugins takes longer than to do without
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed by whoever started us
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.excepthook = _broken
    try:
        try:
            from kingtui.commands.command_line import app

            app(prog_name="kingtui")
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # here, where a reader that has gone can still be told from other troubles
    except OSError as error:
        _discard_output()
        if error.errno != errno.EPIPE:
            _say(f"{error.filename or 'the output'} cannot be read or written: {error.strerror or error}")
        sys.exit(1)
    except Exception as error:
        from kingtui.models import KingError, WrongUse

        if not isinstance(error, KingError):
            raise
        _say(str(error))
        sys.exit(2 if isinstance(error, WrongUse) else 1)
    sys.exit(0)


def _broken(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What Python tells of an error that nobody caught, without secrets."""
    import traceback

    from kingtui.redaction import hide

    if sys.stderr is not None:
        sys.stderr.write(hide("".join(traceback.format_exception(kind, error, trace))))


def _say(text: str) -> None:
    from kingtui.commands.output import say

    say(text)


def _discard_output() -> None:
    """Let what is still buffered go nowhere, or the interpreter would try to write it once more at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    if sys.stdout is not None:
        os.dup2(null, sys.stdout.fileno())
