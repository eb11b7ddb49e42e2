"""Scores from official output tables."""
