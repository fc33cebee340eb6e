"""A new installation: its settings, commented, and its three keys, readable by their owner only."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from string import Template

KEYS = ("signing", "digest", "pepper")
"""The keys' files: ``keys/<name>.key``, 32 random bytes each, written as 64 hex digits."""

_TEMPLATE = Template("""\
# 審用設定檔。說明：shenyong config check 檢查，shenyong config show --origin 看每個值的來源。
# Shenyong's settings. Every key can be overridden by SHENYONG__SECTION__KEY in the environment.
# 機敏值不寫在這裡：用 *_file 指到檔案，或用環境變數。 Secrets never stand here.

[server]
host = "$host"
port = $port
workers = $workers
# 別人連進來的網址，用在拒絕訊息的連結。 How people reach it, for links in refusals.
# public_url = "https://ai.example.gov.tw"
shutdown_seconds = 15

[database]
# 三選一：內嵌 PostgreSQL 的資料夾，或自己的伺服器（dsn_file，或 SHENYONG__DATABASE__DSN）。
# One of the two: the folder of the embedded PostgreSQL, or your own server.
$database

[ledger]
signing_key_file = "keys/signing.key"   # Ed25519，簽署查核點 signs checkpoints
digest_key_file = "keys/digest.key"     # 內容只留下帶鑰摘要 keyed digests, never content
checkpoint_seconds = 1

[registry]
pepper_file = "keys/pepper.key"         # 金鑰的帶鑰雜湊 keyed hash of API keys
refresh_seconds = 5

[limits]
body_bytes = 4_194_304
answer_bytes = 16_777_216
depth = 64
strings = 20_000
request_seconds = 30                    # 收完與檢查完一則請求 to receive it, and to inspect it
concurrent = 512                        # 每個工作行程 in each worker

[upstream]
connect_seconds = 5
idle_seconds = 60
total_seconds = 240
connections = 256

[inspection]
# 機關依法公開的聯絡資料，不算個人資料（政府資訊公開法第 7 條）。 What the agency publishes.
mail_domains = []
mails = []
phones = []
names = []
addresses = []

[web]
# 工作台（撰擬、查證、判斷、確認、揭露）。 The workbench's pages, on the address above.
enabled = true
idle_minutes = 30                       # 閒置登出，輸入的文字會帶回 typed text is kept
hours = 10
contact = ""                            # 揭露文字所載的聯絡窗口 whom a reader may ask
# l1 = "本件使用生成式 AI 協助製作，由{unit}承辦人確認。"   機關自訂的揭露文字 own wording
demo = $demo

[public]
# 揭露專區：另一個位址、另一個行程。0 為不啟用。 The public register's own listener; 0: none.
host = "127.0.0.1"
port = $public_port
# public_url = "https://disclosure.example.gov.tw"   印在文件與 QR 上 printed on documents

[backup]
# 備份（shenyong backup）寫到哪裡；最好是另一台主機。 Where backups go: best to another host.
# folder = "/var/backups/shenyong"
hours = 26                              # 最新一份最多幾小時前 how old the newest may be
verify_days = 8                         # 幾天內須驗證還原 how long ago a restore was proved
keep = 0                                # 留幾份，0 為全部 how many stay; 0: all
# recipient_file = "backup.pub.pem"     備份內金鑰的收件者 for whom the keys in it are sealed

[policy]
pack = "ey-genai-2023"
# 機關自訂規則，只能加嚴。 The agency's own rules, which can only tighten.
agency_packs = []

[logging]
requests = true
level = "info"
# syslog = "tls://siem.example.gov.tw:6514"   收集主機：unix: udp:// tcp:// tls:// a collector
# format = "cef"                              ArcSight；預設 json by default

[telemetry]
# OpenTelemetry（OTLP/HTTP），沒有就不送。 Nothing is sent without it.
# endpoint = "http://otel.example.gov.tw:4318"
""")


_EMBEDDED = 'data_dir = "postgresql"\n# dsn_file = "keys/dsn"'
_OWN = '# data_dir = "postgresql"\ndsn_file = "{}"'


def settings_text(
    *,
    port: int = 8601,
    workers: int = 1,
    public_port: int = 0,
    demo: bool = False,
    host: str = "127.0.0.1",
    dsn_file: str = "",
) -> str:
    """The commented settings of a new installation; with a `dsn_file` its database is your own."""
    return _TEMPLATE.substitute(
        port=port, workers=workers, public_port=public_port, demo=str(demo).lower(), host=host,
        database=_OWN.format(dsn_file) if dsn_file else _EMBEDDED,
    )  # fmt: skip


def lay(folder: Path, text: str) -> Path:
    """Write the settings and the keys into `folder`; what is there already is kept.

    Returns the settings' file. Raises OSError if the folder can't be written.
    """
    keys = folder / "keys"
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in KEYS:
        write_private(keys / f"{name}.key", secrets.token_hex(32) + "\n")
    file = folder / "shenyong.toml"
    if not file.exists():
        file.write_text(text, "utf-8")
    return file


def write_private(path: Path, text: str) -> bool:
    """Write a new file that only its owner reads. If it is there, returns False and writes nothing.

    It is written beside and put in place when it is whole.
    """
    if path.exists():
        return False
    part = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)
    return True


def overrides(values: Mapping[str, object]) -> dict[str, str]:
    """``{"server.port": 1}`` as variables of the environment."""
    return {
        f"SHENYONG__{key.replace('.', '__')}".upper(): str(each) for key, each in values.items()
    }
