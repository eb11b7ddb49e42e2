"""Tables of a technical report, from the scores of a run: LaTeX (booktabs), Markdown, CSV and JSON.

`make(run_folder)` writes RUN/report/tables and returns one `Item` a table (submission/items.py), one without files for
a table whose scores are not there. Tables that the recipe gives no reason for (ablations of an entry without any) are
no items.
"""

from pathlib import Path

from submission.items import TABLES, Item
from submission.results import Results
from submission.tables import networks, scored
from submission.tables.grid import Table, forms
from task1.files import write_text


def make(run_folder: Path, results: Results | None = None) -> list[Item]:
    """Write every table that the run has scores for."""
    results = results or Results.of(run_folder)
    roles = {recipe.role for recipe in results.run.models.values()}
    wanted: dict[str, Table | str] = {
        "scenes_accuracy": scored.by_scene(results, "accuracy"),
        "scenes_log_loss": scored.by_scene(results, "log_loss"),
        "devices_accuracy": scored.by_device(results, "accuracy"),
        "devices_log_loss": scored.by_device(results, "log_loss"),
        "networks": networks.complexity(results),
    }
    if "baseline" in roles:
        wanted["comparison"] = networks.comparison(results)
    if "ablation" in roles:
        wanted["ablation"] = networks.ablation(results)
    if any(recipe.compression.weights == "int8" for recipe in results.run.models.values()):
        wanted["quantization"] = networks.quantization(results)
    wanted["variants"] = scored.by_variant(results, run_folder)
    return [_item(results, name, table) for name, table in wanted.items()]


def _item(results: Results, name: str, table: Table | str) -> Item:
    if isinstance(table, str):
        return Item(name, "table", name.replace("_", " ").capitalize(), "", missing=table)
    files = {}
    for form, text in forms(table, results.corpus, results.run.development, results.run.embedded).items():
        files[form] = f"{TABLES}/{name}.{form}"
        write_text(results.layout.report / files[form], text)
    return Item(name, "table", table.title, f"{table.caption} {results.corpus}.", files, table.made_from)
