"""``python -m labsupport``: the same program as ``labsupport``."""

from .cli import main

main(prog_name="labsupport")
