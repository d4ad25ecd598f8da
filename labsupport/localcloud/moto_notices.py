"""How the moto process tells the front door that something happened: one line of JSON on its standard output.

A pipe keeps the order, loses nothing and holds up no thread of moto for an answer.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

_lock = threading.Lock()


def tell(kind: str, **fields: Any) -> None:
    """Send one notice. ``kind`` chooses who is told there (``MotoControlPlane.on``); ``fields`` must be JSON."""
    line = json.dumps({"notice": kind, **fields}).encode() + b"\n"
    with _lock:  # a line longer than the pipe's buffer is written in parts
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
