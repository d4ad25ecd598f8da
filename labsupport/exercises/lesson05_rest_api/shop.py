"""What the checks of this lesson share: the API's name."""

from __future__ import annotations

API = "kestrel-shop"
