"""How fast the tool is, measured: sections of rows, each held against a wish or a plain peer (`task1 bench`).

A section is a module with `measure(size)`, which yields rows (task1/bench/rows.py). Peers, under task1/bench/peers, are
plain restatements of what programs of this field do, written for the comparison; they compute the same thing.
"""
