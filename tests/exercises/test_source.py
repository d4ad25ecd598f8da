from __future__ import annotations

import json
import subprocess
import sys

import pytest

from labsupport.exercises import catalog, source

SOLUTION = '''---
jupytext:
  text_representation: {format_name: myst}
---

# A lesson

```{code-cell} ipython3
:tags: [exercise:hello-1]

%%writefile hello.py
def handler(event, context):
    name = event["name"]
    ### BEGIN SOLUTION
    # several lines

    return f"Hello {name}"
    ### END SOLUTION
```

````{code-cell} ipython3
---
tags: [exercise:hello-2/deploy, varies]
---
### BEGIN SOLUTION
text = """
```
not the end
```
"""
### END SOLUTION
print("done")
````

```{code-cell} ipython3
---
tags:
  - "exercise:hello-2/zip"
---
x = 1
```
'''


@pytest.fixture
def lesson():
    return catalog.find_lesson("01")


@pytest.fixture
def course(tmp_path, lesson):
    (tmp_path / "solutions").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "solutions" / f"{lesson.name}.md").write_text(SOLUTION)
    return tmp_path


def notebook(*cells: tuple[list[str], str, dict]) -> str:
    return json.dumps(
        {
            "cells": [
                {"cell_type": "code", "metadata": {"tags": tags, **more}, "source": text.splitlines(keepends=True)}
                for tags, text, more in cells
            ]
        }
    )


def test_the_solution_is_shown_without_its_markers(course, lesson):
    (cell,) = source.solution_cells(course, lesson, catalog.find_exercise("hello-1"))
    assert cell.text == (
        '%%writefile hello.py\ndef handler(event, context):\n    name = event["name"]\n'
        '    # several lines\n\n    return f"Hello {name}"'
    )


def test_an_exercise_of_several_cells_has_them_by_part(course, lesson):
    cells = source.solution_cells(course, lesson, catalog.find_exercise("hello-2"))
    assert [cell.part for cell in cells] == ["deploy", "zip"]
    assert "not the end" in cells[0].text


def test_the_starter_is_cut_from_the_solution(course, lesson):
    (cell,) = source.starter_cells(course, lesson, catalog.find_exercise("hello-1"))
    assert cell.text.endswith('    raise NotImplementedError("Exercise hello-1: write your code here")')
    deploy, _zip = source.starter_cells(course, lesson, catalog.find_exercise("hello-2"))
    assert deploy.text == '# Exercise hello-2: write your code here\nprint("done")'


def test_a_copy_of_the_starter_in_the_notebook_comes_first(course, lesson):
    (course / "notebooks" / f"{lesson.name}.ipynb").write_text(
        notebook((["exercise:hello-1"], "my own work", {"labsupport": {"starter": "as handed out"}}))
    )
    (cell,) = source.starter_cells(course, lesson, catalog.find_exercise("hello-1"))
    assert cell.text == "as handed out"


def test_without_solutions_only_an_untouched_cell_counts_as_the_starter(course, lesson):
    (course / "solutions" / f"{lesson.name}.md").unlink()
    path = course / "notebooks" / f"{lesson.name}.ipynb"
    exercise = catalog.find_exercise("hello-1")
    untouched = "def handler(e, c):\n    raise NotImplementedError('Exercise hello-1: write your code here')"
    path.write_text(notebook((["exercise:hello-1"], untouched, {}), ([], "other", {})))
    assert [cell.text for cell in source.starter_cells(course, lesson, exercise)] == [untouched]
    path.write_text(notebook((["exercise:hello-1"], "def handler(e, c):\n    return 1", {})))
    assert source.starter_cells(course, lesson, exercise) == ()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 5}', '{"cells": [5, {}, {"metadata": 1}]}'])
def test_a_damaged_notebook_is_no_error(course, lesson, text):
    (course / "notebooks" / f"{lesson.name}.ipynb").write_text(text)
    assert source.starter_cells(course, lesson, catalog.find_exercise("hello-1"))


def test_no_course_folder_means_no_solution(lesson):
    exercise = catalog.find_exercise("hello-1")
    assert source.solution_cells(None, lesson, exercise) == source.starter_cells(None, lesson, exercise) == ()


def test_a_written_file_is_recognised():
    assert source.written_file("%%writefile hello.py\nx = 1") == ("hello.py", "x = 1\n")
    assert source.written_file("\n%%writefile 'a b.py'\n") is None
    assert source.written_file("x = 1\n%%writefile hello.py") is None


def test_every_exercise_of_the_course_has_its_solution_here():
    from labsupport.start import find_course

    course = find_course()
    for lesson in catalog.lessons():
        for exercise in lesson.exercises:
            assert source.solution_cells(course, lesson, exercise), exercise.id


def test_it_does_not_import_the_notebook_libraries():
    code = "import labsupport.session, sys; print([m for m in ('nbformat', 'jupytext', 'moto', 'boto3') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
