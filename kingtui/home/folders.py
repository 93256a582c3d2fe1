"""The folders of a home. Only paths are made here; ``create`` makes the folders themselves."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kingtui.home.files import TEMPORARY
from kingtui.models import Kind, KingError


@dataclass(frozen=True, slots=True)
class Home:
    """The home at ``root``, which becomes absolute with its links resolved. Raises KingError for a loop of links."""

    root: Path

    def __post_init__(self) -> None:
        try:
            root = self.root.expanduser().resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise KingError(f"{self.root} cannot be the home: {error}") from error
        object.__setattr__(self, "root", root)

    @property
    def downloads(self) -> Path:
        """New pictures, at its top level."""
        return self.root / "downloads"

    @property
    def unknown(self) -> Path:
        """Pictures that are no known chart."""
        return self.sorted_folder(Kind.UNKNOWN)

    @property
    def duplicates(self) -> Path:
        """Pictures that repeat another."""
        return self.downloads / "Duplicates"

    @property
    def quarantine(self) -> Path:
        """Pictures that cannot be handled."""
        return self.downloads / "Quarantine"

    @property
    def reports(self) -> Path:
        """Professional reports, one folder a day."""
        return self.downloads / "MD Reports"

    @property
    def analysed(self) -> Path:
        """Pictures after step 4, one folder a kind."""
        return self.root / "imagesanalysed"

    @property
    def mdfiles(self) -> Path:
        """Analyses that wait for step 5."""
        return self.root / "mdfiles"

    @property
    def history(self) -> Path:
        """The archive, one folder a day."""
        return self.root / "HistoryData"

    @property
    def logs(self) -> Path:
        """One log per run."""
        return self.root / "logs"

    @property
    def log_file(self) -> Path:
        """The log of everything."""
        return self.root / "orchestrator.log"

    @property
    def database(self) -> Path:
        """The state."""
        return self.root / "kingtui.db"

    @property
    def env_file(self) -> Path:
        """The settings."""
        return self.root / ".env"

    @property
    def choices_file(self) -> Path:
        """What was chosen in the dashboard and shall be so at the next start."""
        return self.root / "dashboard.json"

    @property
    def api_secret(self) -> Path:
        """What this user's own commands and dashboards show to the API."""
        return self.root / ".api-secret"

    @property
    def api_certificate(self) -> Path:
        """The certificate that the API shows, where it speaks TLS, for this user's own commands to trust."""
        return self.root / ".api-certificate.pem"

    @property
    def token_key(self) -> Path:
        """What tokens are signed with, where no key is set."""
        return self.root / ".token-key"

    @property
    def lock_file(self) -> Path:
        """Locked by the process that owns the home; says who that is."""
        return self.root / ".lock"

    @property
    def telegram(self) -> Path:
        """Telegram's sessions, which are accounts: for the user alone. It may not exist yet."""
        return self.root / "telegram"

    @property
    def cache(self) -> Path:
        """What libraries keep for themselves; may be removed at any time."""
        return self.root / ".cache"

    def sorted_folder(self, kind: Kind) -> Path:
        """Where step 2 puts pictures of a kind."""
        return self.downloads / kind.folder

    def analysed_folder(self, kind: Kind) -> Path:
        """Where step 4 puts pictures of a kind."""
        return self.analysed / kind.folder

    def report_folder(self, day: date) -> Path:
        """The reports of a day (UTC). It may not exist yet."""
        return self.reports / day.strftime("%Y-%m-%d")

    def history_folder(self, day: date) -> Path:
        """The archive of a day (UTC). It may not exist yet."""
        return self.history / day.strftime("%Y-%m-%d")

    def folders(self) -> list[Path]:
        """Every folder that is always there, parents first."""
        charts = [kind for kind in Kind if kind is not Kind.UNKNOWN]
        return [
            self.root,
            self.downloads,
            *(self.sorted_folder(kind) for kind in Kind),
            self.duplicates,
            self.quarantine,
            self.reports,
            self.analysed,
            *(self.analysed_folder(kind) for kind in charts),
            self.mdfiles,
            self.history,
            self.logs,
            self.cache,
        ]

    def create(self) -> None:
        """Make what is missing; a new root is for its user alone (0700).

        Raises KingError naming the path and the reason where a folder cannot be made or written to, where something
        else has its name, or where it is a link that leads out of the home.
        """
        if not os.path.exists(self.root):  # noqa: PTH110 (Path.exists raises where it may not look)
            self._make(self.root.parent)
        for folder in self.folders():
            self._make(folder, mode=0o700 if folder == self.root else 0o777)
            if not folder.resolve().is_relative_to(self.root):
                raise KingError(f"{folder} is a link that leads out of the home: move the whole home there instead")
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                raise KingError(f"{folder} cannot be written to: {_why_not(folder)}")

    @staticmethod
    def _make(folder: Path, mode: int = 0o777) -> None:
        try:
            folder.mkdir(mode=mode, parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            blocker = next((path for path in (folder, *folder.parents) if os.path.lexists(path)), folder)
            raise KingError(f"{folder} cannot be made: {blocker} is not a folder") from error
        except OSError as error:
            raise KingError(f"{folder} cannot be made: {error.strerror}") from error

    def relative(self, path: Path) -> str:
        """A path in the home as the store and the API know it: relative to the root, with ``/``.

        Takes relative paths as relative to the root already. Raises KingError where it is not in the home.
        """
        whole = Path(os.path.normpath(self.root / path))
        if not whole.is_relative_to(self.root):
            raise KingError(f"{path} is not in the home {self.root}")
        return whole.relative_to(self.root).as_posix()

    def inside(self, path: Path) -> Path:
        """Where a path in the home really is, every link in it followed. Raises KingError where that leads out."""
        try:
            real = (self.root / path).resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise KingError(f"{path} cannot be followed: {error}") from error
        if not real.is_relative_to(self.root):
            raise KingError(f"{path} leads out of the home {self.root}")
        return real

    def sweep(self) -> int:
        """Remove the unfinished files of writes that a killed process left, and say how many. For the owner only."""
        days = [day for folder in (self.reports, self.history) for day in folder.iterdir() if day.is_dir()]
        left = [path for folder in self.folders() + days for path in folder.glob(f"{TEMPORARY}*.tmp")]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def free_disk(self) -> int:
        """Bytes that can still be written, to the nearest folder that exists. Raises KingError."""
        folder = next(path for path in (self.root, *self.root.parents) if path.exists())
        try:
            return shutil.disk_usage(folder).free
        except OSError as error:
            raise KingError(f"the free space of {folder} is not known: {error.strerror}") from error


def _why_not(folder: Path) -> str:
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return "its file system is read-only"
    return f"its owner and mode ({folder.stat().st_mode & 0o7777:04o}) do not let this user"
