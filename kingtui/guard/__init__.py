"""The guard of the API: who may ask what, how often and how much. ``Caller`` is who asks, in ``scope["state"]``."""

from kingtui.guard.callers import Caller, needed

__all__ = ["Caller", "needed"]
