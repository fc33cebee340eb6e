"""The bundled model as a process: ``python -m shenyong.upstream.local --port N --cache DIR``.

Gemma 3 270M (a base model, of no banned lineage) by llama.cpp, behind llama.cpp's own server,
which speaks OpenAI's protocol on a loopback port. A base model only continues text, so the chat
template writes the conversation as the next turn of a short dialogue; that makes its answers short
and formal, not true: it is for trying out, and the interface says so.

The process serves until it is ended, and ends with its parent. Source: design.md, Parts.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys
from importlib import resources
from pathlib import Path

from shenyong.upstream.weights import WeightsError, weights

MODEL_NAME = "gemma-3-270m"
STOPS = ("\n問：", "\n答：", "\n\n", "問：", "答：")
_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Have the kernel end this process when `parent` does (Linux; prctl(2)).

    If the parent ended before this was asked for, ends at once.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)


def serve(port: int, cache: Path, threads: int) -> None:
    """Serve on ``127.0.0.1:port`` until the process is ended.

    Raises:
        WeightsError: the weights are not what they must be.
        RuntimeError: llama.cpp could not load the model or listen.
    """
    path = weights(cache)
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {MODEL_NAME}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_parallel = 4
    params.n_ctx = 8192  # for all slots together
    params.n_predict = 256
    params.n_gpu_layers = 0
    params.swa_full = True  # keeps the template's beginning, which every prompt shares
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.use_jinja = True
    template = resources.files("shenyong.upstream").joinpath("local_chat.jinja")
    params.chat_template = template.read_text("utf-8")
    params.antiprompt = list(STOPS)
    params.sampling.temp = 0.3
    params.sampling.penalty_repeat = 1.05
    params.fit_params = False
    params.offline = True
    params.ui = False
    params.endpoint_slots = False
    params.cors_origins = ""
    params.cache_ram_mib = 0
    params.verbosity = 0  # it would log prompts
    server = xllamacpp.Server(params)
    print(f"listening on {server.listening_address}", flush=True)
    while True:
        signal.pause()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="shenyong.upstream.local", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--parent", type=int, help="end when this process, the parent, ends")
    options = parser.parse_args()
    if options.parent:
        end_with(options.parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends this one
    try:
        serve(options.port, options.cache, options.threads)
    except (WeightsError, RuntimeError) as error:
        sys.exit(f"the local model could not start: {error}")


if __name__ == "__main__":
    main()
