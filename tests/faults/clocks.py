"""A clock that runs and can be set."""

from datetime import datetime, timedelta

from kingtui.clock import SystemClock


class SetClock(SystemClock):
    """The machine's clock, ``ahead`` seconds of it. ``set`` moves the time of day alone, as ntpd or a person does;
    ``skip`` moves both its times: so much has passed."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._skipped = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        return super().monotonic() + self._skipped

    def set(self, seconds: float) -> None:
        """Set the time of day forward, or back where negative."""
        self._ahead += seconds

    def skip(self, seconds: float) -> None:
        """Let time pass."""
        self._ahead += seconds
        self._skipped += seconds
