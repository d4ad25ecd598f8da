"""Starts the process that serves moto (``moto_process``), before anything else of the cloud is loaded."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import IO

_END_SECONDS = 10.0


class MotoProcess:
    """The process. ``front_door`` is ``host:port``; ``token`` opens the inner addresses; ``time_scale`` shortens what moto's
    services wait for."""

    def __init__(self, state_folder: Path, front_door: str, time_scale: float = 1.0) -> None:
        self.token = secrets.token_hex(16)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "labsupport.localcloud.moto_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # nothing is read ahead: notices follow the first line
            start_new_session=True,  # a Ctrl-C in the terminal reaches the cloud, which then ends moto in order
            # One heap for all threads of the server (glibc): with many, what one thread frees is of no use to another.
            env=os.environ | {"MALLOC_ARENA_MAX": "1"},
        )
        settings = {
            "state_dir": str(state_folder),
            "front_door": front_door,
            "token": self.token,
            "time_scale": time_scale,
        }
        assert self._process.stdin
        self._process.stdin.write(json.dumps(settings).encode() + b"\n")

    @property
    def output(self) -> IO[bytes]:
        """Its standard output: one line with the port, then notices."""
        assert self._process.stdout
        return self._process.stdout

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def end(self) -> None:
        """Let it end in order: it removes the state folder. After ten seconds it is killed. Twice is as good as once."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
