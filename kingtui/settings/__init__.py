"""Every setting of kingtui: ``fields`` what there is, ``telling`` it in words, ``loading`` where its value is from."""

from kingtui.settings.chats import chats_of
from kingtui.settings.fields import Settings
from kingtui.settings.keymap import keymap_of
from kingtui.settings.loading import load_settings
from kingtui.settings.telling import Provenance, SettingsFile, SettingSource, allowed, variable
from kingtui.settings.web import hosts_of, origins_of

__all__ = [
    "Provenance",
    "SettingSource",
    "Settings",
    "SettingsFile",
    "allowed",
    "chats_of",
    "hosts_of",
    "keymap_of",
    "load_settings",
    "origins_of",
    "variable",
]
