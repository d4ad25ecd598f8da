"""Access control: who calls, with which role or user, and whether IAM allows it, in AWS's words.

From outside use ``Access`` (``authorize``, ``role_allows``, ``note_call``, ``hide_missing_object``), ``Denial`` and
``log_group_resources``/``log_stream_resources``.
"""

from .access import Access
from .denial import Denial
from .questions.operations import log_group_resources, log_stream_resources

__all__ = ["Access", "Denial", "log_group_resources", "log_stream_resources"]
