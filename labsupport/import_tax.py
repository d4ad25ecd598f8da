"""Makes nbformat, nbclient and jupytext quick to import in our own programs.

Where JupyterLab is installed, jsonschema's format checker finds ``rfc3987_syntax`` and imports it, and that module builds
dozens of parsers while it is imported (measured: 1.6 s, against 0.3 s without it). It serves the JSON Schema formats "iri" and
"iri-reference", which no notebook schema uses. jsonschema already copes with its absence, so it is hidden, in this process
only, before the first of those imports.
"""

from __future__ import annotations

import sys

_SLOW_MODULE = "rfc3987_syntax"


def avoid() -> None:
    """Hide the slow module from this process. Does nothing when it has been imported already."""
    # None in sys.modules is Python's documented way to let an import fail with ModuleNotFoundError.
    sys.modules.setdefault(_SLOW_MODULE, None)  # type: ignore[arg-type]
