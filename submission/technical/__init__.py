"""The parts of a technical report: words, tables and references made from a run, as typst markup."""
