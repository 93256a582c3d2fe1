"""Writes and moves that are whole or not at all, and that never take the place of another file unasked."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from enum import StrEnum
from pathlib import Path

_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES})
"""Answers of file systems without hard links, or to a user who may not link the file (``fs.protected_hardlinks``)."""


TEMPORARY = ".kingtui-"
"""How the names of files begin that are being written; a killed process may leave some."""


class Moved(StrEnum):
    """What ``finish_move`` found."""

    MOVED = "moved"
    """It was not finished, and is now."""
    ALREADY = "already"
    """It was finished before."""
    MISSING = "missing"
    """The file is at neither place."""


def write_bytes(path: Path, data: bytes, *, replace: bool = True, mode: int = 0o666) -> None:
    """Write a file so that at any moment, even after a power cut, ``path`` has the old content or all of the new.

    Makes the folder if need be. ``mode`` is reduced by the umask. Raises FileExistsError where ``path`` exists and
    ``replace`` is false, OSError for the rest (a full disk, …); then nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            temporary.replace(path)
            _sync_folder(path.parent)
        else:
            move(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str, *, replace: bool = True, mode: int = 0o666) -> None:
    """``write_bytes`` of the text in UTF-8."""
    write_bytes(path, text.encode(), replace=replace, mode=mode)


def move(source: Path, target: Path) -> None:
    """Move a file to a name that is free.

    The new name is on the disk before the old one goes, so that a power cut leaves one of them or both, never none.
    Raises FileExistsError where ``target`` exists, FileNotFoundError where ``source`` does not, OSError for the rest.
    Without hard links the check and the rename are two steps: only another program that makes just this name in
    between could lose a file. To another file system it is a copy.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.EXDEV:
            _copy(source, target)
        elif error.errno in _NO_LINKS:
            _rename(source, target)
            return
        else:
            raise
    _sync_folder(target.parent)
    source.unlink()


def finish_move(source: Path, target: Path, sha256: str | None = None) -> Moved:
    """Complete a move that may have been interrupted anywhere, or never begun; repeating it does no harm.

    With the hash of the content, a file at either place counts only if it is that file. Raises FileExistsError where
    the source waits but another file has taken the target, OSError as ``move``.
    """
    at_source, at_target = os.path.lexists(source), os.path.lexists(target)
    if at_source and at_target:
        if source.lstat().st_ino == target.lstat().st_ino and source.lstat().st_dev == target.lstat().st_dev:
            source.unlink()
            return Moved.MOVED
        if sha256 and _is(target, sha256):  # the source, whatever it is, came later
            return Moved.ALREADY
        if sha256 and not _is(source, sha256):
            return Moved.MISSING
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(source), None, str(target))
    if at_target:
        return Moved.ALREADY if sha256 is None or _is(target, sha256) else Moved.MISSING
    if at_source and (sha256 is None or _is(source, sha256)):
        move(source, target)
        return Moved.MOVED
    return Moved.MISSING


def _rename(source: Path, target: Path) -> None:
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    source.rename(target)
    _sync_folder(target.parent)


def _copy(source: Path, target: Path) -> None:
    times = source.stat()
    write_bytes(target, source.read_bytes(), replace=False)
    os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))


def _is(path: Path, sha256: str) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:  # some network file systems sync no folders
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
    finally:
        os.close(descriptor)
