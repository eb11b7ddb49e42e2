"""Anybody's recordings, classified by an exported file alone; how long that takes and how much memory."""

from task1.classify.classifier import Classifier, Result, Window, classify
from task1.classify.latency import Latency, measure

__all__ = ["Classifier", "Latency", "Result", "Window", "classify", "measure"]
