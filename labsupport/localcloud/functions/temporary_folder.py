"""The /tmp of one execution environment: its size is limited, and it outlives the processes that run in it.

Inside bubblewrap /tmp is a file system of its own in memory, of the function's EphemeralStorage size, so that a full one
answers "No space left on device" as on AWS. Such a file system goes with the process that has it mounted; the content
is carried over to the next process (Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle":
/tmp is not cleared when the runtime is reset). Where that is not possible /tmp is a folder without a limit of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
from pathlib import Path


class TemporaryFolder:
    """``folder`` on the host: /tmp itself when not ``limited``, else where its content waits between two processes."""

    def __init__(self, folder: Path, megabytes: int, limited: bool) -> None:
        self.folder = folder
        self.megabytes = megabytes
        self.limited = limited
        self._held_fd: int | None = None
        self._copying: asyncio.Task[None] | None = None

    @property
    def has_content_to_restore(self) -> bool:
        """Whether the next process has to find files that an earlier one left."""
        return self.limited and self.folder.exists()

    async def prepare(self) -> None:
        """Wait until the next process may start."""
        if self._copying:
            await self._copying
            self._copying = None
        if not self.limited and not self.folder.exists():
            self.folder.mkdir(parents=True)
            self.folder.chmod(0o1777)

    def hold(self, pid: int) -> None:
        """Keep the file system of the sandbox whose outermost process is ``pid``. Does nothing when it is kept already
        or not mounted yet."""
        if not self.limited or self._held_fd is not None:
            return
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/task/{pid}/children") as children:
                inside = children.read().split()[:1]
            if not inside:
                return
            held = os.open(f"/proc/{inside[0]}/root/tmp", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            size = os.statvfs(f"/proc/self/fd/{held}")
            # Before the sandbox has changed its root, the same path is the /tmp of this machine.
            if size.f_blocks * size.f_frsize != self.megabytes << 20 or os.fstat(held).st_dev == os.stat("/tmp").st_dev:
                os.close(held)
                return
            self._held_fd = held

    def process_has_ended(self) -> None:
        """Bring the content to safety; the file system itself goes."""
        if self._held_fd is None:
            return
        held, self._held_fd = self._held_fd, None
        if not os.listdir(f"/proc/self/fd/{held}"):
            os.close(held)
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        self._copying = asyncio.get_running_loop().create_task(asyncio.to_thread(self._copy, held))

    async def close(self) -> None:
        """Let everything go. The folder itself is removed with the environment's."""
        if self._held_fd is not None:
            os.close(self._held_fd)
            self._held_fd = None
        if self._copying:
            await self._copying

    def _copy(self, held: int) -> None:
        try:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            # cp keeps modes, times, links and named pipes; what cannot be read is left out.
            subprocess.run(
                ["cp", "-a", f"/proc/self/fd/{held}/.", str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(held,),
                check=False,
            )
        except OSError:  # no cp, no room: the next process starts with an empty /tmp
            pass
        finally:
            os.close(held)
