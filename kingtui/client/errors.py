"""What can go wrong with a question. All are KingError; what is not there or wrongly asked is NotFound or WrongUse."""

from __future__ import annotations

from kingtui.models import KingError, NotFound, WrongUse


class Unreachable(KingError):
    """No answer came. ``safe``: asking again can do no harm, whatever became of the question."""

    def __init__(self, text: str, *, safe: bool = True) -> None:
        super().__init__(text)
        self.safe = safe


class Refused(KingError):
    """An answer came, and it is no. ``status`` and ``code`` are those of the API, such as 403 and ``forbidden``."""

    def __init__(self, text: str, status: int, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        """Seconds after which it may be asked again, where the API said so."""

    @property
    def for_good(self) -> bool:
        """Whether asking again in the same way is in vain."""
        return self.status in (401, 403)


def refusal(status: int, code: str, text: str, retry_after: float | None) -> KingError:
    """The error of an answer that is none: the API's sentence, in the class that fits."""
    if status == 404:
        return NotFound(text)
    if status in (400, 405, 409, 413, 415, 422):
        return WrongUse(text)
    return Refused(text, status, code, retry_after)
