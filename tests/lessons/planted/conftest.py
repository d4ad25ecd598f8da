"""These notebooks are bad on purpose: only test_notebooks.py runs them, as copies."""

collect_ignore_glob = ["*.ipynb"]
