"""What the log of a new environment says about this machine where that is not what the function's settings ask for."""

from __future__ import annotations

import platform
import sys

from . import limits
from .specification import FunctionSpecification

#: Lambda's names of the processors, by those that operating systems use.
_ARCHITECTURES = {"amd64": "x86_64", "aarch64": "arm64"}
#: What a function is set to when nobody chose: nothing to remark on an arm64 machine.
_DEFAULT_ARCHITECTURE = "x86_64"


def lab_notes(specification: FunctionSpecification, limits_tmp: bool) -> tuple[str, ...]:
    """Lines for the log, each with its newline; none when all is as asked for."""
    notes = []
    own = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    if not specification.runtime.startswith("python"):
        notes.append(
            f"this lab runs Python functions only. The runtime {specification.runtime} is another language's: the handler "
            f"is looked for in a Python file and run on Python {sys.version_info[0]}.{sys.version_info[1]}."
        )
    elif specification.runtime != own:
        notes.append(
            f"this machine runs {specification.runtime or 'this function'} on Python "
            f"{sys.version_info[0]}.{sys.version_info[1]}."
        )
    machine = platform.machine()
    architecture = _ARCHITECTURES.get(machine.lower(), machine)
    if specification.architecture not in (architecture, _DEFAULT_ARCHITECTURE):
        notes.append(
            f"this function is set to {specification.architecture}; this machine is {architecture} and runs it all the "
            "same. Compiled libraries in the package must be made for this machine here, and for "
            f"{specification.architecture} on AWS."
        )
    if specification.ephemeral_storage != limits.DEFAULT_EPHEMERAL_STORAGE and not limits_tmp:
        notes.append(f"/tmp is not limited to {specification.ephemeral_storage} MB here.")
    return tuple(f"LAB NOTE: {note}\n" for note in notes)
