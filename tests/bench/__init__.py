"""Measures the local cloud beside a floor and its peers, all in one run on one machine: ``python -m tests.bench``.

From outside: ``make bench`` measures, ``make bench-peers`` installs the peers, ``docs/bench/speed.json`` is the last
committed run, and the README's speed table is made of it. Bars are shown, never asserted.
"""
