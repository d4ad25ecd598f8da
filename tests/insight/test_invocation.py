from __future__ import annotations

import pytest

from labsupport.insight.invocation import InvocationResult, NotJson, invoke


@pytest.fixture
def call(cloud, deploy):
    def make(code: str, event=None, **options) -> InvocationResult:
        return invoke(cloud.client("lambda"), deploy(code, **options), event if event is not None else {})

    return make


def both(result: InvocationResult) -> tuple[str, str]:
    return repr(result), result._repr_html_()


def test_an_answer_shows_payload_figures_and_log_in_both_forms(call):
    result = call("def handler(e, c):\n    print('printing', e['n'])\n    return {'sheets': [1, 2]}", {"n": 3})
    assert result.payload == {"sheets": [1, 2]} and not result.failed and result.cold
    for form in both(result):
        for words in ("answered", "cold (init", "duration", "billed", "MB of 128 MB", "sheets", "printing 3"):
            assert words in form
        assert "REPORT" not in form and "START" not in form


def test_the_second_answer_is_warm(cloud, deploy):
    name = deploy("def handler(e, c): return 1")
    client = cloud.client("lambda")
    assert [invoke(client, name, {}).cold for _ in range(3)] == [True, False, False]


def test_a_failed_function_is_a_result_with_the_learner_s_lines_only(call):
    code = "import json\ndef helper(text):\n    return json.loads(text)\ndef handler(e, c):\n    return helper('{')"
    result = call(code)
    assert result.error_type == "JSONDecodeError"
    assert [(frame.file, frame.line, frame.function) for frame in result.frames] == [
        ("app.py", 5, "handler"),
        ("app.py", 3, "helper"),
    ]
    text, html = both(result)
    assert text.startswith(f"{result.function_name}: ⚠ FAILED (JSONDecodeError)")
    assert "/usr/" not in text and "return json.loads(text)" in text
    assert "<details>" in html


def test_a_syntax_error_has_its_line_too(call):
    result = call("def handler(e, c)\n    return 1")
    assert [(frame.file, frame.line) for frame in result.frames] == [("app.py", 1)]
    assert "the init phase failed" in repr(result)


def test_a_timeout_is_recognised_in_the_new_and_in_the_old_form(call):
    result = call("import time\ndef handler(e, c):\n    time.sleep(9)", Timeout=1)
    assert result.timed_out and result.report.status == "timeout"
    old = InvocationResult(
        "f", {}, 200, b"", None, True, {"errorMessage": "x Task timed out after 1.00 seconds"}, "", "", "", None
    )
    assert old.timed_out


def test_null_text_and_bytes_are_told_apart(call):
    assert "null" in repr(call("def handler(e, c): pass"))
    assert call("def handler(e, c): return ''").payload == ""
    picture = call("def handler(e, c): return b'\\x89PNG'")
    assert not picture.is_json and picture.payload is None and "not JSON" in repr(picture)
    assert not call("def handler(e, c): return float('nan')").is_json


def test_nothing_a_function_returns_or_prints_breaks_the_display(call):
    code = (
        "def handler(e, c):\n    print('\\x1b[2J<b>bold</b>')\n    return ['\\ud800', '<script>x</script>', '\\u202e']"
    )
    for form in both(call(code)):
        form.encode()
        assert "\x1b" not in form and "\u202e" not in form
    assert "<script>" not in call(code)._repr_html_() and "<b>" not in call(code)._repr_html_()


def test_a_big_answer_is_cut_and_says_by_how_much(call):
    text = repr(call("def handler(e, c): return 'x' * 1_000_000"))
    assert len(text) < 6000 and "more characters" in text


def test_a_log_that_fills_the_tail_still_gives_the_report(call):
    result = call("def handler(e, c):\n    for n in range(2000): print('line', n)")
    assert result.report is not None and "line 1999" in result.output


@pytest.mark.parametrize("event", [object(), {1, 2}, float("nan"), {"a": b"bytes"}])
def test_an_event_that_is_not_json_is_one_line(cloud, event):
    with pytest.raises(NotJson, match="cannot be written as JSON"):
        invoke(cloud.client("lambda"), "any", event)
