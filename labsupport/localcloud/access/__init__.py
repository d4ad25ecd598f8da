"""Access control: who calls, with which role or user, and whether IAM allows it, in AWS's words.

From outside use ``Access`` (``authorize``, ``role_allows``, ``note_call``, ``log_rights``,
``hide_missing_object``) and ``Denial``.
"""

from .access import Access
from .denial import Denial

__all__ = ["Access", "Denial"]
