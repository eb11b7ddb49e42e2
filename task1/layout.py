"""Where things lie: the layout of the work folder, in one place.

    work/corpora/<root_dir>/            recordings in TAU's own layout (or another folder, `--data`)
    work/index/<dataset>.csv            one row a clip; beside it .corpus.json (where the recordings came from),
                                        .verified and .findings.csv (the check of the files)
    work/features/<digest>/<dataset>/   parts of the feature store, store.json last
    work/runs/<name>/                   config.yaml, models/, system<k>/, scores/, submission/, report/, logs/
"""

from dataclasses import dataclass
from pathlib import Path

from task1.config import Run, dataset


@dataclass(frozen=True)
class Layout:
    """Paths of one run folder `work/runs/<name>`."""

    run: Path

    @property
    def work(self) -> Path:
        return self.run.parent.parent

    @property
    def config(self) -> Path:
        return self.run / "config.yaml"

    def corpora(self, run: Run) -> Path:
        """`run.corpora` is absolute or relative to the work folder."""
        return self.work / run.corpora

    def root(self, run: Run, name: str) -> Path:
        return self.corpora(run) / dataset(name).root_dir

    def truth(self, run: Run, name: str) -> Path:
        """The hidden truth of an embedded evaluation set, kept beside it."""
        return self.corpora(run) / f"{dataset(name).root_dir}.truth.csv"

    def index(self, name: str) -> Path:
        return self.work / "index" / f"{name}.csv"

    def corpus_stamp(self, name: str) -> Path:
        return self.work / "index" / f"{name}.corpus.json"

    def verified(self, name: str) -> Path:
        return self.work / "index" / f"{name}.verified"

    def findings(self, name: str) -> Path:
        return self.work / "index" / f"{name}.findings.csv"

    def features(self, run: Run, name: str) -> Path:
        from task1.features.store import feature_digest  # imports h5py

        return self.work / "features" / feature_digest(run.features, name) / name

    def model(self, name: str) -> Path:
        return self.run / "models" / name

    def model_output(self, model: str, part: str) -> Path:
        """The output table of one model; parts as in `task1.predictions.PARTS`."""
        return self.model(model) / f"{part}.output.csv"

    def copies(self, name: str) -> Path:
        """Augmented copies of recordings, a feature store with copies.csv (task1/augment/copies.py)."""
        return self.run / "copies" / name

    def output(self, system: int, part: str) -> Path:
        """The official output table of a system on the development test fold or the evaluation set."""
        return self.run / f"system{system}" / f"{part}.output.csv"

    def fusion(self, system: int) -> Path:
        """Weights of a system's members, where they are fitted."""
        return self.run / f"system{system}" / "fusion.json"

    def scores(self, system: int, part: str) -> Path:
        return self.run / "scores" / f"system{system}.{part}.json"

    def model_scores(self, model: str, part: str) -> Path:
        """Scores of one model's table: teachers, baselines, ablations."""
        return self.run / "scores" / f"model.{model}.{part}.json"

    @property
    def quantization(self) -> Path:
        """Every int8 model before quantisation, simulated and executed."""
        return self.run / "scores" / "quantization.json"

    @property
    def seeds(self) -> Path:
        """Mean and spread of the scores over several seeds."""
        return self.run / "scores" / "seeds.json"

    def energy(self, what: str) -> Path:
        """Measured energy: `<model>.training`, `<model>.<part>`, `<copies>.training`, `baseline_inference`."""
        return self.run / "energy" / f"{what}.json"

    def log(self, stage: str, what: str = "all") -> Path:
        """What a stage said."""
        return self.run / "logs" / f"{stage}.{what}.txt"

    @property
    def submission(self) -> Path:
        return self.run / "submission"

    @property
    def report(self) -> Path:
        return self.run / "report"
