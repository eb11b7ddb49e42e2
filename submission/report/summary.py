"""The first section: what a person wants to know before anything else."""

from submission.report.blocks import Block, Cell, Figure, Figures, Paragraph, Section, Table, Tile, Tiles, Tone
from submission.report.dots import POINTS, Group, dot_plot
from submission.report.formats import METRICS, TITLES, Metric, count, figure, plain, score, shown, span
from submission.report.material import Material, Row
from task1.config import dataset

STATES = {"over": "over a limit", "warning": "within, see limits", "within": "within the limits",
          "unlimited": "no limits"}
TONES: dict[str, Tone] = {"over": "bad", "warning": "warn", "within": "good", "unlimited": ""}


def summary(material: Material) -> Section:
    blocks: list[Block] = [_tiles(material), *_cautions(material), _table(material)]
    if len(material.development) > 1:
        blocks.append(Figures([Figure(f"All systems: {TITLES[metric].lower()}", dot_plot(
            "All systems", metric, [Group(f"System {index}", [one.scores])
                                    for index, one in material.development.items()], ["all clips"]))
            for metric in METRICS], POINTS))
    corpora = [f"{dataset(name).title} ({name})" for name in (material.run.development, material.run.evaluation)]
    blocks += [Paragraph(f"Trained and scored on {corpora[0]}; output tables for {corpora[1]}."),
               Paragraph("Accuracy is the mean over scenes, log loss the mean over clips, both on the development test "
                         f"fold. {intervals(material)} Seen devices have training clips, unseen ones have none. Bytes "
                         "are those of all parameters in the type that they ship in, MACs by the "
                         f"{material.rules.macs.convention} convention. All digits are in scores/*.json.")]
    return Section("Summary", blocks, brief=True)


def intervals(material: Material, part: str = "development") -> str:
    """What the intervals are, or why there are none."""
    facts = material.documents["evaluation" if part == "evaluation" else "development"].get("intervals", {})
    if facts.get("reason") or "locations" not in facts:
        return f"No intervals: {facts.get('reason') or 'scored without'}."
    within = "within each scene" if facts["stratified_by"] == "scene" else "among all"
    return (f"Intervals hold {100 * facts['level']:g} % of {facts['resamples']:,} resamples of the "
            f"{facts['locations']} recording locations, drawn {within}.")


def state(record: Row) -> str:
    """The worst verdict on a system."""
    found = {verdict["state"] for verdict in record["verdicts"]}
    return next((name for name in STATES if name in found), "unlimited")


def _tiles(material: Material) -> Tiles:
    run, records = material.run, material.package["systems"]
    metrics = sorted(METRICS, key=material.rules.metrics.index) if len(material.rules.metrics) > 1 else list(METRICS)
    tiles = [tile for metric in metrics if (tile := _best(material, metric))]
    packed = [record for record in records if record["packaged"]] or records
    worst = next(name for name in STATES if name in {state(record) for record in packed})
    beyond = [str(record["index"]) for record in records if record not in packed and state(record) == "over"]
    errors = sum(finding["severity"] == "error" for finding in material.package["findings"])
    warnings = len(material.package["findings"]) - errors
    many = "warning" if warnings == 1 else "warnings"
    tiles += [Tile("Limits", STATES[worst], f"{_systems(len(packed))}, edition {run.edition}"
                   + (f"; over and not in the package: {', '.join(beyond)}" if beyond else ""), TONES[worst]),
              Tile("Package", f"{errors} errors" if errors else f"valid, {warnings} {many}" if warnings else "valid",
                   material.package["package"], "bad" if errors else "warn" if warnings else "good")]
    return Tiles(tiles)


def _systems(number: int) -> str:
    return f"{number} system{'' if number == 1 else 's'}"


def _best(material: Material, metric: Metric) -> Tile | None:
    """The system that is best by a metric."""
    known = [(value, index) for index, one in material.development.items()
             if (value := figure(one.scores, metric)) is not None]
    if not known:
        return None
    value, index = (max if metric == "accuracy" else min)(known, key=lambda pair: pair[0])
    unit = " %" if metric == "accuracy" else ""
    interval = span(material.development[index].scores, metric)
    of = "Best " if len(known) > 1 else ""
    name = {"accuracy": "accuracy", "log_loss": "log loss"}[metric]
    told = [f"system {index}"] if len(known) > 1 else []
    return Tile(f"{of}{name}".capitalize(), f"{shown(metric, value)}{unit}",
                ", ".join(told + ([f"95 %: {interval}"] if interval else [])))


def _cautions(material: Material) -> list[Paragraph]:
    """What has to be said beside the figures."""
    said = []
    heard = [f"system {index}" for index, system in material.run.systems.items()
             if any(map(material.run.has_heard_test, system.models))]
    if heard:
        said.append(Paragraph("Learned from clips of the test fold, by itself or through a teacher: "
                              f"{', '.join(heard)}. Their scores there do not say how they do on unheard clips.",
                              "bad"))
    if any(one.deviations for one in material.development.values()):
        said.append(Paragraph("Parts of the recipe were not executed:", "warn", CHANGES))
    return said


CHANGES = "Not executed, or changed against the published recipe"


def _table(material: Material) -> Table:
    rows = []
    for index, one in material.development.items():
        record, pools = material.recorded(index), one.scores["device_groups"]
        told = state(record)
        size = next((verdict["value"] for verdict in record["verdicts"] if verdict["quantity"] == "size"), None)
        packaged = "" if record["packaged"] else "not in the package"
        rows.append([Cell(f"System {index}", small=material.models_of(index)), score(one.scores, "accuracy"),
                     score(one.scores, "log_loss"), plain(pools.get("seen"), "accuracy"),
                     plain(pools.get("unseen"), "accuracy"), count(record["parameters"]), count(record["bytes"]),
                     count(record["macs"]), Cell(STATES[told], small=packaged or _size(size), tone=TONES[told])])
    return Table("Systems on the development test fold", [
        "System", "Accuracy, %", "Log loss", "Acc. seen devices", "Acc. unseen devices", "Parameters", "Bytes", "MACs",
        "Verdict"], rows)


def _size(size: int | None) -> str:
    return "" if size is None else f"{size:,} counted"
