"""Exercises: what they ask, how they are checked through the cloud, and what is remembered about them.

From outside: ``model`` (Lesson, Exercise, ...), ``catalog`` (finding them), ``runner`` (running a check), ``progress``,
``guidance`` (hints, solution, quiz), ``check_command``.
"""
