"""What can be set: one frozen model, a docstring under every field."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ByteSize, Field, PrivateAttr, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from kingtui.settings.telling import PREFIX, Provenance, SettingsFile, SettingSource, allowed, shown, variable
from kingtui.settings.values import (
    Address,
    Bytes,
    Chats,
    ColumnNames,
    Days,
    Dollars,
    Folder,
    Host,
    Keymap,
    NotifyUrls,
    Rate,
    Seconds,
    Symbols,
    Token,
    lowered,
)
from kingtui.settings.web import Algorithm, File, HostNames, Origins, RateStorage

_CLAIM = "a text of 1 to 255 characters"


def default_home() -> Path:
    """``~/.king_orchestrator``. Raises RuntimeError where the user has no home folder."""
    return Path.home() / ".king_orchestrator"


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(BaseSettings):
    """All settings. A field is set by the variable ``KINGTUI_`` + its name, or by the variable that is its alias.

    Made directly, it takes nothing but its arguments; ``load_settings`` looks at flags, environment and files.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        str_strip_whitespace=True,
        use_attribute_docstrings=True,
        validate_default=False,
        ser_json_inf_nan="null",
    )

    # The home, first: other fields are checked against it
    home: Folder = Field(default_factory=default_home)
    """The folder that holds everything; in a demo the folder ``demo`` in it."""
    demo: bool = False
    """Painted charts as the only source, in a home of their own."""
    secrets_dir: Folder | None = Field(default=None, json_schema_extra={"allowed": "the path of a folder"})
    """A folder with one file per setting, named like the variable. systemd's CREDENTIALS_DIRECTORY counts after it."""

    # Sources
    inbox: Folder | None = Field(default=None, json_schema_extra={"allowed": "the path of a folder"})
    """A folder outside the home whose pictures are copied in; it is never changed. A relative path counts from the
    folder kingtui is started in."""
    silence_hours: float = Field(default=6, ge=0.1, le=8_760)
    """Hours without a picture from a source before health asks for attention."""
    telegram_api_id: int | None = Field(default=None, ge=1, le=2**31 - 1, validation_alias="TELEGRAM_API_ID")
    """The number of your own Telegram application, from https://my.telegram.org. With its hash it turns Telegram on."""
    telegram_api_hash: SecretStr | None = Field(
        default=None, validation_alias="TELEGRAM_API_HASH", json_schema_extra={"allowed": "the hash of an application"}
    )
    """The hash that belongs to ``TELEGRAM_API_ID``."""
    telegram_chats: Chats = Field(
        default="@thekingfisher_liqmap_bot", validation_alias="TELEGRAM_CHATS",
        json_schema_extra={"allowed": "@name, a t.me link or an id, several with commas between,"},
    )  # fmt: skip
    """The chats whose pictures are taken: ``@name``, a ``t.me`` link or an id, several with commas between."""
    telegram_senders: Chats | None = Field(
        default=None, json_schema_extra={"allowed": "@name or an id, several with commas between,"}
    )
    """Whose pictures are taken in these chats: ``@name`` or an id, several with commas between; unset: everybody's."""
    telegram_first_hours: float = Field(default=24, ge=0, le=8_760)
    """How many hours back the first sweep of a chat looks."""
    telegram_dc_id: int | None = Field(default=None, ge=1, le=32_767, validation_alias="TELEGRAM_DC_ID")
    """Number of another MTProto server than Telegram's own, with the three settings that follow."""
    telegram_dc_host: Host | None = Field(
        default=None, validation_alias="TELEGRAM_DC_HOST", json_schema_extra={"allowed": "a host name or an IP address"}
    )
    """Its address."""
    telegram_dc_port: int | None = Field(default=None, ge=1, le=65_535, validation_alias="TELEGRAM_DC_PORT")
    """Its port."""
    telegram_dc_public_key_file: Folder | None = Field(
        default=None, validation_alias="TELEGRAM_DC_PUBLIC_KEY_FILE",
        json_schema_extra={"allowed": "the path of a BEGIN RSA PUBLIC KEY file"},
    )  # fmt: skip
    """A file with its RSA public key, which begins ``BEGIN RSA PUBLIC KEY`` (PKCS #1)."""
    demo_interval: Seconds = 60
    """Seconds between two deliveries of the demo."""
    demo_pictures: int = Field(default=6, ge=1, le=1_000)
    """Pictures in each delivery of the demo."""

    # Steps and triggers
    monitor_interval: Seconds = 10
    """Seconds between two full checks for work that the watchers missed."""
    download_interval: Seconds = 300
    """Seconds from the end of step 1 to its next run by timer."""
    report_interval: Seconds = 1_800
    """Seconds from the end of step 6 to its next run by timer."""
    step_timeout: Seconds = 300
    """Seconds without a finished item after which a run times out."""
    item_timeout: Seconds = 60
    """Seconds that one item may take."""
    batch: int = Field(default=100, ge=1, le=10_000)
    """Items that one run takes at most; where more are due another run follows."""
    watch_buffer: int = Field(default=1_000, ge=1, le=1_000_000)
    """File events kept until they are handled; beyond it the folder is scanned anew."""
    workers: int = Field(default_factory=cores, ge=1, le=256)
    """Processes that read and draw charts; by default one per processor that kingtui may use."""

    # The HTTP API
    api: bool = True
    """Whether the API is served."""
    host: Host = "localhost"
    """Address the API listens on; ``localhost`` is both 127.0.0.1 and ::1."""
    port: int = Field(default=5555, ge=0, le=65_535)
    """Port of the API; 0 takes any free one."""
    certfile: File = None
    """Certificate of the API, as PEM, with those that signed it; with it the API speaks https only."""
    keyfile: File = None
    """Key of that certificate, as PEM without a password."""
    insecure: bool = False
    """Let everybody who can reach the API do everything, on an address that others can reach."""
    require_token: bool = False
    """Ask for a token on this machine's own addresses too."""
    rate_limit: Rate = "100/minute"
    """Requests that one client may make; the home's own programs do not count."""
    rate_limit_storage: RateStorage = None
    """Where requests are counted for several kingtui together, such as ``redis://localhost:6379/0``; unset: here."""
    proxy_hops: int = Field(default=0, ge=0, le=10)
    """Reverse proxies in front of the API whose word about the client counts; with any, tokens are asked for."""
    allowed_hosts: HostNames = ""
    """Other names under which the API is asked, such as ``king.example.org``, with commas between them."""
    cors_origins: Origins = ""
    """Web pages that may use the API beside those from ``http://localhost:*`` and ``http://127.0.0.1:*``: their
    origins, with commas between them; ``null`` is a page opened from disk."""
    max_body: Bytes = ByteSize(1_000_000)
    """Bytes that a request may carry, but for pictures."""
    max_upload: Bytes = ByteSize(51_000_000)
    """Bytes that a request with a picture may carry."""
    max_connections: int = Field(default=1_000, ge=10, le=100_000)
    """Connections to the API at one time."""

    # Tokens of the HTTP API
    jwt_algorithm: Algorithm = "HS256"
    """How tokens are signed. No other signature counts."""
    jwt_key: SecretStr | None = Field(default=None, json_schema_extra={"allowed": "a secret of at least 32 bytes"})
    """What tokens are signed with: a secret of at least 32 bytes for HS256, else a private or public key as PEM; unset:
    a secret that the home makes for itself."""
    jwt_public_key_file: File = None
    """For RS256 and EdDSA: the public key as PEM, by which tokens are checked."""
    jwt_private_key_file: File = None
    """For RS256 and EdDSA: the private key as PEM, with which ``kingtui token create`` signs."""
    jwt_audience: Annotated[str, Field(min_length=1, max_length=255, json_schema_extra={"allowed": _CLAIM})] = "kingtui"
    """The ``aud`` that a token must have."""
    jwt_issuer: str | None = Field(default=None, max_length=255, json_schema_extra={"allowed": _CLAIM})
    """The ``iss`` that a token must have; unset: any."""

    # Airtable
    airtable_api_key: Token = Field(
        default=None, validation_alias="AIRTABLE_API_KEY",
        json_schema_extra={"allowed": "a personal access token, of ASCII letters, digits and signs,"},
    )  # fmt: skip
    """Personal access token of Airtable; without one there is no mirror."""
    airtable_base_id: str | None = Field(
        default=None, validation_alias="AIRTABLE_BASE_ID", pattern=r"^[A-Za-z0-9]{1,64}$",
        json_schema_extra={"allowed": "the id of a base, such as appXXXXXXXXXXXXXX,"},
    )  # fmt: skip
    """The base that holds the table: the part of its address that begins with ``app``."""
    airtable_table_name: str = Field(
        default="Symbols", validation_alias="AIRTABLE_TABLE_NAME", min_length=1, max_length=255,
        json_schema_extra={"allowed": "the name or id of a table"},
    )  # fmt: skip
    """The table's name or id."""
    airtable_endpoint_url: Address = Field(default="https://api.airtable.com", validation_alias="AIRTABLE_ENDPOINT_URL")
    """Where Airtable's API is; another address is for a proxy or a test server."""
    airtable_fields: ColumnNames | None = Field(
        default=None, json_schema_extra={"allowed": "pairs such as Symbol=Ticker,Report="}
    )
    """Other names of the table's columns, as ``ours=theirs`` pairs; a column that is given no name is left out."""
    airtable_interval: Seconds = 60
    """Seconds between two deliveries to Airtable at least; more saves calls of a small plan."""

    # Housekeeping
    min_free_disk: Bytes = ByteSize(1_000_000_000)
    """Free disk space in bytes below which step 1 pauses and health asks for attention."""
    keep_reports: Days = 30
    """Days that reports are kept; each symbol's latest is always kept."""
    keep_runs: Days = 90
    """Days that runs stay in the history."""
    keep_run_logs: Days = 14
    """Days that the log of each run is kept."""

    # The dashboard
    token: Token = Field(default=None, json_schema_extra={"allowed": "a token of the kingtui that is meant"})
    """What ``kingtui --attach URL`` shows to a kingtui that asks for a token; the home's own needs none."""
    theme: str | None = Field(default=None, json_schema_extra={"allowed": "the name of a theme"})
    """Theme of the dashboard; unset: the one chosen last in such a terminal, else one that suits its colours."""
    keymap: Keymap | None = Field(default=None, json_schema_extra={"allowed": "pairs such as quit=ctrl+q,pause=f8"})
    """Other keys for the dashboard, such as ``quit=ctrl+q,pause=f8``; docs/dashboard.md names what can be bound."""

    # Behaviour
    on_hangup: Annotated[Literal["continue", "stop"], BeforeValidator(lowered)] = "continue"
    """What kingtui does when its terminal goes away: ``continue`` without it, or ``stop``."""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lowered)] = "info"
    """The least important lines that go to the log."""

    # Words from OpenAI, or from any server that speaks its language
    openai_api_key: Token = Field(
        default=None, validation_alias="OPENAI_API_KEY",
        json_schema_extra={"allowed": "a key of OpenAI, of ASCII letters, digits and signs,"},
    )  # fmt: skip
    """The key of OpenAI; with it kingtui asks for second opinions and commentary, within the day's budget."""
    openai_base_url: Address | None = Field(
        default=None, validation_alias="OPENAI_BASE_URL",
        json_schema_extra={"allowed": "an address such as http://localhost:11434/v1"},
    )  # fmt: skip
    """Another server with the Chat Completions of OpenAI, such as ``http://localhost:11434/v1``; it may need no key."""
    openai_model: str = Field(
        default="gpt-6.1-terra", min_length=1, max_length=200, validation_alias="OPENAI_MODEL",
        json_schema_extra={"allowed": "the name of a model"},
    )  # fmt: skip
    """The model that is asked; for second opinions it must see pictures."""
    openai_temperature: float | None = Field(
        default=None, ge=0, le=2, validation_alias="OPENAI_TEMPERATURE",
        json_schema_extra={"allowed": "a number from 0 to 2"},
    )  # fmt: skip
    """Sent to the model only if it is set."""
    ai_budget: Dollars = 1.0
    """US dollars that a day (UTC) of asking may cost; 0 asks nothing."""
    ai_calls: int = Field(default=200, ge=0, le=1_000_000)
    """Calls that a day (UTC) may have."""
    ai_price_input: Dollars = 2.0
    """US dollars for a million tokens that the model reads; 0 for a server of your own."""
    ai_price_output: Dollars = 10.0
    """US dollars for a million tokens that the model writes."""
    ai_concurrency: int = Field(default=2, ge=1, le=64)
    """Calls to the model at one time."""
    watchlist: Symbols = ()
    """Symbols whose reports always get a narrative, such as ``BTC,ETH``; others get one for each new map."""

    # Live prices
    prices: Annotated[Literal["off", "on"], BeforeValidator(lowered)] = "off"
    """Whether live prices are asked for at the venues below, in turn, without a key."""
    binance_url: Address = "https://api.binance.com"
    """The first venue for prices."""
    bybit_url: Address = "https://api.bybit.com"
    """The second."""
    okx_url: Address = "https://www.okx.com"
    """The third."""
    kucoin_url: Address = "https://api.kucoin.com"
    """The fourth."""
    coinbase_url: Address = "https://api.exchange.coinbase.com"
    """The fifth."""

    # Notices
    notify_urls: NotifyUrls = None
    """Where people are told of what needs attention: addresses as apprise has them, such as ``tgram://…``, with commas
    between them."""

    # Settings of outside services come here as ``Field(validation_alias="TELEGRAM_…")``, their keys as SecretStr

    _provenance: Provenance = PrivateAttr(default_factory=Provenance)

    @field_validator("inbox")
    @classmethod
    def _inbox_outside(cls, inbox: Path | None, info: Any) -> Path | None:
        home = info.data.get("home")
        if inbox and home and inbox.resolve().is_relative_to(home.resolve()):
            raise ValueError("it lies in the home, so its pictures would be copied onto themselves")
        return inbox

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Nothing but the arguments: ``load_settings`` reads the other sources and remembers which one each was."""
        return (init_settings,)

    def sources(self) -> list[SettingSource]:
        """Every setting with its value for people and where the value came from, in the order of the fields."""
        return [
            SettingSource(
                variable(name, info),
                shown(getattr(self, name)),
                self._provenance.origins.get(name, "default"),
                " ".join((info.description or "").replace("``", "").split()),
                allowed(info).rstrip(","),
            )
            for name, info in type(self).model_fields.items()
        ]

    @property
    def files(self) -> tuple[SettingsFile, ...]:
        """The .env files and secrets directories that were looked at, the stronger first."""
        return self._provenance.files

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about settings that look wrong but do no harm: a name that is none, a file that others can read."""
        return self._provenance.warnings

    @property
    def asks_openai(self) -> bool:
        """Whether a model is set up to be asked; a demo asks nobody."""
        return not self.demo and bool(self.openai_api_key or self.openai_base_url)

    def secrets(self) -> list[str]:
        """The values that must never be shown, for the log to hide."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr) and value]
