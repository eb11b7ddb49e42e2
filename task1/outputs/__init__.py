"""The official output table: the only form in which predictions travel.

TAB-separated UTF-8, header `filename scene_label` and one column of probabilities per scene (read by header, written in
the official order). Files are identified by base name (`audio/0.wav` is `0.wav`) and tables are joined by it, never by
row. The decision is the label, which has to be a scene of the largest probability; so rounding to a tie loses nothing.

`read_outputs` refuses a table at its first fault, `faults` lists all of them, and `read_repaired` repairs what can be
repaired and lists that.
"""

from task1.outputs.names import are_unique, basenames
from task1.outputs.read import read_outputs
from task1.outputs.repair import Repair, read_repaired
from task1.outputs.rows import SUM_TOLERANCE, Fault, basename, faults
from task1.outputs.tables import Floats, Integers, Outputs, align, row_sums, table, write_outputs

__all__ = ["SUM_TOLERANCE", "Fault", "Floats", "Integers", "Outputs", "Repair", "align", "are_unique", "basename",
           "basenames", "faults", "read_outputs", "read_repaired", "row_sums", "table",
           "write_outputs"]
