"""From a lesson's text source to its two notebooks, and the linter that holds authors to the course's rules.

From outside use ``build.build_command`` and ``lint.lint_command``.
"""
