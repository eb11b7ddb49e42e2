"""DCASE Task 1: audio in, probabilities and scores out."""
