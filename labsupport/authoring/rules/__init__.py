"""The rules of the course linter, one small function each. ``labsupport.authoring.lint.RULES`` is the list of them."""
