"""Sound packages of all editions have no findings; each broken one, with a single fault, has the one that names it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from submission.validate import Report, validate_package
from task1.config import edition, names

CLIPS = ["0.wav", "1.wav", "2.wav"]
LABEL = "Doe_INST_task1_1"
FOLDER = f"task1/{LABEL}"
OUTPUT, META = f"{FOLDER}/{LABEL}.output.csv", f"{FOLDER}/{LABEL}.meta.yaml"
REPORT = "task1/Doe_INST_task1.technical_report.pdf"
Members = dict[str, bytes]
Change = Callable[[Members], Members]
ACCURACY = "results.development_dataset.overall.accuracy"
LOSS = "results.development_dataset.overall.logloss"


@pytest.fixture
def validated(tmp_path: Path, zipped: Any) -> Callable[..., Report]:
    def run(members: Members, year: str | None = "2023", clips: list[str] | None = CLIPS) -> Report:
        path = tmp_path / "package.zip"
        path.write_bytes(zipped(members))
        return validate_package(path, edition(year) if year else None, clips)

    return run


@pytest.mark.parametrize("year", names("editions"))
def test_a_sound_package_of_every_edition_has_no_findings(make_members: Any, validated: Any, year: str) -> None:
    report = validated(make_members(year, 4), year)
    assert [str(one) for one in report.findings] == []
    assert len(report.labels) == 4


@pytest.mark.parametrize("year", names("editions"))
def test_the_edition_is_guessed_and_its_number_of_rows_expected(make_members: Any, validated: Any, year: str) -> None:
    report = validated(make_members(year, 1, edition(year).output_rows), None, None)
    assert (report.rules.name, report.guessed, report.findings) == (year, True, ())
    assert f"edition {year} (guessed" in report.summary


def test_a_table_of_another_length_is_an_error(make_members: Any, validated: Any) -> None:
    errors = validated(make_members(), clips=None).errors
    assert {one.found for one in errors} == {"118,797 of 118,800 clips missing (first: 10.wav, 100.wav, 1000.wav)"}


def text(name: str, old: str, new: str, count: int = -1) -> Change:
    def change(members: Members) -> Members:
        assert old in members[name].decode()
        return members | {name: members[name].decode().replace(old, new, count).encode()}
    return change


def meta(path: str, value: Any) -> Change:
    def change(members: Members) -> Members:
        content = yaml.safe_load(members[META])
        holder = content
        *parents, last = path.split(".")
        for part in parents:
            holder = holder[int(part) if part.isdigit() else part]
        if value is ...:
            del holder[last]
        else:
            holder[last] = value
        return members | {META: yaml.safe_dump(content).encode()}
    return change


def replaced(name: str, content: bytes) -> Change:
    return lambda members: members | {name: content}


def without(*names: str) -> Change:
    return lambda members: {name: content for name, content in members.items() if name not in names}


def moved(old: str, new: str) -> Change:
    return lambda members: {name.replace(old, new): content for name, content in members.items()}


BROKEN: dict[str, tuple[Change, str]] = {
    # rows
    "clip not evaluated": (text(OUTPUT, "0.wav", "7.wav"), "row 2: file 7.wav is not in the list of clips"),
    "clip missing": (text(OUTPUT, "0.wav", "7.wav"), "1 of 3 clips missing (first: 0.wav); expected every clip"),
    "clip twice": (text(OUTPUT, "1.wav", "0.wav"), "row 3: file 0.wav stands in row 2 already"),
    "stem no number": (text(OUTPUT, "1.wav", "one.wav"), "row 3: file one.wav is not in the list of clips"),
    "extension": (text(OUTPUT, "1.wav", "1.flac"), "row 3: file 1.flac is not in the list of clips"),
    "columns permuted": (lambda members: members | {OUTPUT: _permuted(members[OUTPUT])},
                         "warning: task1/Doe_INST_task1_1/Doe_INST_task1_1.output.csv, row 1: columns in another"),
    "column missing": (text(OUTPUT, "\ttram\n", "\n", 1), "error: task1/Doe_INST_task1_1/Doe_INST_task1_1.output.csv, "
                       "row 1: missing column 'tram'; expected filename"),
    "no header": (lambda members: members | {OUTPUT: members[OUTPUT].split(b"\n", 1)[1]},
                  "row 1: '0.wav' where the header should be"),
    "commas": (text(OUTPUT, "\t", ","), "row 1: columns separated by commas; expected filename"),
    "byte-order mark": (text(OUTPUT, "filename", "\ufefffilename"), "output.csv: begins with a byte-order mark"),
    "unknown scene": (text(OUTPUT, "0.wav\tbus", "0.wav\tbeach"), "row 2: scene_label 'beach'; expected one of"),
    "other decision": (text(OUTPUT, "0.wav\tbus", "0.wav\ttram"), "row 2: scene_label tram has probability 0.05, but"),
    "not a number": (text(OUTPUT, "0.55", "nan", 1), "row 2: 'nan' for bus; expected a probability from 0 to 1"),
    "infinite": (text(OUTPUT, "0.55", "inf", 1), "row 2: 'inf' for bus"),
    "negative": (text(OUTPUT, "0.55", "-0.55", 1), "row 2: '-0.55' for bus"),
    "above one": (text(OUTPUT, "0.55", "1.55", 1), "row 2: probabilities of sum 2;"),
    "sum": (text(OUTPUT, "0.55", "0.75", 1), "row 2: probabilities of sum 1.2; expected 1 (within 0.01)"),
    "word": (text(OUTPUT, "0.55", "much", 1), "row 2: 'much' for bus; expected a probability"),
    "field missing": (text(OUTPUT, "\t0.05\n", "\n", 1), "row 2: 11 columns; expected 12 fields with TABs"),
    "field too much": (text(OUTPUT, "\t0.05\n", "\t0.05\t\n", 1), "row 2: 13 columns; expected 12 fields"),
    "table empty": (replaced(OUTPUT, b""), "output.csv: empty; expected a header and one row a clip"),
    "table latin-1": (lambda members: members | {OUTPUT: members[OUTPUT].replace(b"1.wav", b"\xe9.wav")},
                      "row 3: not UTF-8 text (byte 1 of the row); expected UTF-8"),
    "same table twice": (lambda members: members | {OUTPUT: members[OUTPUT.replace("task1_1", "task1_2")]},
                         "Doe_INST_task1_2.output.csv: the table of Doe_INST_task1_1 again"),
    # meta: presence and types
    "no such key": (meta("system.description.framework", ...), "error: " + META + ", system.description.framework: "
                    "no such key; expected a text"),
    "block missing": (meta("system.complexity", ...), "system.complexity.macs: no such key"),
    "block null": (meta("submission", None), "submission.label: no such key"),
    "class missing": (meta("results.development_dataset.class_wise.tram", ...), "class_wise.tram: no such key"),
    "class null": (meta("results.development_dataset.class_wise.tram", None),
                   "error: " + META + ", results.development_dataset.class_wise.tram: null"),
    "device missing": (meta("results.development_dataset.device_wise.s6.logloss", ...),
                       "device_wise.s6.logloss: no such key; expected a number"),
    "device no block": (meta("results.development_dataset.device_wise.s4", 1),
                        "device_wise.s4: 1; expected a block of keys"),
    "result null": (meta(ACCURACY, None), f"warning: {META}, {ACCURACY}: null; expected a number"),
    "result a word": (meta(ACCURACY, "good"), f"error: {META}, {ACCURACY}: 'good'; expected a number"),
    "result in quotes": (meta(ACCURACY, "50.0"),
                         f"warning: {META}, {ACCURACY}: '50.0'; expected a number without"),
    "count null": (meta("system.complexity.total_parameters", None), "error: " + META + ", system.complexity."
                   "total_parameters: null; expected a whole number"),
    "count a word": (meta("system.complexity.macs", "many"), "system.complexity.macs: 'many'; expected a whole"),
    "count true": (meta("system.complexity.macs", True), "system.complexity.macs: True; expected a whole number"),
    "count broken": (meta("system.complexity.macs", 1.5), "system.complexity.macs: 1.5; expected a whole number"),
    "text a number": (meta("system.source_code", 5),
                      "warning: " + META + ", system.source_code: 5; expected a text"),
    "text empty": (meta("system.description.framework", " "),
                   "framework: ' '; expected a text that is not empty"),
    "energy key": (meta("system.energy_consumption.inference", ...), "warning: " + META + ", system.energy_consumption."
                   "inference: no such key; expected a number or !!null"),
    "energy block": (meta("system.energy_consumption", ...),
                     f"error: {META}, system.energy_consumption: no such key"),
    "energy below zero": (meta("system.energy_consumption.training", -1.0),
                          "training: -1.0; expected kWh of zero"),
    "data set without url": (meta("system.external_datasets", [{"name": "x"}]),
                             "system.external_datasets[0].url: no such key"),
    "data sets no list": (meta("system.external_datasets", "AudioSet"),
                          "'AudioSet'; expected a list of mappings"),
    "data sets of words": (meta("system.external_datasets", ["AudioSet"]), "expected a list of mappings"),
    "authors no list": (meta("submission.authors", 3), "submission.authors: 3; expected a list of mappings"),
    # meta: rules
    "label": (meta("submission.label", "Doe_INST_task1_3"), "submission.label: 'Doe_INST_task1_3'; expected "
              "'Doe_INST_task1_1', as its files are called"),
    "abbreviation": (meta("submission.abbreviation", "far too long"),
                     "abbreviation: 12 characters; expected at most 10"),
    "two corresponding": (meta("submission.authors.1.corresponding", True), "2 corresponding authors; expected"),
    "none corresponding": (meta("submission.authors.0.corresponding", False), "0 corresponding authors"),
    "no authors": (meta("submission.authors", []), "0 corresponding authors"),
    "other last name": (meta("submission.authors.0.lastname", "Moe"), "a label that does not begin with 'Moe'"),
    "address": (meta("submission.authors.0.email", "jane at example"), "e-mail 'jane at example'"),
    # figures
    "over the limit": (meta("system.complexity.total_model_size", 128_001), f"error: {META}, system.complexity."
                       "total_model_size: all parameters: 128,001 bytes, over the limit of 128,000"),
    "too many operations": (meta("system.complexity.macs", 30_000_001),
                            "30,000,001 MACs (torchinfo), over the limit"),
    "size of no type": (meta("system.complexity.total_model_size", 3000), f"warning: {META}, system.complexity."
                        "total_model_size: 3,000 bytes for 1,000 total_parameters (3 bytes each); expected 1,000 "
                        "(int8), 2,000 (16 bits), 4,000 (float32)"),
    "size of another type than told": (
        meta("system.description.complexity_management", "pruning, 8-bit weights"),
        "2,000 bytes for 1,000 total_parameters (2 bytes each); expected 1,000 (int8), as complexity_management says"),
    "size impossible": (meta("system.complexity.total_model_size", 20), "20 bytes for 1,000 total_parameters"),
    "more non-zero than all": (meta("system.complexity.total_parameters_non_zero", 1001),
                               "total_parameters_non_zero: 1,001; expected no more than the 1,000"),
    "no parameters": (meta("system.complexity.total_parameters", 0),
                      "total_parameters: 0; expected a number above"),
    "class mean": (meta(ACCURACY, 51.0),
                   f"error: {META}, {ACCURACY}: 51; expected 50, the mean of the class-wise"),
    "class mean, nearly": (meta(ACCURACY, 50.11), f"error: {META}, {ACCURACY}: 50.11; expected 50, the mean"),
    "mean over clips": (meta(ACCURACY, 50.07), f"warning: {META}, {ACCURACY}: 50.07; expected 50, the mean"),
    "above a hundred": (meta(ACCURACY, 101.0), f"{ACCURACY}: 101.0; expected percent, from 0 to 100"),
    "loss below zero": (meta(LOSS, -0.5), f"{LOSS}: -0.5; expected nats, zero or more"),
    "loss outside classes": (meta(LOSS, 1.7),
                             f"{LOSS}: 1.7; expected a value within the class_wise ones, 1.5 to 1.5"),
    "device far from all": (lambda members: _devices(members, 60.0),
                            f"warning: {META}, {ACCURACY}: 50; expected a "
                            "value within the device_wise ones, 60 to 60"),
    "shares": (lambda members: _shares(members),
               f"warning: {META}, {ACCURACY}: no accuracy above 0.5; expected percent"),
    # files
    "table missing": (without(OUTPUT), f"error: {OUTPUT}: no such file; expected both files of the system"),
    "meta missing": (without(META), f"error: {META}: no such file; expected both files of the system"),
    "report missing": (without(REPORT), f"warning: package: no technical report; expected {REPORT}"),
    "report named": (moved("Doe_INST_task1.technical_report", "report"),
                     "this name of the technical report; expected "
                     "Doe_INST_task1.technical_report.pdf"),
    "report elsewhere": (moved(REPORT, "Doe_INST_task1.technical_report.pdf"), "a PDF in this folder"),
    "report cut": (lambda members: members | {REPORT: members[REPORT][:-400]}, "no %%EOF at the end"),
    "report of another kind": (replaced(REPORT, b"<html>"), "a file that begins with b'<html>'; expected a PDF"),
    "stray file": (lambda members: members | {"task1/notes.txt": b""},
                   "error: task1/notes.txt: a file that belongs"),
    "stray file outside": (lambda members: members | {".DS_Store": b""},
                           "warning: .DS_Store: a file that belongs"),
    "root folder": (moved("task1/", "ours/task1/"), f"error: ours/{OUTPUT}: a file that belongs to no system"),
    "no system": (without(*(f"task1/Doe_INST_task1_{i}/Doe_INST_task1_{i}.{kind}" for i in (1, 2)
                            for kind in ("output.csv", "meta.yaml"))), "error: package: no system"),
    "index": (moved("task1_1", "task1_5"), "index '5'; expected 1 to 4"),
    "task": (moved("INST_task1_1", "INST_task2_1"), "third part 'task2'; expected 'task1'"),
    "parts": (moved("INST_task1_1", "IN_ST_task1_1"), "5 parts between underscores; expected four"),
    "two teams": (moved("Doe_INST_task1_1", "Doe_OTHER_task1_1"), "systems of 2 teams (Doe_INST, Doe_OTHER)"),
    # YAML
    "YAML syntax": (replaced(META, b"a: [1"), "text that cannot be read (line 1: not valid YAML"),
    "YAML latin-1": (replaced(META, b"a: \xe9"), "byte 3 that is no UTF-8"),
    "YAML empty": (replaced(META, b""), f"error: {META}: null; expected a mapping of keys"),
    "YAML tag": (replaced(META, b"a: !!python/object/apply:os.system [ls]"), "text that cannot be read"),
    "YAML not a number": (text(META, "logloss: 1.5", "logloss: .nan", 1), "text that cannot be read (line"),
    "YAML key twice": (text(META, "label: Doe", "label: x\n  label: Doe", 1), "label stands twice"),
    "YAML aliases": (replaced(META, b"a: &a [1,1,1,1,1,1,1,1,1,1]\n" + b"".join(
        b"%c: &%c [%s]\n" % (b + 1, b + 1, b",".join([b"*%c" % b] * 10)) for b in range(97, 110))),
                     "text that cannot be read (more than 100,000 values"),
    "YAML alias of itself": (replaced(META, b"a: &a [*a]"), "refers to its own parent"),
    "YAML depth": (replaced(META, b"[" * 50_000), "nested too deeply"),
    "YAML infinite": (text(META, "total_parameters: 1000", "total_parameters: 1.0e+999"),
                      "total_parameters: inf"),
    "YAML endless number": (text(META, "macs: 1000000", "macs: 0x" + "f" * 50_000),
                            "macs: a int too large to show; expected a whole number"),
    "YAML date": (text(META, "macs: 1000000", "macs: 2023-01-01"), "macs: datetime.date(2023, 1, 1); expected"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_every_fault_is_named(make_members: Any, validated: Any, fault: str) -> None:
    change, expected = BROKEN[fault]
    said = [str(one) for one in validated(change(make_members())).findings]
    assert any(expected in one for one in said), "\n".join(said)


def test_each_broken_package_says_something_of_its_own() -> None:
    assert len({expected for _, expected in BROKEN.values()}) > 0.8 * len(BROKEN)


def test_what_official_readers_accept_is_accepted(make_members: Any, validated: Any) -> None:
    members = make_members()
    content = members[OUTPUT].decode().replace("1.wav", "audio/1.wav").replace("\n", "\r\n")
    members[OUTPUT] = content.encode()
    members[META] = b"\xef\xbb\xbf" + members[META].replace(b"\n", b"\r\n") + b"further: keys\r\n"
    assert [str(one) for one in validated(members).findings] == []


def test_limits_of_other_editions(make_members: Any, validated: Any) -> None:
    label = "anything/task1/Doe_INST_task1a_1/Doe_INST_task1a_1.meta.yaml"
    members = make_members("2021")
    for size, severity in ((129.0, "error"), (126.0, "warning")):
        changed = text(label, "model_size: 1.76", f"model_size: {size}")(members)
        parts = text(label, "total_parameters: 1000", "total_parameters: 100000")(changed)
        whole = text(label, "non_zero: 900", f"non_zero: {round(size * 512)}")(parts)
        (finding,) = validated(whole, "2021").findings
        assert (finding.severity, finding.at) == (severity, "system.complexity.model_size")
    path = META
    counts = {"total_parameters: 1000": "total_parameters: 372174"}
    changed = make_members("2022")
    for old, new in counts.items():
        changed = text(path, old, new)(changed)
    assert "372,174 parameters, over the limit of 128,000" in str(validated(changed, "2022").findings[0])


def test_five_systems_are_too_many(make_members: Any, validated: Any) -> None:
    said = [str(one) for one in validated(make_members(systems=5)).errors]
    assert said[0] == "error: package: 5 systems; expected at most 4"


def test_of_hundreds_of_systems_some_are_looked_into(make_members: Any, validated: Any) -> None:
    report = validated(make_members(systems=200))
    assert report.errors[0].message == "200 systems; expected at most 4; only the first 8 were looked into"
    assert len(report.labels) == 200


def test_the_embedded_corpus_sets_the_clips_and_is_warned_about(make_members: Any, validated: Any) -> None:
    members = meta("results.corpus", {"origin": "embedded", "evaluation": "embedded-1s-tiny-eval"})(make_members())
    said = [str(one) for one in validated(members, "2023", None).findings]
    assert any("package: results on the embedded corpus" in one for one in said)
    assert any("task1_1.output.csv: 217 of 220 clips missing" in one for one in said)


def test_many_rows_with_one_fault_are_counted(make_members: Any, validated: Any) -> None:
    members = make_members("2023", 1, 1000)
    members[OUTPUT] = members[OUTPUT].replace(b"0.55", b"0.85")
    report = validated(members, "2023", [f"{i}.wav" for i in range(1000)])
    assert [one.at or one.found for one in report.errors] == [
        "row 2", "row 3", "row 4", "997 more rows with this fault"]


def test_endless_lists_do_not_fill_the_screen(make_members: Any, validated: Any) -> None:
    report = validated(meta("system.external_datasets", [{}] * 5000)(make_members()))
    assert len(report.findings) < 110
    assert any("more errors" in one.found for one in report.findings)


def _permuted(content: bytes) -> bytes:
    rows = [line.split(b"\t") for line in content.splitlines()]
    return b"".join(b"\t".join((*row[:2], row[3], row[2], *row[4:])) + b"\n" for row in rows)


def _devices(members: Members, accuracy: float) -> Members:
    for device in ("a", "b", "c", "s1", "s2", "s3", "s4", "s5", "s6"):
        members = meta(f"results.development_dataset.device_wise.{device}.accuracy", accuracy)(members)
    return members


def _shares(members: Members) -> Members:
    return text(META, "accuracy: 50.0", "accuracy: 0.5")(members)
