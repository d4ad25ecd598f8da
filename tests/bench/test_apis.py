"""The measures of REST APIs, at a size that shows they work."""

from __future__ import annotations

from . import apis
from .run import Run


def test_a_rest_api_is_measured_and_answers_mixed_requests_rightly(tmp_path, monkeypatch):
    monkeypatch.setattr(apis, "_WITH_APIS", ("lab",))
    monkeypatch.setattr(apis, "_QUICK_MIXED", 120)
    run = Run(tmp_path, quick=True)
    one = apis.api_get(run)
    assert (
        [len(batch) for batch in one["api_get"]["lab"]]
        == [len(batch) for batch in one["api_invoke"]["lab"]]
        == [200] * 3
    )
    mixed = apis.api_mixed(run)
    assert mixed["api_wrong"]["lab"] == [[0.0]], run.problems
    assert not run.problems


def test_a_wrong_answer_is_seen():
    assert apis._judge("get", "a", b"", 200, b'{"n": "a", "body": null}') == ""
    assert apis._judge("get", "a", b"", 200, b'{"n": "b", "body": null}') != ""
    assert apis._judge("get", "a", b"", 502, b'{"message": "Internal server error"}') != ""
    assert apis._judge("unknown", "a", b"", 403, b"no json") != ""
