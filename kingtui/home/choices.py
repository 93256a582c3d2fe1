"""What was chosen in the dashboard, such as its theme, kept in the home over restarts."""

from __future__ import annotations

import json
import logging

from kingtui.home.files import write_text
from kingtui.home.folders import Home
from kingtui.models import KingError, WrongUse

log = logging.getLogger("kingtui.home")

_MOST_BYTES = 262_144
MOST = 50
LONGEST = 200
"""Letters of a name and of a value: all together are read again, however they are written."""


def read_choices(home: Home) -> dict[str, str]:
    """Every choice by its name. A file that cannot be read or is no such file counts as none, and is told of."""
    try:
        with home.choices_file.open("rb") as file:
            found = json.loads(file.read(_MOST_BYTES))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read and is left out of account: %s", home.choices_file, error)
        return {}
    pairs = found.items() if isinstance(found, dict) else ()
    return {name: value for name, value in pairs if isinstance(value, str)}


def write_choice(home: Home, name: str, value: str) -> None:
    """Keep a choice beside the others. Raises WrongUse where it would not be read again, KingError."""
    for text in (name, value):
        if len(text) > LONGEST or not text.isprintable():
            raise WrongUse(f"the choice {name[:40]!r} is none: at most {LONGEST} letters are allowed")
    choices = read_choices(home) | {name: value}
    if len(choices) > MOST:
        raise WrongUse(f"the choice {name!r} is one too many: at most {MOST} are kept")
    try:
        write_text(home.choices_file, json.dumps(choices, indent=2, sort_keys=True) + "\n")
    except OSError as error:
        raise KingError(f"{home.choices_file} cannot be written: {error.strerror or error}") from error
