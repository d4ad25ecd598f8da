"""What a function's log says about this machine."""

from __future__ import annotations

import dataclasses
import sys

import pytest

from labsupport.localcloud.functions import lab_notes as module
from labsupport.localcloud.functions.lab_notes import lab_notes

from .test_platform_log import specification

OWN = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def made(**values):
    return dataclasses.replace(specification(), **({"runtime": OWN, "architecture": "x86_64"} | values))


@pytest.fixture(autouse=True)
def intel(monkeypatch):
    monkeypatch.setattr(module.platform, "machine", lambda: "x86_64")


def test_nothing_to_say():
    assert lab_notes(made(), limits_tmp=True) == ()
    assert lab_notes(made(ephemeral_storage=512), limits_tmp=False) == (), "nobody asked for another size"


def test_another_python():
    version = OWN.removeprefix("python")
    assert lab_notes(made(runtime="python3.9"), True) == (
        f"LAB NOTE: this machine runs python3.9 on Python {version}.\n",
    )


def test_another_processor(monkeypatch):
    (note,) = lab_notes(made(architecture="arm64"), True)
    assert note.startswith("LAB NOTE: this function is set to arm64; this machine is x86_64 and runs it all the same.")
    monkeypatch.setattr(module.platform, "machine", lambda: "aarch64")
    assert lab_notes(made(architecture="arm64"), True) == ()
    assert lab_notes(made(), True) == (), "x86_64 is what nobody chose"


def test_a_size_of_tmp_that_does_not_hold():
    assert lab_notes(made(ephemeral_storage=10240), False) == ("LAB NOTE: /tmp is not limited to 10240 MB here.\n",)
