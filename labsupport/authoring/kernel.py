"""Starts notebook kernels of the running Python, and of no other."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable
from typing import Any

from .. import import_tax

import_tax.avoid()

from ipykernel.kernelspec import get_kernel_dict  # noqa: E402
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager  # noqa: E402
from jupyter_client.manager import AsyncKernelManager, KernelManager  # noqa: E402


class ThisPython(KernelSpecManager):
    """Knows one kernel, whatever name it is asked for: ipykernel in the running Python.

    A kernelspec called ``python3`` that somebody left in their home folder would otherwise win (nbgrader #417: a foreign
    kernelspec breaks the run).
    """

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir="", **get_kernel_dict())


class _OwnSockets:
    """Talks to its kernel through sockets in a folder of its own, where the system has such sockets.

    With TCP two test workers may be given the same port (nbval #205), everybody on the machine can connect, and ipykernel
    (since 7.3) warns at each start that the connection is not encrypted. jupyter_client's default path for these sockets is
    relative, and hangs when the kernel's folder is another one.
    """

    def __init__(self, **options: Any) -> None:
        options["kernel_spec_manager"] = ThisPython()
        self._remove_folder: Callable[[], object] | None = None
        if sys.platform != "win32":
            # In /tmp and short: the path of such a socket may have about 100 characters.
            folder = tempfile.mkdtemp(prefix="lab-kernel-", dir="/tmp")
            # Also for a kernel that died: nobody shuts that down.
            self._remove_folder = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            options.update(
                transport="ipc", ip=os.path.join(folder, "k"), connection_file=os.path.join(folder, "connection.json")
            )
        super().__init__(**options)

    def cleanup_connection_file(self) -> None:
        super().cleanup_connection_file()  # type: ignore[misc]
        if self._remove_folder:
            self._remove_folder()


class OwnKernelManager(_OwnSockets, KernelManager):
    """For callers that wait."""


class AsyncOwnKernelManager(_OwnSockets, AsyncKernelManager):
    """For nbclient."""
