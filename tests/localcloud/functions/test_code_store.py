"""Packages and layers on disk."""

from __future__ import annotations

import io
import os
import stat
import zipfile

import pytest

from labsupport.localcloud.functions.code_store import UNZIP_FAILED, CodeStore, unpack
from labsupport.localcloud.functions.specification import CodeUnusable


def make_zip(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/"), text)
    return buffer.getvalue()


def zip_with_member(name: str, content: bytes = b"x", mode: int = 0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        member = zipfile.ZipInfo(name)
        member.external_attr = mode << 16
        archive.writestr(member, content)
    return buffer.getvalue()


def test_files_come_out_read_only(tmp_path):
    unpack(make_zip(**{"app.py": "x = 1", "pkg__mod.py": "y = 2"}), tmp_path / "task")
    file = tmp_path / "task" / "pkg" / "mod.py"
    assert file.read_text() == "y = 2"
    assert stat.S_IMODE(file.stat().st_mode) == 0o444


def test_an_executable_stays_executable(tmp_path):
    unpack(zip_with_member("run.sh", b"#!/bin/sh\n", 0o100755), tmp_path / "task")
    assert stat.S_IMODE((tmp_path / "task" / "run.sh").stat().st_mode) == 0o555


@pytest.mark.parametrize(
    "package",
    [
        b"",
        b"no zip",
        make_zip(a="x")[:-10],
        zip_with_member("/etc/evil"),
        zip_with_member("../evil"),
        zip_with_member("a/../../evil"),
        zip_with_member("link", b"/etc/passwd", 0o120777),
        zip_with_member("link", b"../../secret", 0o120777),
    ],
    ids=["empty", "text", "cut", "absolute", "parent", "hidden parent", "absolute link", "link out"],
)
def test_what_would_leave_the_folder_or_is_no_zip_is_refused(tmp_path, package):
    with pytest.raises(CodeUnusable) as refused:
        unpack(package, tmp_path / "inner" / "task")
    assert str(refused.value) == UNZIP_FAILED
    assert not (tmp_path / "evil").exists() and not (tmp_path / "inner" / "evil").exists()


def test_a_link_inside_the_package_is_kept(tmp_path):
    buffer = io.BytesIO(make_zip(**{"app.py": "x = 1"}))
    with zipfile.ZipFile(buffer, "a") as archive:
        member = zipfile.ZipInfo("alias.py")
        member.external_attr = 0o120777 << 16
        archive.writestr(member, "app.py")
    unpack(buffer.getvalue(), tmp_path / "task")
    assert os.readlink(tmp_path / "task" / "alias.py") == "app.py"


def test_a_package_is_unpacked_once(tmp_path):
    store = CodeStore(tmp_path)
    first = store.add_package("sha", make_zip(a="1"))
    assert store.add_package("sha", b"never read") == first == store.task_folder("sha")


def test_a_bad_package_leaves_nothing_behind(tmp_path):
    store = CodeStore(tmp_path)
    with pytest.raises(CodeUnusable):
        store.add_package("sha", b"no zip")
    assert list((tmp_path / "task").iterdir()) == []


def test_later_layers_replace_files_of_earlier_ones(tmp_path):
    store = CodeStore(tmp_path)
    folder = store.add_layers(("a", "b"), [make_zip(python__one="1", python__same="old"), make_zip(python__same="new")])
    assert (folder / "python" / "one").read_text() == "1"
    assert (folder / "python" / "same").read_text() == "new"
