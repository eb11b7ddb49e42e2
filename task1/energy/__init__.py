"""Energy of trainings and predictions, measured while they run, where the extra `energy` (codecarbon) is installed.

`RUN/energy/<what>.json` says what one piece of work took (records.py); `measured` writes it (measure.py); the network
of the organisers' baseline is executed beside predictions (baseline.py). Nothing here changes what is trained or
predicted, and without the extra nothing is written.
"""

from task1.energy.baseline import measure_baseline
from task1.energy.measure import measured
from task1.energy.records import Record, Session, read_record, shared

__all__ = ["Record", "Session", "measure_baseline", "measured", "read_record", "shared"]
