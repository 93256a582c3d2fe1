"""The home: its folders, the names in it, writes and moves that survive a crash, and the lock that says whose it is."""

from kingtui.home.access import make_secret, make_token_key, own_secret, publish_certificate, trust
from kingtui.home.choices import read_choices, write_choice
from kingtui.home.files import Moved, finish_move, move, write_bytes, write_text
from kingtui.home.folders import Home
from kingtui.home.lock import HomeLock, HomeOwned, Owner, owner
from kingtui.home.names import clean_name, free_name

__all__ = [
    "Home",
    "HomeLock",
    "HomeOwned",
    "Moved",
    "Owner",
    "clean_name",
    "finish_move",
    "free_name",
    "make_secret",
    "make_token_key",
    "move",
    "own_secret",
    "owner",
    "publish_certificate",
    "read_choices",
    "trust",
    "write_bytes",
    "write_choice",
    "write_text",
]
