"""Options of the local cloud, and why it cannot start."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CloudSettings:
    """Options of ``labsupport cloud``. ``concurrency`` None fits the machine; ``owner_pid`` None is the parent."""

    host: str = "127.0.0.1"
    port: int = 0
    time_scale: float = 1.0
    concurrency: int | None = None
    region: str = "us-east-1"
    runtime_client: str = "auto"
    sandbox: str = "auto"
    cpu: str = "full"
    owner_pid: int | None = None


class CannotStart(Exception):
    """The cloud cannot start; one line that says why and what to do."""
