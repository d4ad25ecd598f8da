"""The two measures of uploads, at a size that shows they work."""

from __future__ import annotations

from . import uploads
from .run import Run


def test_uploads_start_the_handler_and_each_writes_its_item(tmp_path, monkeypatch):
    monkeypatch.setattr(uploads, "_WITH_NOTIFICATIONS", ("lab",))
    monkeypatch.setattr(uploads, "_QUICK_UPLOADS", 20)
    monkeypatch.setattr(uploads, "_CLIENTS", 2)
    run = Run(tmp_path, quick=True)
    started = uploads.upload_start(run)
    assert [len(batch) for batch in started["upload_start"]["lab"]] == [20, 20, 20]
    assert all(sample > 0 for batch in started["upload_start"]["lab"] for sample in batch)

    many = uploads.uploads(run)
    assert (many["uploads_lost"]["lab"], many["uploads_twice"]["lab"]) == ([[0.0]], [[0.0]])
    assert many["uploads"]["lab"][0][0] > 0
    assert not run.problems
