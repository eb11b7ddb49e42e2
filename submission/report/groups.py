"""Scores of one part by device, scene, both, decided scene and confidence: the same sections for both parts.

Inputs: the scores of every system. Groups that no clip belongs to are left out; a part without known devices (or
scenes' devices) has no such section.
"""

from collections.abc import Mapping, Sequence

from submission.report.blocks import Block, Cell, Details, Figure, Figures, Paragraph, Section, Table
from submission.report.curves import reliability
from submission.report.dots import POINTS, Group, dot_plot
from submission.report.formats import METRICS, NOTHING, TITLES, Metric, Node, count, figure, pretty, score, sentence
from submission.report.matrices import Share, grid
from submission.systems import Scored
from task1.config import taxonomy

AVERAGES = {"all": "mean of all devices", "real_seen": "mean, real seen", "real_unseen": "mean, real unseen",
            "simulated_seen": "mean, simulated seen", "simulated_unseen": "mean, simulated unseen"}
Parts = Mapping[int, Scored]


def devices(name: str, scored: Parts) -> Section | None:
    """Pools of seen and unseen devices, then each device."""
    known = [device for kind in taxonomy().devices.values() for device in kind]
    present = _present(scored, "device_wise", known)
    if not present:
        return None
    pools = [pool for pool in ("seen", "unseen") if any(pool in one.scores["device_groups"] for one in scored.values())]
    rows = [(f"{pool} devices", [one.scores["device_groups"].get(pool) for one in scored.values()]) for pool in pools]
    each = [(device, [one.scores["device_wise"].get(device) for one in scored.values()]) for device in present]
    means = [(AVERAGES[key], [one.scores["device_averages"].get(key) for one in scored.values()]) for key in AVERAGES
             if any(key in one.scores["device_averages"] for one in scored.values())]
    groups = [Group(*row) for row in rows] + [Group(device, nodes, apart=number == 0)
                                             for number, (device, nodes) in enumerate(each)]
    blocks: list[Block] = [
        Paragraph(f"Scores on the {name}. Seen devices have training clips, unseen ones have none: their pools are "
                  "over clips. Means of devices count every device alike, as papers print them.")]
    blocks += [_figures("By device", groups, scored)]
    blocks += [_table(f"{TITLES[metric]} by device, {name}", "Device", metric, [*rows, *each, *means], scored)
               for metric in METRICS]
    if len(pools) == 2:
        blocks.insert(1, _gap(name, scored))
    return Section("By device", blocks, brief=True)


def _gap(name: str, scored: Parts) -> Table:
    rows = []
    for index, one in scored.items():
        seen, unseen = (one.scores["device_groups"].get(pool) for pool in ("seen", "unseen"))
        values = [figure(node, metric) for metric in METRICS for node in (seen, unseen)]
        gaps = [None if a is None or b is None else b - a for a, b in zip(values[::2], values[1::2], strict=True)]
        rows.append([Cell(f"System {index}"), score(seen, "accuracy"), score(unseen, "accuracy"),
                     NOTHING if gaps[0] is None else Cell(f"{100 * gaps[0]:+.1f}", gaps[0]),
                     score(seen, "log_loss"), score(unseen, "log_loss"),
                     NOTHING if gaps[1] is None else Cell(f"{gaps[1]:+.3f}", gaps[1])])
    return Table(f"Seen and unseen devices, {name}", ["System", "Accuracy seen, %", "Accuracy unseen, %", "Difference",
                                                      "Log loss seen", "Log loss unseen", "Difference of log loss"],
                 rows)


def scenes(name: str, scored: Parts) -> Section:
    """Each scene, and the three super-classes."""
    present = _present(scored, "class_wise", taxonomy().scenes)
    each = [(pretty(scene), [one.scores["class_wise"][scene] for one in scored.values()]) for scene in present]
    wide = [group.name for group in taxonomy().super_classes]
    supers = [[Cell(f"System {index}"), _share(one.scores["super_classes"]),
               *(_share(one.scores["super_classes"]["class_wise"].get(group)) for group in wide)]
              for index, one in scored.items()]
    return Section("By scene", [
        Paragraph(f"Scores on the {name}."),
        _figures("By scene", [Group(*row) for row in each], scored),
        *(_table(f"{TITLES[metric]} by scene, {name}", "Scene", metric, each, scored) for metric in METRICS),
        Paragraph("Super-classes: a decision for any scene of the right super-class is right."),
        Table(f"Accuracy in percent over super-classes, {name}", ["System", "All three", *wide], supers)])


def _share(node: Node) -> Cell:
    value = figure(node, "accuracy")
    return NOTHING if value is None else Cell(f"{100 * value:.1f}", value)


def scenes_on_devices(name: str, scored: Parts) -> Section | None:
    known = [device for kind in taxonomy().devices.values() for device in kind]
    columns = _present(scored, "device_wise", known)
    rows = _present(scored, "class_wise", taxonomy().scenes)
    if not columns:
        return None
    figures = []
    for index, one in scored.items():
        table = one.scores["class_device_wise"]
        shares = [[Share(figure(node := table[scene].get(device), "accuracy"),
                         sentence(f"{pretty(scene)} on {device}", node, "accuracy")) for device in columns]
                  for scene in rows]
        title = f"System {index}: accuracy of each scene on each device"
        drawing = grid(title, [pretty(scene) for scene in rows], columns, shares, "device", zeros=True)
        figures.append(Figure(title, drawing))
    clips = [node["clips"] for one in scored.values() for line in one.scores["class_device_wise"].values()
             for node in line.values() if node["clips"]]
    rests = f"{min(clips)}" if min(clips) == max(clips) else f"{min(clips)} to {max(clips)}"
    few = (f" A cell rests on {rests} clip{'' if max(clips) == 1 else 's'}: small differences mean nothing."
           if min(clips) < 30 else "")
    return Section("Scene by device", [
        Figures(figures, f"Percent of the clips of the {name} decided rightly.{few}"),
        Details("The same as tables", [_cross(index, one, rows, columns, name) for index, one in scored.items()])])


def _cross(index: int, one: Scored, rows: Sequence[str], columns: Sequence[str], name: str) -> Table:
    table = one.scores["class_device_wise"]
    return Table(f"System {index}: accuracy in percent of each scene on each device, {name}", ["Scene", *columns],
                 [[Cell(pretty(scene)), *(_share(table[scene].get(device)) for device in columns)] for scene in rows])


def confusion(name: str, scored: Parts) -> Section:
    figures, tables = [], []
    for index, one in scored.items():
        names = [pretty(scene) for scene in one.scores["confusion"]["scenes"]]
        counts = one.scores["confusion"]["true_by_decided"]
        shares = [[_confused(true, decided, clips, sum(row)) for decided, clips in zip(names, row, strict=True)]
                  for true, row in zip(names, counts, strict=True)]
        title = f"System {index}: true scenes (rows) and decided ones (columns)"
        figures.append(Figure(title, grid(title, names, names, shares, "decided")))
        tables.append(Table(f"System {index}: clips by true scene (rows) and decided scene (columns), {name}",
                            ["True scene", *names],
                            [[Cell(true), *map(count, row)] for true, row in zip(names, counts, strict=True)]))
    return Section("Confusion", [
        Figures(figures, f"Percent of the clips of a true scene (row) that were decided as each scene (column), "
                         f"{name}."),
        Details("Numbers of clips, as tables", tables)])


def _confused(true: str, decided: str, clips: int, total: int) -> Share:
    if not total:
        return Share(None, f"{true}: no clips")
    return Share(clips / total, f"{true} decided as {decided}: {clips:,} of {total:,} clips ({100 * clips / total:.1f} "
                                "%)")


def calibration(name: str, scored: Parts) -> Section:
    figures, rows = [], []
    for index, one in scored.items():
        facts = one.scores["calibration"]
        error, table = facts["expected_calibration_error"], facts["reliability"]
        title = f"System {index}: how often a confidence is right"
        figures.append(Figure(title, reliability(title, table), f"Expected calibration error {100 * error:.1f} %."))
        sure = sum(clips * mean for clips, mean in zip(table["clips"], table["confidence"], strict=True) if clips)
        right = sum(clips * mean for clips, mean in zip(table["clips"], table["accuracy"], strict=True) if clips)
        total = sum(table["clips"]) or 1
        over = 100 * (sure - right) / total
        rows.append([Cell(f"System {index}"), Cell(f"{100 * error:.1f}", error),
                     Cell(f"{100 * sure / total:.1f}", sure), Cell(f"{100 * right / total:.1f}", right),
                     Cell(f"{over:+.1f}", over)])
    return Section("Calibration", [
        Paragraph("Points above the dashed line are decisions more often right than the system was sure, points below "
                  "it less often. The error is the mean distance from the line, bins weighing as many clips as they "
                  "have."),
        Figures(figures, f"15 bins of equal width; the bars below count the clips of a bin. {name.capitalize()}."),
        Table(f"Calibration, {name}", ["System", "Expected calibration error, %", "Mean confidence, %",
                                       "Clips right, %", "Confidence over accuracy"], rows)])


def evaluation(scored: Parts, said: str, is_embedded: bool) -> Section:
    """All of the evaluation set in one section, folded away."""
    title, name = "Evaluation set", "evaluation set"
    if not scored:
        why = ("It has not been scored in this run, or not for every system." if is_embedded else
               "Its true scenes are not public, so there are no scores: only the organisers know them.")
        return Section(title, [Paragraph(why)])
    parts = [devices(name, scored), scenes(name, scored), scenes_on_devices(name, scored), confusion(name, scored),
             calibration(name, scored)]
    overall = Table("Systems on the evaluation set", ["System", "Accuracy, %", "Log loss", "Clips"],
                    [[Cell(f"System {index}"), *(score(one.scores, metric) for metric in METRICS),
                      count(one.scores["clips"])] for index, one in scored.items()])
    return Section(title, [
        Paragraph(f"Clips that no recipe may be chosen by. {said}"), overall,
        *(Details(f"{part.title}, {name}", part.blocks) for part in parts if part)], brief=True)


def _present(scored: Parts, block: str, names: Sequence[str]) -> list[str]:
    """The groups that some system was scored on, in the taxonomy's order."""
    return [name for name in names if any(name in one.scores[block] and one.scores[block][name]["clips"]
                                          for one in scored.values())]


def _figures(title: str, groups: Sequence[Group], scored: Parts) -> Figures:
    series = [f"System {index}" for index in scored]
    return Figures([Figure(f"{title}: {TITLES[metric].lower()}", dot_plot(title, metric, groups, series))
                    for metric in METRICS], POINTS)


def _table(caption: str, first: str, metric: Metric, rows: Sequence[tuple[str, Sequence[Node]]], scored: Parts
           ) -> Table:
    cells = [[Cell(name), count(clips) if (clips := _clips(nodes)) is not None else NOTHING,
              *(score(node, metric) for node in nodes)] for name, nodes in rows]
    return Table(caption, [first, "Clips", *(f"System {index}" for index in scored)], cells)


def _clips(nodes: Sequence[Node]) -> int | None:
    return next((node["clips"] for node in nodes if node and "clips" in node), None)
