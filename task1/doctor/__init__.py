"""`task1 doctor`: what would fail on this machine, with this corpus and these caches, and how to mend it."""

from task1.doctor.examine import Patient, examine
from task1.doctor.finding import Finding, as_json, as_text

__all__ = ["Finding", "Patient", "as_json", "as_text", "examine"]
