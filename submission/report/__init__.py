"""The report of a run for people: `report/index.html` (one file, no network) and `report/report.md` (short).

Both are rendered from the same sections of plain texts, tables and figures (blocks.py); the templates escape them. The
same run gives the same bytes: no times, no paths of this machine.
"""

from submission.report.write import write_report

__all__ = ["write_report"]
