"""Which log lines a function with LogFormat JSON keeps.

Source: Lambda Developer Guide, "Log-level filtering": Lambda filters JSON objects by their ``level``; one without a valid
level counts as INFO. System log events have a level each ("System log level event mapping", looked up 2026-11-25).
"""

from __future__ import annotations

import json
from collections.abc import Callable

_ORDER = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
#: Names of Python's logging module for the same.
_OTHER_NAMES = {"WARNING": "WARN", "CRITICAL": "FATAL"}


def is_kept(level: str, least: str) -> bool:
    """Whether something of this level is written where ``least`` is configured."""
    return _ORDER.index(level) >= _ORDER.index(least)


def line_filter(log_format: str, application_log_level: str | None) -> Callable[[str], bool] | None:
    """Decides about each line or record that the function writes; None keeps everything.

    Text that is no JSON object has no level and is kept.
    """
    least = application_log_level or "INFO"
    if log_format != "JSON" or least == "TRACE":
        return None

    def keep(message: str) -> bool:
        if not message.startswith("{"):
            return True
        try:
            document = json.loads(message)
        except ValueError:
            return True
        level = document.get("level")
        name = level.upper() if isinstance(level, str) else "INFO"
        name = _OTHER_NAMES.get(name, name)
        return is_kept(name if name in _ORDER else "INFO", least)

    return keep
