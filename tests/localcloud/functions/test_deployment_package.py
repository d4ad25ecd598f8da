"""Zips that are refused, in AWS's words, and what comes out of the others."""

from __future__ import annotations

import base64
import errno
import io
import os
import stat
import struct
import zipfile

import pytest

from labsupport.localcloud.functions import deployment_package
from labsupport.localcloud.functions.deployment_package import (
    EMPTY,
    UNZIP_FAILED,
    PackageContents,
    unpack,
)
from labsupport.localcloud.functions.specification import CodeUnusable

MB = 1024 * 1024


def make_zip(*members, compression=zipfile.ZIP_DEFLATED):
    """Members are ``(name, content)`` or ``(name, content, mode)``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content, *mode in members:
            member = zipfile.ZipInfo(name)
            member.external_attr = (mode[0] if mode else 0o100644) << 16
            archive.writestr(member, content, compression)
    return buffer.getvalue()


def with_flag(package, flag):
    """Set a general purpose flag in both headers of the first member."""
    changed = bytearray(package)
    changed[6] |= flag
    central = changed.index(b"PK\x01\x02")
    changed[central + 8] |= flag
    return bytes(changed)


def with_size(package, size):
    """Let both headers of the first member promise another unzipped size."""
    changed = bytearray(package)
    changed[22:26] = struct.pack("<I", size)
    central = changed.index(b"PK\x01\x02")
    changed[central + 24 : central + 28] = struct.pack("<I", size)
    return bytes(changed)


def with_method(package, method):
    changed = bytearray(package)
    changed[8:10] = struct.pack("<H", method)
    central = changed.index(b"PK\x01\x02")
    changed[central + 10 : central + 12] = struct.pack("<H", method)
    return bytes(changed)


def bad_name(package, name, replacement):
    assert len(name) == len(replacement)
    return package.replace(name, replacement)


PLAIN = make_zip(("app.py", "x = 1\n" * 50))

ZEROS = with_size(make_zip(("zeros.bin", b"\0" * MB)), 250 * MB + 1)

REFUSED_UNREAD = {
    "nothing at all": b"",
    "text": b"def handler(event, context): pass",
    "the zip in base64": base64.b64encode(PLAIN),
    "cut at the end": PLAIN[:-10],
    "cut in the middle": PLAIN[: len(PLAIN) // 2],
    "absolute path": make_zip(("/etc/evil", "x")),
    "parent folder": make_zip(("../evil", "x")),
    "hidden parent folder": make_zip(("a/../../evil", "x")),
    "backslashes": make_zip(("a\\..\\..\\evil", "x")),
    "drive letter and backslash": make_zip(("C:\\evil", "x")),
    "a name that is only a dot": make_zip((".", "x")),
    "a name of 300 bytes": make_zip(("n" * 300, "x")),
    "a path of 5,000 bytes": make_zip(("a/" * 2500 + "x", "x")),
    "a name that says UTF-8 and is not": bad_name(make_zip(("äpp.py", "x")), "ä".encode(), b"\xff\xff"),
    "encrypted": with_flag(PLAIN, 0x1),
    "strongly encrypted": with_flag(PLAIN, 0x40),
    "an unknown compression": with_method(PLAIN, 99),
    "bzip2": make_zip(("app.py", "x" * 99), compression=zipfile.ZIP_BZIP2),
    "lzma": make_zip(("app.py", "x" * 99), compression=zipfile.ZIP_LZMA),
    "a character device": make_zip(("tty", "", stat.S_IFCHR | 0o666)),
    "a block device": make_zip(("disk", "", stat.S_IFBLK | 0o666)),
    "a named pipe": make_zip(("pipe", "", stat.S_IFIFO | 0o666)),
    "a socket": make_zip(("socket", "", stat.S_IFSOCK | 0o666)),
    "a file behind a link": make_zip(("out", "/etc", 0o120777), ("out/evil", "x")),
    "a folder behind a link": make_zip(("d", ".", 0o120777), ("d/e/", "", 0o40755)),
}
REFUSED_READ = {
    "a link to an absolute path": make_zip(("link", "/etc/passwd", 0o120777)),
    "a link out of the folder": make_zip(("link", "../../secret", 0o120777)),
    "a link that goes down and out again": make_zip(("a/b/link", "x/../../../../secret", 0o120777)),
    "a link to nothing": make_zip(("link", "", 0o120777)),
    "a link of a megabyte": make_zip(("link", "x" * MB, 0o120777)),
    "a link that is no text": make_zip(("link", b"\xff\xfe", 0o120777)),
    "more bytes than promised": with_size(make_zip(("app.py", "x" * 4096)), 10),
    "fewer bytes than promised": with_size(make_zip(("app.py", "x" * 10)), 4096),
    "a wrong check sum": PLAIN.replace(PLAIN[14:18], b"\0\0\0\0"),
    "a file where a folder has to be": make_zip(("a", "x"), ("a/b", "y")),
}


@pytest.mark.parametrize("package", REFUSED_UNREAD.values(), ids=REFUSED_UNREAD)
def test_what_is_refused_without_reading_a_member(tmp_path, package):
    with pytest.raises(CodeUnusable) as refused:
        unpack(package, tmp_path / "inner" / "task")
    assert str(refused.value) == UNZIP_FAILED
    assert list(tmp_path.iterdir()) == [], "nothing was written"


@pytest.mark.parametrize("package", REFUSED_READ.values(), ids=REFUSED_READ)
def test_what_is_refused_when_it_is_unpacked(tmp_path, package):
    with pytest.raises(CodeUnusable) as refused:
        unpack(package, tmp_path / "inner" / "task")
    assert str(refused.value) == UNZIP_FAILED
    assert [entry.name for entry in tmp_path.iterdir()] in ([], ["inner"])
    assert not [path for path in tmp_path.rglob("*") if path.is_symlink()], "and no link stays"


def test_more_data_than_promised_is_not_written(tmp_path):
    """The deflated data would be 40 MB; the headers promise ten bytes."""
    bomb = with_size(make_zip(("app.py", b"\0" * (40 * MB))), 10)
    with pytest.raises(CodeUnusable):
        unpack(bomb, tmp_path / "task")
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) <= 10


def test_a_bomb_is_refused_with_awss_figure_before_anything_is_written(tmp_path):
    """The size that the zip itself promises is believed when it is too much."""
    assert len(ZEROS) < 2048
    with pytest.raises(CodeUnusable) as refused:
        unpack(ZEROS, tmp_path / "task")
    assert str(refused.value) == "Unzipped size must be smaller than 262144000 bytes"
    assert list(tmp_path.iterdir()) == []


def test_the_limit_itself_is_allowed_and_one_byte_more_is_not(tmp_path, monkeypatch):
    package = make_zip(("a", b"x" * 600), ("b", b"y" * 400))
    monkeypatch.setattr(deployment_package.limits, "UNZIPPED_BYTES", 1000)
    assert unpack(package, tmp_path / "task") == PackageContents(files=2, unzipped_bytes=1000)
    monkeypatch.setattr(deployment_package.limits, "UNZIPPED_BYTES", 999)
    with pytest.raises(CodeUnusable, match="smaller than 999 bytes"):
        unpack(package, tmp_path / "another")


def test_members_that_share_their_data_count_each_on_its_own(tmp_path):
    """Overlapping members: the directory names the same compressed data again and again."""
    one = make_zip(("a", b"\0" * (10 * MB)))
    start, end = one.index(b"PK\x01\x02"), one.index(b"PK\x05\x06")
    directory = one[start:end] * 40
    tail = bytearray(one[end:])
    tail[8:10] = tail[10:12] = struct.pack("<H", 40)
    tail[12:16] = struct.pack("<I", len(directory))
    with pytest.raises(CodeUnusable):
        unpacked = bytearray(one[:start] + directory + tail)
        # Forty names instead of one: members of one name would replace each other.
        position = 0
        for number in range(40):
            position = unpacked.index(b"PK\x01\x02", position)
            unpacked[position + 46] = 65 + number % 26 if number < 26 else 97 + number % 26
            position += 46
        unpack(bytes(unpacked), tmp_path / "task")


def test_too_many_files_of_no_size(tmp_path, monkeypatch):
    monkeypatch.setattr(deployment_package, "_MEMBERS", 50)
    unpack(make_zip(*((f"f{number}", "") for number in range(50))), tmp_path / "task1")
    with pytest.raises(CodeUnusable, match="Could not unzip"):
        unpack(make_zip(*((f"f{number}", "") for number in range(51))), tmp_path / "task2")


def test_too_many_folders_of_no_size(tmp_path, monkeypatch):
    """Few members can stand for many folders: each has hundreds above it."""
    monkeypatch.setattr(deployment_package, "_FOLDERS", 1000)
    unpack(make_zip(*((f"{number}/" + "d/" * 99 + "f", "") for number in range(10))), tmp_path / "task3")
    with pytest.raises(CodeUnusable, match="Could not unzip"):
        unpack(make_zip(*((f"{number}/" + "d/" * 99 + "f", "") for number in range(11))), tmp_path / "task4")


def test_a_zip_in_a_zip_stays_a_zip(tmp_path):
    """Bombs like 42.zip hide their size in zips inside; Lambda unpacks one level."""
    inner = make_zip(("zeros", b"\0" * (20 * MB)))
    assert unpack(make_zip(("inner.zip", inner), ("app.py", "")), tmp_path / "task").unzipped_bytes == len(inner)
    assert (tmp_path / "task" / "inner.zip").read_bytes() == inner


@pytest.mark.parametrize("members", [(), (("folder/", "", 0o40755),)], ids=["no member", "only folders"])
def test_an_empty_zip_has_words_of_its_own(tmp_path, members):
    with pytest.raises(CodeUnusable) as refused:
        unpack(make_zip(*members), tmp_path / "task5")
    assert str(refused.value) == EMPTY


def test_files_come_out_read_only_and_programs_stay_programs(tmp_path):
    unpack(make_zip(("app.py", "x"), ("run.sh", "#!/bin/sh\n", 0o100755), ("bare", "x", 0)), tmp_path / "task")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "task").iterdir()}
    assert modes == {"app.py": 0o444, "run.sh": 0o555, "bare": 0o444}


def test_set_user_id_is_dropped(tmp_path):
    unpack(make_zip(("run", "x", 0o104755)), tmp_path / "task")
    assert stat.S_IMODE((tmp_path / "task" / "run").stat().st_mode) == 0o555


def test_links_inside_the_package_are_kept(tmp_path):
    package = make_zip(
        ("lib/deep/link", "../../app.py", 0o120777), ("app.py", "x = 1"), ("here", "lib/./deep", 0o120777)
    )
    unpack(package, tmp_path / "task")
    assert os.readlink(tmp_path / "task" / "lib" / "deep" / "link") == "../../app.py"
    assert (tmp_path / "task" / "here" / "link").read_text() == "x = 1"


def test_of_two_members_with_one_name_the_later_one_counts(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        package = make_zip(("app.py", "old"), ("./app.py", "dot"), ("app.py", "new"))
    assert unpack(package, tmp_path / "task").files == 1
    assert (tmp_path / "task" / "app.py").read_text() == "new"


def test_a_link_that_a_later_file_replaces_is_not_written_through(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        package = make_zip(("a", "b", 0o120777), ("b", "old"), ("a", "new"))
    unpack(package, tmp_path / "task")
    assert (tmp_path / "task" / "b").read_text() == "old" and not (tmp_path / "task" / "a").is_symlink()


def test_names_in_any_encoding_and_names_that_differ_in_case_only(tmp_path):
    """Old zip programs write names without saying how; Linux knows App.py and app.py apart."""
    package = bad_name(make_zip(("XXpp.py", "x"), ("a.py", "1"), ("A.py", "2")), b"XX", b"\x84\xff")
    unpack(package, tmp_path / "task")
    names = {path.name for path in (tmp_path / "task").iterdir()}
    assert len(names) == 3 and {"a.py", "A.py"} <= names


def test_zip64_is_read(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("app.py", "w", force_zip64=True) as member:
            member.write(b"x = 1")
    assert unpack(buffer.getvalue(), tmp_path / "task").unzipped_bytes == 5


def test_a_full_disk_is_not_said_to_be_a_bad_zip(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(deployment_package.shutil, "copyfileobj", full)
    with pytest.raises(OSError, match="No space left"):
        unpack(PLAIN, tmp_path / "task")
