"""The embedded corpus: synthetic recordings in TAU's layout, made from nothing in seconds (docs/corpus.md)."""

from task1.corpus.synthetic.write import is_current, synthesise

__all__ = ["is_current", "synthesise"]
