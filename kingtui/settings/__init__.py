"""Every setting of kingtui: what there is (``fields``) and where the values come from (``loading``)."""

from kingtui.settings.fields import Provenance, Settings, SettingsFile, SettingSource, allowed, variable
from kingtui.settings.keymap import keymap_of
from kingtui.settings.loading import load_settings

__all__ = [
    "Provenance",
    "SettingSource",
    "Settings",
    "SettingsFile",
    "allowed",
    "keymap_of",
    "load_settings",
    "variable",
]
