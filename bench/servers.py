"""The servers under measurement: how each is started, where it listens, whose CPU it burns."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import psutil

ROOT = Path(__file__).parents[1]
WORK = ROOT / ".bench"
BIN = Path(sys.executable).parent
UPSTREAM_PORT = 9100


class Server(msgspec.Struct, frozen=True):
    """One server: the command, the port, and what the load must send to pass through it."""

    name: str
    port: int
    command: tuple[str, ...]
    env: Mapping[str, str] = {}
    load: Mapping[str, str] = {}  # BENCH_* variables for the load script
    patience: float = 60.0  # seconds until it must listen


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def running(server: Server) -> Iterator[list[psutil.Process]]:
    """Start it, wait until it listens, yield its process tree, and stop all of it."""
    log = (WORK / f"{server.name.split()[0]}.log").open("wb")
    process = subprocess.Popen(
        server.command,
        cwd=ROOT,
        env={**os.environ, **server.env},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + server.patience
        while not listening(server.port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{server.name} did not start: see {log.name}")
            time.sleep(0.1)
        time.sleep(1.0)
        yield tree(process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()


def tree(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """User and system seconds that these processes have used so far."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def resident_mb(processes: list[psutil.Process]) -> float:
    """Largest resident set of one of the processes, in MiB."""
    sizes = [0.0]
    for process in processes:
        with contextlib.suppress(psutil.Error):
            sizes.append(process.memory_info().rss / 2**20)
    return max(sizes)


def bare_proxy() -> Server:
    return Server(
        "bare proxy (same server and client, reads nothing)",
        9101,
        (
            str(BIN / "granian"), "--interface", "asgi", "--port", "9101", "--workers", "1",
            "--loop", "uvloop", "--no-ws", "bench.bare_proxy:app",
        ),
        env={"BENCH_UPSTREAM": f"http://127.0.0.1:{UPSTREAM_PORT}"},
    )  # fmt: skip


def nginx() -> Server:
    conf = WORK / "nginx.conf"
    conf.write_text(
        f"""worker_processes 1; daemon off; pid {WORK}/nginx.pid; error_log {WORK}/nginx.err;
events {{ worker_connections 1024; }}
http {{ access_log off; client_body_temp_path {WORK}/nb; proxy_temp_path {WORK}/np;
 fastcgi_temp_path {WORK}/nf; uwsgi_temp_path {WORK}/nu; scgi_temp_path {WORK}/ns;
 upstream model {{ server 127.0.0.1:{UPSTREAM_PORT}; keepalive 128; }}
 server {{ listen 127.0.0.1:9102; location / {{ proxy_pass http://model; proxy_buffering off;
  proxy_http_version 1.1; proxy_set_header Connection ""; }} }} }}
"""
    )
    return Server("nginx", 9102, ("nginx", "-c", str(conf)))


def litellm() -> Server:
    """LiteLLM's proxy, no guardrail, no database, its own defaults for one worker."""
    conf = WORK / "litellm.yaml"
    conf.write_text(
        f"""model_list:
  - model_name: bench
    litellm_params:
      model: openai/bench
      api_base: http://127.0.0.1:{UPSTREAM_PORT}/v1
      api_key: none
"""
    )
    venv = WORK / "litellm"
    if not (venv / "bin" / "litellm").exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run(
            [str(venv / "bin" / "pip"), "install", "-q", "litellm[proxy]"],
            check=True,
            stderr=subprocess.DEVNULL,
        )
    return Server(
        "LiteLLM proxy, no guardrail",
        9103,
        (
            str(venv / "bin" / "litellm"), "--config", str(conf), "--port", "9103",
            "--host", "127.0.0.1", "--num_workers", "1",
        ),
        env={
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_LOG": "ERROR",
            "LITELLM_MASTER_KEY": "sk-bench-load",
        },
        load={"BENCH_KEY": "sk-bench-load"},
    )  # fmt: skip


def portkey() -> Server:
    """Portkey's gateway from npm, no guardrail."""
    home = WORK / "portkey"
    if not (home / "node_modules").exists():
        home.mkdir(exist_ok=True)
        (home / "package.json").write_text('{"private":true}')
        subprocess.run(
            [
                "npm",
                "install",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "@portkey-ai/gateway",
            ],
            cwd=home,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    script = home / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    return Server(
        "Portkey gateway, no guardrail",
        9104,
        ("node", str(script), "--port=9104", "--headless"),
        env={"TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost"},
        load={"BENCH_CUSTOM_HOST": f"http://127.0.0.1:{UPSTREAM_PORT}/v1"},
    )
