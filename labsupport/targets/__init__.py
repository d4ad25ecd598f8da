"""Where resources live: today the local cloud. From outside: ``local`` (start or join it) and ``environment``."""
