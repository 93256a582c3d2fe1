"""Every setting of kingtui: what there is (``fields``) and where the values come from (``loading``)."""

from kingtui.settings.chats import chats_of
from kingtui.settings.fields import Provenance, Settings, SettingsFile, SettingSource, allowed, variable
from kingtui.settings.keymap import keymap_of
from kingtui.settings.loading import load_settings
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
