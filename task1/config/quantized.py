"""Printed accuracies of networks before and after quantisation, by meta/published/quantization.yaml, and the claim.

Output: for a paper, the columns that hold them and, for each network of the entry, its two printed figures.
"""

from collections.abc import Mapping

from pydantic import RootModel

from task1.config.base import META, Strict, load, read_yaml
from task1.config.claims import claims
from task1.config.published import Figure, published
from task1.errors import InputError

PATH = META / "published" / "quantization.yaml"


class Columns(Strict):
    """Of one paper: the table and its columns with accuracies before and after; the name of a claim about them."""

    table: str
    before: str
    after: str
    claim: str


class _Papers(RootModel[dict[str, Columns]]):
    pass


def quantized(entry: str) -> tuple[Columns, dict[str, tuple[Figure, Figure]]] | None:
    """Our model -> the printed accuracies before and after; None where the paper prints no such pair."""
    columns = load(_Papers, PATH).root.get(entry)
    if columns is None:
        return None
    printed = {(figure.row, figure.column): figure for figure in published(entry) if figure.table == columns.table}
    networks: Mapping[str, str] = read_yaml(META / "published" / "networks.yaml")[0].get(entry, {})
    pairs = {model: (printed[row, columns.before], printed[row, columns.after]) for row, model in networks.items()
             if {(row, columns.before), (row, columns.after)} <= printed.keys()}
    if not pairs or columns.claim not in claims(entry):
        raise InputError(f"{PATH}: {entry}: found no figures of table {columns.table} in these columns, or no claim "
                         f"{columns.claim}; expected what {entry}.csv and claims/{entry}.yaml have")
    return columns, pairs


def check_quantized() -> str:
    """Read all papers; a summary."""
    papers = load(_Papers, PATH).root
    pairs = [found[1] for paper in papers if (found := quantized(paper))]
    return f"{sum(map(len, pairs))} networks of {', '.join(papers)}, before and after"
