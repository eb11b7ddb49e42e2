"""`task1 classify`: the scenes of anybody's recordings, by an exported file alone."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import add_verb, positive
from task1.processes import spin_briefly

if TYPE_CHECKING:
    from task1.classify import Classifier, Result
    from task1.commands import Verbs

DESCRIPTION = """\
Tell the scenes of recordings with nothing but an exported model.onnx: any sample rate, any number of channels, any
length, WAV, FLAC, Ogg, MP3 or AIFF. Long recordings are classified in windows of the length the model was trained on,
and the windows' probabilities averaged. A recording that cannot be used gets one sentence; the others go on.

examples:
  task1 classify model.onnx street.wav
  task1 classify model.onnx recordings/ --format csv --out recordings.output.csv
  task1 classify model.onnx day.flac --windows --hop 0.5
  task1 classify model.onnx --info
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "classify", "scenes of anybody's recordings, by an exported model", DESCRIPTION)
    parser.add_argument("model", type=Path, metavar="MODEL.onnx", help="exported file; it needs nothing beside it")
    parser.add_argument("recordings", nargs="*", type=Path, metavar="RECORDING", help="files, or folders of files")
    parser.add_argument("--format", choices=("text", "csv", "json"), default="text",
                        help="csv is the official output table (default: %(default)s)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there, not on the screen")
    parser.add_argument("--windows", action="store_true", help="show each window of a recording, too (text, json)")
    parser.add_argument("--hop", type=float, metavar="SECONDS",
                        help="from one window's beginning to the next one's (default: the windows' length)")
    parser.add_argument("--threads", type=positive, default=1, metavar="N", help="to compute with (default: 1)")
    parser.add_argument("--timing", action="store_true", help="tell latency and memory as well")
    parser.add_argument("--info", action="store_true", help="tell what the file holds, and classify nothing")
    parser.set_defaults(handler=_classify)


def _classify(arguments: argparse.Namespace) -> int:
    spin_briefly()
    import torch

    from task1.classify import Classifier
    from task1.classify.files import recordings
    from task1.errors import InputError

    torch.set_num_threads(arguments.threads)
    if arguments.info:
        return _info(arguments)
    if not arguments.recordings:
        raise InputError("expected recordings behind MODEL.onnx (or --info)")
    if arguments.windows and arguments.format == "csv":
        raise InputError("--windows goes with --format text or json; the official table has one row a recording")
    paths = recordings(arguments.recordings)
    classifier = Classifier(arguments.model, arguments.threads, arguments.hop)
    if arguments.timing:
        classifier.warm_up()
    results, bad = _all(classifier, paths)
    if not results:
        raise InputError("nothing was classified" + (f": none of {len(paths)} recordings can be used"
                                                     if len(paths) > 1 else ""))
    _write(arguments, classifier, results, bad)
    return 1 if bad else 0


def _all(classifier: "Classifier", paths: Sequence[Path]) -> tuple[list["Result"], dict[Path, str]]:
    """Results of all recordings that can be used, and a sentence on each that cannot."""
    import sys

    from tqdm import tqdm

    from task1.errors import InputError

    results, bad = [], {}
    with tqdm(paths, desc="classify", unit="file", disable=None, leave=False) as bar:
        for path in bar:
            try:
                results.append(classifier.classify(path))
            except InputError as error:
                bad[path] = str(error)
                tqdm.write(f"task1: {error}", sys.stderr)
    return results, bad


def _info(arguments: argparse.Namespace) -> int:
    import json

    from task1.classify.info import info

    found = info(arguments.model)
    _deliver(arguments.out, json.dumps(found.as_json(), indent=2) + "\n" if arguments.format == "json"
             else found.as_text())
    return 0


def _write(arguments: argparse.Namespace, classifier: "Classifier", results: Sequence["Result"],
           bad: dict[Path, str]) -> None:
    import json
    import sys

    from task1.classify import show
    from task1.classify.classifier import SYNTHETIC
    from task1.outputs import table

    timing = show.timing(classifier.spent, classifier.features.clip_seconds, arguments.threads)
    if arguments.format == "json":
        told = show.as_json(classifier, results, bad, arguments.windows, timing if arguments.timing else None)
        _deliver(arguments.out, json.dumps(told, indent=2) + "\n")
        return
    if arguments.format == "csv":
        _deliver(arguments.out, table(show.official(results)))
        if classifier.embedded:  # the official table has no room for it
            print(f"task1: {SYNTHETIC}", file=sys.stderr)
    else:
        _deliver(arguments.out, show.text(classifier, results, arguments.windows))
    if arguments.timing:
        print(show.timing_text(timing), end="", file=sys.stderr)
    if bad:
        print(f"task1: {len(bad)} of {len(results) + len(bad)} recordings could not be used", file=sys.stderr)


def _deliver(target: Path | None, text: str) -> None:
    from task1.files import write_text

    if target is None:
        print(text, end="")
    else:
        write_text(target, text)
        print(target)
