"""From entry, profile and --set arguments to a run: precedence, refusals, and the round trip through its file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from task1.config import META, Entry, Profile, load, load_run, names, resolve, save_run
from task1.errors import InputError

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a changed copy of an entry or profile; return its path."""

    def writer(kind: str, name: str, change: Callable[[dict[str, Any]], object]) -> str:
        content = yaml.safe_load((META / kind / f"{name}.yaml").read_text())
        change(content)
        path = tmp_path / f"{kind}-{name}.yaml"
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return str(path)

    return writer


@pytest.mark.parametrize("profile", names("profiles"))
@pytest.mark.parametrize("entry", names("entries"))
def test_every_entry_runs_with_every_profile(entry: str, profile: str, tmp_path: Path) -> None:
    run = resolve(entry, profile)
    save_run(run, tmp_path / "config.yaml")
    assert load_run(tmp_path) == run
    written = load(Entry, META / "entries" / f"{entry}.yaml")
    assert set(run.models) <= set(written.models)
    assert run.systems.keys() == set(load(Profile, META / "profiles" / f"{profile}.yaml").systems.get(
        entry, tuple(written.systems)))
    assert run.embedded == (profile != "full")


def test_saving_the_same_run_leaves_the_file_alone(tmp_path: Path) -> None:
    path, run = tmp_path / "config.yaml", resolve("wang2023", "tiny")
    save_run(run, path)
    before = path.stat().st_mtime_ns
    save_run(run, path)
    assert path.stat().st_mtime_ns == before
    save_run(resolve("wang2023", "tiny", ["training.epochs=2"]), path)
    assert load_run(tmp_path).models["model1"].training.epochs == 2


def test_saving_over_what_is_no_text(tmp_path: Path) -> None:
    path, run = tmp_path / "config.yaml", resolve("wang2023", "tiny")
    path.write_bytes(b"entry: \xff\xfe")
    save_run(run, path)
    assert load_run(tmp_path) == run


def test_a_run_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"config\.yaml: no such file, so this is not the folder of a run"):
        load_run(tmp_path)


def test_networks_get_what_the_papers_say_they_see() -> None:
    seen = {name: [] for name in ("wang2023", "zhao2021", "shao2022", "ye2024")}
    for name, shapes in seen.items():
        run = resolve(name, "full")
        shapes += sorted({(model.input.channels, run.features.n_mels, model.frames(run.features.frames))
                          for model in run.models.values()})
    assert seen == {"wang2023": [(2, 256, 44)], "zhao2021": [(3, 128, 400)], "shao2022": [(3, 256, 36)],
                    "ye2024": [(1, 256, 431)]}


def test_a_setting_reaches_all_models_and_their_own_blocks() -> None:
    run = resolve("zhao2021", "full", ["training.batch_size=8", "training.epochs=3"])
    assert {model.training.batch_size for model in run.models.values()} == {8}
    assert {model.training.epochs for model in run.models.values()} == {3}  # teacher2_254 has a number of its own
    assert run.models["teacher1"].training.optimizer.weight_decay > 0
    assert run.models["student1"].training.optimizer.weight_decay == 0


ONE, ALL = "models.model2.training.epochs=5", "training.epochs=3"


@pytest.mark.parametrize("settings", [(ONE, ALL), (ALL, ONE)])
def test_a_setting_of_one_model_beats_one_of_all_in_any_order(settings: tuple[str, ...]) -> None:
    run = resolve("wang2023", "tiny", settings, systems=[1, 2, 3, 4])
    assert [model.training.epochs for model in run.models.values()] == [3, 5, 3, 3]
    assert run.settings == settings


def test_the_later_of_two_settings_counts() -> None:
    run = resolve("wang2023", "full", ["training.epochs=3", "training.epochs=4"])
    assert run.models["model1"].training.epochs == 4


def test_precedence_from_weakest_to_strongest(write: Write) -> None:
    def strata(count: int) -> list[int]:
        def entry_content(content: dict[str, Any]) -> None:
            content["training"]["epochs"] = 10
            if count > 0:
                content["models"]["model1"]["training"] = {"epochs": 11}
            content["variants"] = {"longer": {"training": {"epochs": 12}}}

        def profile_content(content: dict[str, Any]) -> None:
            content["overrides"] = {"training": {"epochs": 13}} if count > 2 else {}
            content["entries"] = {"wang2023": {"training": {"epochs": 14}}} if count > 3 else {}

        settings = [text for level, text in ((2, "variant=longer"), (5, "training.epochs=15"),
                                             (6, "models.model1.training.epochs=16")) if count >= level]
        run = resolve(write("entries", "wang2023", entry_content), write("profiles", "full", profile_content), settings)
        return [run.models[name].training.epochs for name in ("model1", "model2")]

    assert [strata(count) for count in range(7)] == [
        [10, 10], [11, 10], [12, 12], [13, 13], [14, 14], [15, 15], [16, 15]]


def test_a_variant_changes_what_it_says_and_nothing_else() -> None:
    paper, code = resolve("wang2023", "full"), resolve("wang2023", "full", ["variant=authors_code"])
    for name, model in code.models.items():
        assert (model.training.optimizer.name, paper.models[name].training.optimizer.name) == ("radam", "sgd")
        assert model.network == paper.models[name].network
        assert model.training.epochs == paper.models[name].training.epochs


def test_null_switches_a_block_off() -> None:
    run = resolve("shao2022", "full", ["augmentation.pix2pix=null"])
    assert all(model.augmentation.pix2pix is None for model in run.models.values())
    assert all(model.augmentation.auto_level is not None for model in run.models.values())


REFUSED = {
    "training.epochs": "expected KEY=VALUE",
    "=3": "expected KEY=VALUE",
    "training..epochs=3": "expected KEY=VALUE",
    "training.epochs=ten": "training.epochs: found 'ten', expected a valid integer",
    "training.epochs=0": "training.epochs: found 0, expected greater than 0",
    "training.epochs=": "training.epochs: found None, expected a valid integer",
    "training.epochs=[1": "not valid YAML",
    "training.optimizer.lr=1e-3": "write 1.0e-3",
    "training.optimizer.lr=.inf": "found .inf, expected a finite number",
    "training.optimizer.name=adam": "training.optimizer.name: found 'adam', expected 'sgd' or 'radam'",
    "training.optimiser.name=sgd": "unknown key training.optimiser",
    "training=3": "training: found 3, expected",
    "trainin.epochs=3": "unknown key trainin; expected one of input, augmentation, training",
    "models=3": "expected a key of one model",
    "models.model1=3": "expected a key of one model",
    "models.model9.training.epochs=3": "no model model9; there are: model1, model2, model3, model4",
    "models.model1.colour=red": "unknown key models.model1.colour",
    "models.model1.network.in_channels=1": "models.model1: expected network.in_channels to be 2",
    "models.model1.distillation={teachers: [model9], temperature: 1, weight: 1}": "not model9",
    "models.model1.distillation={teachers: [model1], temperature: 1, weight: 1}": "without a circle (found model1",
    "augmentation.crop_frames=45": "clips of at least 45 frames; features and input leave 44",
    "systems.1.combine=mean": "combine: single for one model",
    "edition=2021": "edition: found 2021, expected a valid string; put quotes around it",
    "edition='1999'": "1999.yaml: no such file; there are: 2020, 2021, 2022, 2023",
    "datasets.development=tau": "tau.yaml: no such file",
    "features.sample_rate=32000": "expected 0 <= f_min < f_max <= sample_rate / 2",
    "features.clip_seconds=10": "data set tau2022mobile_dev has 1 s",
    "texts.abbreviation=much_too_long": "at most 10 characters",
    "texts.label=wang": "texts.label: found 'wang', expected it to match pattern",
    "variant=none": "no such variant; there are: authors_code",
    "variant=[1]": "no such variant",
}


@pytest.mark.parametrize(("setting", "expected"), REFUSED.items(), ids=REFUSED.keys())
def test_bad_settings_are_refused(setting: str, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve("wang2023", "full", [setting])
    assert expected in str(caught.value)


def test_a_wrong_value_is_told_where_it_was_written_and_once(write: Write) -> None:
    entry = write("entries", "wang2023", lambda content: content["training"].update(epochs="many"))
    with pytest.raises(InputError) as caught:
        resolve(entry, "full")
    line = 1 + Path(entry).read_text().splitlines().index("  epochs: many")
    assert str(caught.value) == f"{entry}, line {line}: training.epochs: found 'many', expected a valid integer"


def test_a_wrong_value_of_one_model_is_told_there(write: Write) -> None:
    entry = write("entries", "wang2023",
                  lambda content: content["models"]["model3"].update(compression={"weights": "int4"}))
    with pytest.raises(InputError, match=r"line \d+: models\.model3\.compression\.weights: found 'int4'"):
        resolve(entry, "full")


def test_a_wrong_value_of_a_profile_is_told_as_the_profiles(write: Write) -> None:
    profile = write("profiles", "full", lambda content: content.update(overrides={"training": {"epochs": -1}}))
    with pytest.raises(InputError) as caught:
        resolve("wang2023", profile)
    assert str(caught.value) == f"{profile}, overrides: training.epochs: found -1, expected greater than 0"


def test_more_systems_than_the_edition_takes(write: Write) -> None:
    entry = write("entries", "wang2023", lambda content: content["systems"].update({5: {"models": ["model1"]}}))
    with pytest.raises(InputError, match="5 systems to be submitted; edition 2023 takes 4; mark others with"):
        resolve(entry, "full")
    assert len(resolve(entry, "full", ["systems.5.submitted=false"]).systems) == 5


def test_clips_of_a_length_without_embedded_corpus(write: Write) -> None:
    profile = write("profiles", "tiny", lambda content: content["embedded"].pop("10"))
    with pytest.raises(InputError, match="embedded corpora of 1 s only"):
        resolve("ye2024", profile)


@pytest.mark.parametrize(("change", "expected"), [
    (lambda c: c["authors"][1].update(corresponding=True), "exactly one author with corresponding: true"),
    (lambda c: c["authors"].clear(), "authors: found [], expected it to have at least 1 item"),
    (lambda c: c["authors"][0].update(email="nobody"), "authors.0.email: found 'nobody'"),
    (lambda c: c["systems"][1].update(models=["model7"]), "systems.1.models to name models of this entry (not model7)"),
    (lambda c: c["systems"][1].update(models=["model1", "model2"], combine="mean", weights=[1.0]), "as many weights"),
    (lambda c: c.update(models={}), "models: found {}, expected it to have at least 1 item"),
    (lambda c: c.pop("texts"), "key texts is missing"),
    (lambda c: c["models"]["model1"].pop("network"), "key models.model1.network is missing"),
    (lambda c: c["models"]["model1"]["network"].pop("class"), "a network with a key `class`"),
], ids=range(9))
def test_bad_entries_are_refused(write: Write, change: Callable[[dict[str, Any]], object], expected: str) -> None:
    entry = write("entries", "wang2023", change)
    with pytest.raises(InputError) as caught:
        resolve(entry, "full")
    assert str(caught.value).startswith(entry)
    assert expected in str(caught.value)


def test_unknown_names_are_told_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"nobody\.yaml: no such file; there are: .*wang2023"):
        resolve("nobody", "full")
    with pytest.raises(InputError, match=r"huge\.yaml: no such file; there are: demo, full, tiny"):
        resolve("wang2023", "huge")


def test_single_systems_bring_their_models_and_teachers_along() -> None:
    run = resolve("shao2022", "full", systems=[2])
    assert list(run.systems) == [2]
    assert set(run.models) == {"teacher_x", "teacher_o", "student1", "student2"}
    with pytest.raises(InputError, match="no system 5; there are: 1, 2, 3, 4"):
        resolve("shao2022", "full", systems=[5])


def test_a_run_knows_what_a_person_types_to_have_it_again() -> None:
    run = resolve("wang2023", "tiny", ["training.epochs=2"], Path("/data/tau"), systems=[1], skip_bad=True)
    assert " ".join(run.command) == ("./run_all.sh --entry wang2023 --profile tiny --system 1 --set training.epochs=2 "
                                     "--skip-bad --data /data/tau")
    again = resolve("wang2023", "tiny", ["training.epochs=2"], Path("/data/tau"), systems=[1], skip_bad=True)
    assert again == run


def test_a_variant_has_a_folder_of_its_own() -> None:
    assert resolve("ye2024", "demo").name == "ye2024-demo"
    assert resolve("ye2024", "demo", ["training.epochs=3"]).name == "ye2024-demo"
    assert resolve("shao2022", "full", ["variant=no_pix2pix"]).name == "shao2022-full+no_pix2pix"


def test_a_name_for_the_run_is_kept_in_its_command() -> None:
    run = resolve("ye2024", "demo", ["training.epochs=3"], name="short")
    assert run.name == "short"
    assert run.command[-2:] == ("--name", "short")


@pytest.mark.parametrize("name", ["", "a/b", "../x", ".hidden", "a b", "a\n", "é"])
def test_a_name_that_is_no_folder_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="--name"):
        resolve("ye2024", "demo", name=name)
