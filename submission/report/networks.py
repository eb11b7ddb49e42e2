"""Sections about networks: complexity against limits, counts, int8, learning curves, and every model by itself."""

from collections.abc import Callable, Mapping
from typing import Any

from submission.report.bars import Use, form_bars, limit_bars
from submission.report.blocks import Block, Cell, Figure, Figures, Paragraph, Section, Table, Tone
from submission.report.curves import learning_curve
from submission.report.formats import NOTHING, count, score
from submission.report.material import Material, Model, Row
from submission.results import OVERALL
from task1.compress.compare import FORMS
from task1.compress.compare_table import AGREEMENT, warnings
from task1.config.claims import claims
from task1.config.quantized import quantized

VERDICTS: Mapping[str, tuple[str, Tone]] = {"within": ("within", "good"), "warning": ("within, see words", "warn"),
                                            "over": ("OVER", "bad"), "unlimited": ("no limit", "")}
QUANTITIES = {"size": "Size", "macs": "MACs"}
POOLS = (("device-group", "seen"), ("device-group", "unseen"))
ROLES = {"system": "in a system", "teacher": "teacher", "baseline": "baseline", "ablation": "ablation"}


def limits(material: Material) -> Section:
    """What every system takes of what the edition allows."""
    found = [(record, verdict) for record in material.package["systems"] for verdict in record["verdicts"]]
    figures = []
    for quantity, title in QUANTITIES.items():
        uses = [Use(f"System {record['index']}", verdict["value"], verdict["limit"],
                    f"System {record['index']}: {verdict['sentence']}") for record, verdict in found
                if verdict["quantity"] == quantity and verdict["limit"]]
        if uses:
            name = f"{title} of every system against the limit of {uses[0].limit:,}"
            figures.append(Figure(name, limit_bars(name, uses)))
    rows = []
    for record, verdict in found:
        word, tone = VERDICTS[verdict["state"]]
        limit = verdict["limit"]
        rows.append([Cell(f"System {record['index']}", small=record["label"]), Cell(QUANTITIES[verdict["quantity"]]),
                     count(verdict["value"]), NOTHING if limit is None else count(limit),
                     NOTHING if limit is None else Cell(f"{100 * verdict['value'] / limit:.1f} %",
                                                        verdict["value"] / limit),
                     Cell(word, tone=tone), Cell(verdict["sentence"])])
    blocks: list[Block] = [Figures(figures)] if figures else []
    return Section("Complexity against limits", [*blocks, Table(
        f"Every system against the limits of edition {material.rules.name}",
        ["System", "Quantity", "Value", "Limit", "Of the limit", "Verdict", "In words"], rows)], brief=True)


def counts(material: Material) -> Section:
    """How large the networks of the systems are, by every convention."""
    columns: list[tuple[str, Callable[[Row], Any]]] = [
        ("Parameters", lambda m: m["parameters"]), ("Non-zero", lambda m: m["non_zero"]),
        ("In the state dict", lambda m: m["state_entries"]), ("Bytes", lambda m: m["bytes"]),
        ("MACs, torchinfo", lambda m: m["macs"]["torchinfo"]), ("MACs, thop", lambda m: m["macs"]["thop"]),
        ("MACs, executed", lambda m: m["executed_macs"]),
        ("Peak activations, bytes", lambda m: m["peak_activation_bytes"])]
    rows = [[Cell(member["model"], small=member["weights"]), *(count(value(member)) for _, value in columns)]
            for member in material.members]
    return Section("Networks", [
        Paragraph("Counted on the float network for one clip. Executed are the multiply-accumulates of convolutions "
                  "and matrix products that PyTorch's own counter sees; activations are float32, operation by "
                  "operation. The conventions: task1 complexity --help."),
        Table("Networks of the systems, by every convention", ["Model", *(name for name, _ in columns)], rows)])


def quantization(material: Material) -> Section | None:
    """Float, simulated and executed int8, and what the paper prints of it."""
    ships = [name for name, model in material.models.items() if model.recipe.compression.weights == "int8"]
    if not ships:
        return None
    title = "Float and int8"
    if material.quantization is None:
        return Section(title, [Paragraph(f"{', '.join(ships)}: int8. How it compares with the float network has not "
                                         "been measured in this run: task1 quantization does it.", "warn")])
    models = material.quantization["models"]
    paper = quantized(material.quantization["entry"])
    pairs = paper[1] if paper else {}
    rows = []
    for row in models:
        lost = 100 * (row["before"]["accuracy"] - row["executed"]["accuracy"])
        pair = pairs.get(row["model"])
        floats = sum(row["float_operations"].values())
        printed = [NOTHING] * 3 if pair is None else [
            *(Cell(figure.as_printed, figure.value) for figure in pair),
            Cell(f"{pair[0].value - pair[1].value:.1f}", pair[0].value - pair[1].value)]
        rows.append([Cell(row["model"], small="" if row["cut"] == "-" else f"{row['cut']} blocks cut"),
                     *(Cell(f"{100 * row[form]['accuracy']:.1f}", row[form]["accuracy"],
                            f"log loss {row[form]['log_loss']:.3f}") for form in FORMS),
                     Cell(f"{lost:.1f}", lost),
                     Cell(f"{100 * row['agreement']:.1f}", row["agreement"],
                          tone="" if row["agreement"] >= AGREEMENT else "bad"),
                     Cell(f"{floats}", floats, tone="bad" if floats else ""), count(row["file_bytes"]), *printed])
    figure = form_bars("Accuracy before quantisation, simulated and executed", [
        (row["model"], [100 * row[form]["accuracy"] for form in FORMS]) for row in models], FORMS)
    blocks: list[Block] = [
        Paragraph("Before: the float network. Simulated: integers in floating point, as the training saw them. "
                  "Executed: model.onnx, on integers, by ONNX Runtime. Development test fold."),
        Figures([Figure("Accuracy of the three forms", figure)]),
        Table("Float, simulated and executed int8; accuracy in percent",
              ["Model", *(form.capitalize() for form in FORMS), "Points lost", "Decisions alike, %", "Float operations",
               "Bytes of the file", "Paper: float", "Paper: int8", "Paper: lost"], rows)]
    blocks += [Paragraph(sentence, "bad") for sentence in warnings(material.quantization)]
    blocks += [Paragraph(f"{row['model']}: before is {row['before_is']}"
                         + (f" (epoch {row['before_epoch']})." if row["before_epoch"] else ".")) for row in models]
    if paper:
        claim = claims(material.quantization["entry"])[paper[0].claim]
        blocks.append(Paragraph(f"The paper ({claim.where}) says: {claim.says}. {other_recordings(material)}"))
    return Section(title, blocks)


def other_recordings(material: Material) -> str:
    """How printed scores compare with this run's."""
    if material.run.embedded:
        return ("Printed scores are on TAU's recordings, this run's on synthetic ones: they cannot be compared, only "
                "their form can.")
    return f"Printed scores are the paper's; this run's are on {material.run.development}."


def learning(material: Material) -> Section | None:
    figures = []
    for model in material.models.values():
        if model.history:
            title = f"{model.name} ({ROLES[model.recipe.role]}), {_epochs(len(model.history))}"
            figures.append(Figure(title, learning_curve(title, model.history), _kept(model)))
    if not figures:
        return None
    return Section("Learning curves", [Figures(
        figures, "Loss is what the training minimised (all its terms), as a mean over clips; the validation loss is "
                 "that of scenes. Training clips are augmented, so their accuracy can lie below that of validation "
                 "clips.")])


def _epochs(number: int) -> str:
    return f"{number:,} epoch{'' if number == 1 else 's'}"


def _kept(model: Model) -> str:
    kept = (model.facts.get("kept") or {}).get("epoch")
    averaged = model.facts.get("weights_of", "epoch") != "epoch"
    which = str(model.facts["weights_of"]) if averaged else f"epoch {kept}" if kept else ""
    clips = model.facts.get("clips", {})
    told = [f"Kept: {which}." if which else "", f"Learned from {clips['train']:,} clips" if "train" in clips else "",
            f", {clips['copies']:,} copies" if clips.get("copies") else "",
            f", {clips['validation']:,} held back" if clips.get("validation") else "", "." if "train" in clips else ""]
    return told[0] + (" " if told[0] else "") + "".join(told[1:])


def every_model(material: Material) -> Section | None:
    """Teachers, baselines and ablations beside the systems' members, each scored by itself."""
    if len(material.models) < 2:
        return None
    rows, missing = [], []
    for model in material.models.values():
        systems = [str(index) for index, system in material.run.systems.items() if model.name in system.models]
        heard = material.run.has_heard_test(model.name)
        scored = material.results.models.get(model.name)
        groups = scored.groups if scored else {}
        if not scored:
            missing.append(model.name)
        nodes = [groups[key].node if key in groups else None for key in (OVERALL, *POOLS)]
        rows.append([Cell(model.name, small="heard the test fold" if heard else "", tone="bad" if heard else ""),
                     Cell(ROLES[model.recipe.role]), Cell(", ".join(systems) or "-"),
                     Cell(", ".join(model.recipe.teachers) or "-"), Cell(model.recipe.compression.weights),
                     score(nodes[0], "accuracy"), score(nodes[0], "log_loss"), score(nodes[1], "accuracy"),
                     score(nodes[2], "accuracy")])
    blocks: list[Block] = [Table("Every network of the run on the development test fold", [
        "Model", "Role", "Systems", "Learns from", "Weights", "Accuracy, %", "Log loss", "Acc. seen devices",
        "Acc. unseen devices"], rows)]
    if missing:
        blocks.append(Paragraph(f"Not scored by itself in this run: {', '.join(missing)} "
                                "(task1 score --run RUN --model NAME).", "warn"))
    if any(map(material.run.has_heard_test, material.models)):
        blocks.append(Paragraph("Who heard the test fold learned from its clips, by itself or through a teacher: its "
                                "scores there do not say how it does on unheard clips.", "bad"))
    return Section("Teachers, baselines, ablations", blocks)
