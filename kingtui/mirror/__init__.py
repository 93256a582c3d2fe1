"""The loop that brings the symbols' newest state to Airtable, through the outbox."""

from kingtui.mirror.loop import Mirror, mirror_of, missing, table_of
from kingtui.mirror.state import MirrorState

__all__ = ["Mirror", "MirrorState", "mirror_of", "missing", "table_of"]
