"""Where everything comes from: what was not done, the package, files beside the page, versions, commands to repeat."""

import os
import platform
import shlex
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from submission.energy import system_energies
from submission.package import TECHNICAL_REPORT
from submission.recipe_changes import recipe_changes
from submission.report.blocks import Block, Cell, Commands, File, Files, Items, Paragraph, Section, Table
from submission.report.material import Material
from submission.report.summary import CHANGES

LIBRARIES = ("torch", "numpy", "scipy", "pandas", "h5py", "soundfile", "soxr", "librosa", "scikit-learn", "onnx",
             "onnxruntime", "snakemake", "matplotlib")
DIGEST = 16


def changes(material: Material) -> Section:
    items = [f"System {index}: {text}" for index, one in material.development.items() for text in one.deviations]
    items += recipe_changes(material.run)
    if not (material.at.report / TECHNICAL_REPORT).exists():
        items.append("Technical report as PDF: not there; the package has none.")
    energy = [f"Energy of system {index}: {key.replace('_', ' ')} {value:.4g} kWh. {one.notes.get(key, '')}"
              for index, one in system_energies(material.at, material.run).items()
              for key, value in one.kwh.items() if value is not None]
    items += [] if energy else ["Energy consumption: not measured."]
    blocks: list[Block] = [Items(items)] if items else [Paragraph("Nothing: the recipe was executed as published.")]
    blocks += [Items(energy)] if energy else []
    return Section(CHANGES, blocks, brief=True)


def package(material: Material) -> Section:
    record = material.package
    items = [f"{record['package']}, SHA-256 {record['sha256']}", f"{record['clips']:,} clips in every output table"]
    items += [f"{system['label']} is not in the package: {system['left_out']}" for system in record["systems"]
              if not system["packaged"]]
    items += [f"{finding['severity']}: {finding['where']}: {finding['message']}" for finding in record["findings"]]
    if not record["findings"]:
        items.append("Checked right after writing: nothing found.")
    return Section("Package", [Items(items)], brief=True)


def files(material: Material) -> Section | None:
    """What lies beside the page: links work as long as it stays in its folder."""
    at = material.at
    listed = [File("The package", {material.package["package"]: f"../submission/{material.package['package']}"}),
              File("Technical report", {TECHNICAL_REPORT: TECHNICAL_REPORT}),
              File("All scores, with all digits", {path.stem: f"../scores/{path.name}" for path in
                                                   sorted(at.scores(0, "development").parent.glob("*.json"))}),
              *(File(f"{item.title} ({item.kind})", {form.upper(): file for form, file in item.files.items()})
                for item in material.items)]
    # paths normalised, since the report's folder need not be there yet
    there = [File(file.title, {form: target for form, target in file.forms.items()
                               if Path(os.path.normpath(at.report / target)).is_file()}) for file in listed]
    found = [file for file in there if file.forms]
    if not found:
        return None
    made = [] if material.items else [Paragraph("Figures and tables for papers were not made: submission figures "
                                                "makes them.")]
    return Section("Files", [Paragraph("In the run's folder; these links work as long as this page stays there."),
                             Files(found), *made])


def provenance(material: Material) -> Section:
    rows = [["Python", platform.python_version()], ["System", f"{platform.system()} {platform.machine()}"]]
    rows += [[name, _version(name)] for name in ("task1", *LIBRARIES)]
    for name, model in material.models.items():
        made = model.facts.get("made_with")
        rows.append([f"Seed of {name}", str(model.recipe.training.seed)])
        if made:
            rows.append([f"{name} was trained with", ", ".join(f"{key} {made[key]}" for key in sorted(made))])
    rows += [[f"Weights of {member['model']}, SHA-256", member["sha256"][:DIGEST]] for member in material.members]
    rows += [[f"Development table of system {index}, SHA-256", one.table_digest[:DIGEST]]
             for index, one in material.development.items()]
    rows += [[f"List of true scenes, {part}, SHA-256", f"{document['truth']['sha256'][:DIGEST]} "
              f"({document['truth']['file']})"] for part, document in material.documents.items() if "truth" in document]
    return Section("Provenance", [
        Paragraph(f"Versions are those that wrote this page. Digests: first {DIGEST} digits."),
        Table("Versions, seeds and digests", ["What", "Which"], [[Cell(what), Cell(which)] for what, which in rows])],
        brief=True)


def repeat(material: Material) -> Section:
    run, folder = material.run, shlex.quote(material.folder)
    single = [f"python -m task1 score --run {folder} --system {index} --part development" for index in run.systems]
    return Section("To repeat", [
        Paragraph("The whole run, then the scores, the package and this page alone:"),
        Commands([shlex.join(run.command), *single, f"python -m submission package --run {folder}",
                  f"python -m submission report --run {folder}"])], brief=True)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
