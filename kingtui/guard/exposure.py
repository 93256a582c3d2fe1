"""Whether the API may be reached as the settings want: from other machines only by those who show a token."""

from __future__ import annotations

from collections.abc import Sequence

from kingtui.guard.hosts import is_loopback
from kingtui.guard.keys import key_is_set
from kingtui.models import WrongUse
from kingtui.settings import Settings


def asks_tokens(settings: Settings, bound: Sequence[str]) -> bool:
    """Whether a request without a token is refused, on these addresses."""
    if settings.require_token or settings.proxy_hops:
        return True
    return not settings.insecure and not all(map(is_loopback, bound))


def check_exposure(settings: Settings, bound: Sequence[str], *, has_tokens: bool) -> None:
    """Raises WrongUse where others can reach these addresses and nobody could show a token, or the words disagree."""
    if settings.insecure and (settings.require_token or settings.proxy_hops):
        other = "KINGTUI_REQUIRE_TOKEN" if settings.require_token else "KINGTUI_PROXY_HOPS"
        raise WrongUse(f"KINGTUI_INSECURE lets everybody do everything, {other} asks for tokens: leave one of them out")
    if all(map(is_loopback, bound)) or settings.insecure or key_is_set(settings) or has_tokens:
        return
    raise WrongUse(
        f"{settings.host} can be reached by other machines, and there is no token that they could show: make one with "
        "kingtui token create --name NAME --scope read, or set KINGTUI_JWT_KEY; --insecure (KINGTUI_INSECURE=true) "
        "lets everybody who can reach it do everything; localhost keeps it to this machine"
    )


def doubts(settings: Settings, bound: Sequence[str]) -> str | None:
    """What a person should know of an address that may be listened on; None where there is nothing."""
    if all(map(is_loopback, bound)):
        return None
    if settings.insecure:
        return f"everybody who reaches {settings.host} may do everything: KINGTUI_INSECURE is set"
    if settings.certfile is None:
        return f"{settings.host} is reached without TLS: tokens and answers can be read on the way"
    return None
