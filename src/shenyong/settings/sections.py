"""The sections of `shenyong.toml`: each key with its type, bounds and default.

Times are in seconds and sizes in bytes, as the names say. Source: design.md (Configuration).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Port = Annotated[int, Meta(ge=1, le=65535)]
Count = Annotated[int, Meta(ge=1, le=100_000)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
SYSLOG = r"^$|^unix:/\S+$|^(udp|tcp|tls)://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$"


class Server(msgspec.Struct, frozen=True):
    """Where the gateway listens. `public_url` is how people reach it, for links in refusals."""

    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Port = 8601
    workers: Annotated[int, Meta(ge=1, le=256)] = 1
    public_url: Annotated[str, Meta(pattern=r"^$|^https?://[^\s/?#@]+(/[^\s?#]*)?$")] = ""
    shutdown_seconds: Seconds = 15.0

    @property
    def url(self) -> str:
        """`public_url` without a slash at its end, or what follows from host and port."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"


class Database(msgspec.Struct, frozen=True):
    """PostgreSQL: a server of your own by `dsn`, or an embedded one with its data in `data_dir`.

    Exactly one of `dsn`, `dsn_file` and `data_dir` is set.
    """

    dsn: str = ""  # by the environment only: it holds a password
    dsn_file: str = ""
    data_dir: str = ""


class Ledger(msgspec.Struct, frozen=True):
    """The ledger's keys: Ed25519 signs checkpoints, the digest key makes keyed digests.

    `witnesses` are hosts that cosign checkpoints, each ``URL VKEY``; they are asked every
    `witness_seconds`.
    """

    signing_key: str = ""
    signing_key_file: str = ""
    digest_key: str = ""
    digest_key_file: str = ""
    checkpoint_seconds: Seconds = 1.0
    witnesses: tuple[str, ...] = ()
    witness_seconds: Seconds = 60.0


class Registry(msgspec.Struct, frozen=True):
    """The pepper of API keys, and how often the registry is read anew.

    `probes` says whether every closed environment needs a passing probe (``required``, for
    production), or only those with a registered one.
    """

    pepper: str = ""
    pepper_file: str = ""
    refresh_seconds: Seconds = 5.0
    probes: Literal["where_registered", "required"] = "where_registered"


class Limits(msgspec.Struct, frozen=True):
    """How large a request may be, and how many at once in each worker.

    `request_seconds` is how long it may take to receive it, and again to inspect it.
    """

    body_bytes: Annotated[int, Meta(ge=1024, le=256 * 1024 * 1024)] = 4 * 1024 * 1024
    answer_bytes: Annotated[int, Meta(ge=1024, le=256 * 1024 * 1024)] = 16 * 1024 * 1024
    depth: Annotated[int, Meta(ge=8, le=500)] = 64
    strings: Annotated[int, Meta(ge=100, le=1_000_000)] = 20_000
    request_seconds: Seconds = 30.0
    concurrent: Count = 512


class Upstream(msgspec.Struct, frozen=True):
    """How long models are waited for: to connect, for the next bytes, and in all."""

    connect_seconds: Seconds = 5.0
    idle_seconds: Seconds = 60.0
    total_seconds: Seconds = 240.0
    connections: Count = 256


class Inspection(msgspec.Struct, frozen=True):
    """What the agency publishes (政府資訊公開法 7 I ③) and so is no finding."""

    mail_domains: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


class Policy(msgspec.Struct, frozen=True):
    """The guideline's pack, and files with the agency's own rules, which can only tighten it."""

    pack: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$")] = "ey-genai-2023"
    agency_packs: tuple[str, ...] = ()


class Logging(msgspec.Struct, frozen=True):
    """Lines without content: JSON on the standard error stream, and to a collector if one is named.

    `requests` says whether a line is written for each request; `level` from which weight on lines
    are written at all: a request is ``info``, one that was not served (5xx) a ``warning``, an
    unexpected fault an ``error``. Faults are always written.

    `syslog` is where a collector listens: ``unix:/dev/log``, ``udp://host:514``, ``tcp://host:601``
    or ``tls://host:6514`` (RFC 5424; RFC 6587 and 5425 over TCP and TLS). `format` is what a
    message says there; `ca_file` whom to trust over TLS, else the system's authorities; up to
    `queue_lines` wait in each worker, and what is more is counted and lost. With `stderr` false
    only faults still go to the standard error stream.
    """

    requests: bool = True
    level: Literal["info", "warning", "error"] = "info"
    stderr: bool = True
    syslog: Annotated[str, Meta(pattern=SYSLOG)] = ""
    format: Literal["json", "cef"] = "json"
    facility: Literal[
        "daemon", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"
    ] = "local0"
    ca_file: str = ""
    queue_lines: Annotated[int, Meta(ge=1, le=1_000_000)] = 10_000


class Telemetry(msgspec.Struct, frozen=True):
    """OpenTelemetry by OTLP over HTTP; with an empty `endpoint` there is none (docs/telemetry.md).

    `endpoint` is the collector's base URL; ``/v1/traces`` and ``/v1/metrics`` follow. `headers`,
    which may hold a secret, is ``name=value`` parted by commas. `sample` is the share of requests
    that are traced. With `accept_parent` a client's ``traceparent`` is taken for the parent of its
    request's span; it never goes to a model.
    """

    endpoint: Annotated[str, Meta(pattern=r"^$|^https?://[^\s/?#@]+(/[^\s?#]*)?$")] = ""
    headers: str = ""
    headers_file: str = ""
    ca_file: str = ""
    traces: bool = True
    metrics: bool = True
    metrics_seconds: Seconds = 30.0
    sample: Annotated[float, Meta(ge=0, le=1)] = 1.0
    accept_parent: bool = False


class Web(msgspec.Struct, frozen=True):
    """The workbench's pages, on the gateway's own address.

    A session ends after `idle_minutes` without a request, and after `hours` in any case. `contact`
    is whom a reader of a disclosure may ask; `l1`, `l2` and `l3` are the agency's own wording of
    the levels, with {official}, {unit}, {model}, {day} and {contact}. `demo` lets anybody who
    reaches the pages act as one of the demonstration's people.
    """

    enabled: bool = True
    idle_minutes: Annotated[int, Meta(ge=1, le=480)] = 30
    hours: Annotated[int, Meta(ge=1, le=24)] = 10
    contact: str = ""
    l1: str = ""
    l2: str = ""
    l3: str = ""
    demo: bool = False


class Oidc(msgspec.Struct, frozen=True):
    """Signing in by the agency's OpenID provider; with an empty `issuer` there is none.

    `claim` is the claim by which a person is found (as ``subject`` or ``user_name``), `label` what
    the button says.
    """

    issuer: Annotated[str, Meta(pattern=r"^$|^https?://[^\s?#]+$")] = ""
    client_id: str = ""
    client_secret: str = ""
    client_secret_file: str = ""
    scope: str = "openid profile"
    claim: Literal["sub", "preferred_username", "email"] = "sub"
    label: str = ""


class Scim(msgspec.Struct, frozen=True):
    """Provisioning by SCIM 2.0. Raising `generation` makes all earlier tokens useless."""

    enabled: bool = False
    generation: Annotated[int, Meta(ge=1, le=1_000_000)] = 1


class Public(msgspec.Struct, frozen=True):
    """The public register's own listener (揭露專區); with port 0 there is none."""

    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    public_url: Annotated[str, Meta(pattern=r"^$|^https?://[^\s/?#@]+(/[^\s?#]*)?$")] = ""

    @property
    def url(self) -> str:
        """How citizens reach it, without a slash at its end; "" if there is none."""
        if self.public_url:
            return self.public_url.rstrip("/")
        return f"http://{self.host}:{self.port}" if self.port else ""


class Backup(msgspec.Struct, frozen=True):
    """Where backups are written, and how old they may be before `doctor` speaks.

    The newest may be `hours` old, its restore proved within `verify_days`; `keep` newest ones stay
    (0: all). `recipient_file` is the public key for which the keys in them are sealed.
    """

    folder: str = ""
    hours: Annotated[int, Meta(ge=1, le=8_760)] = 26
    verify_days: Annotated[int, Meta(ge=1, le=366)] = 8
    keep: Annotated[int, Meta(ge=0, le=10_000)] = 0
    recipient_file: str = ""


class Settings(msgspec.Struct, frozen=True):
    """All settings of an installation."""

    server: Server = Server()
    database: Database = Database()
    ledger: Ledger = Ledger()
    registry: Registry = Registry()
    limits: Limits = Limits()
    upstream: Upstream = Upstream()
    inspection: Inspection = Inspection()
    policy: Policy = Policy()
    web: Web = Web()
    oidc: Oidc = Oidc()
    scim: Scim = Scim()
    public: Public = Public()
    logging: Logging = Logging()
    telemetry: Telemetry = Telemetry()
    backup: Backup = Backup()


SECRETS = frozenset(
    {
        ("database", "dsn"),
        ("ledger", "signing_key"),
        ("ledger", "digest_key"),
        ("registry", "pepper"),
        ("oidc", "client_secret"),
        ("telemetry", "headers"),
    }
)
"""Keys whose values are secrets: allowed in the environment, never in the file, never shown."""

FILES = frozenset(
    {
        ("database", "dsn_file"),
        ("database", "data_dir"),
        ("ledger", "signing_key_file"),
        ("ledger", "digest_key_file"),
        ("registry", "pepper_file"),
        ("oidc", "client_secret_file"),
        ("logging", "ca_file"),
        ("telemetry", "headers_file"),
        ("telemetry", "ca_file"),
        ("policy", "agency_packs"),
        ("backup", "folder"),
        ("backup", "recipient_file"),
    }
)
"""Keys that name files or folders: relative ones are taken from where `shenyong.toml` stands."""
