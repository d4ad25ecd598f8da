"""Packages and layers on disk."""

from __future__ import annotations

import io
import os
import zipfile

import pytest

from labsupport.localcloud.functions.code_store import CodeStore
from labsupport.localcloud.functions.specification import CodeUnusable


def make_zip(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/"), text)
    return buffer.getvalue()


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


def test_a_bad_layer_leaves_nothing_behind(tmp_path):
    store = CodeStore(tmp_path)
    with pytest.raises(CodeUnusable):
        store.add_layers(("a", "b"), [make_zip(one="1"), b"no zip"])
    assert list((tmp_path / "opt").iterdir()) == []


def link_zip(name: str, target: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        member = zipfile.ZipInfo(name)
        member.external_attr = 0o120777 << 16
        archive.writestr(member, target)
    return buffer.getvalue()


def test_links_of_a_later_layer_arrive_and_are_never_followed(tmp_path):
    store = CodeStore(tmp_path)
    folder = store.add_layers(
        ("a", "b", "c"), [make_zip(lib__one="1"), link_zip("alias", "lib"), make_zip(alias__two="2")]
    )
    assert (folder / "alias" / "two").read_text() == "2" and not (folder / "alias").is_symlink()
    assert [entry.name for entry in (folder / "lib").iterdir()] == ["one"]
    folder = store.add_layers(("a", "b"), [make_zip(lib__one="1"), link_zip("alias", "lib")])
    assert os.readlink(folder / "alias") == "lib"


def test_a_later_layer_may_put_a_file_where_a_folder_was_and_the_other_way_round(tmp_path):
    store = CodeStore(tmp_path)
    folder = store.add_layers(("a", "b"), [make_zip(x__y="1", z="2"), make_zip(x="file", z__w="3")])
    assert (folder / "x").read_text() == "file"
    assert (folder / "z" / "w").read_text() == "3"
