"""Notices to people elsewhere: what is told, once an hour at most, and the loop that sends it."""

from kingtui.notices.loop import Notices, notices_of

__all__ = ["Notices", "notices_of"]
