"""The report of a made-up run: complete, the same every time, and safe whatever names the entry holds."""

import copy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.cli import main
from submission.package import package
from submission.report import markdown, write_report
from task1.config import META, load_run, read_yaml
from task1.errors import InputError

HOSTILE = "<script>alert(1)</script> & \"quotes\" | `code` [x](y)"
VOID = {"meta", "link", "br", "hr", "img"}


class Page(HTMLParser):
    """Elements, texts and whether every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onclick"}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def reported(folder: Path) -> tuple[str, str]:
    package(folder)
    text, page = write_report(folder)
    return text.read_text(encoding="utf-8"), page.read_text(encoding="utf-8")


def hostile_entry() -> dict[str, Any]:
    entry, _ = read_yaml(META / "entries" / "wang2023.yaml")
    texts = entry["texts"] | {"name": HOSTILE}
    authors = copy.deepcopy(entry["authors"])
    authors[1]["lastname"] = HOSTILE
    return {"texts": texts, "authors": authors, "settings": [f"texts.name={HOSTILE}"]}


def test_both_forms_say_the_same(make_run: Any) -> None:
    text, page = reported(make_run())
    shown = "\n".join(Page(page).texts)
    for said in ("Wang_SCUT_task1_2", "66.67", "100.00", "-100.00", "all parameters: 60 bytes, within the limit of "
                 "128,000", "EMBEDDED CORPUS", "Technical report as PDF: not written", "./run_all.sh --entry wang2023 "
                 "--profile demo", "Seed of model1", "embedded-1s-dev"):
        assert said in text
        assert said in shown


def test_the_same_run_gives_the_same_report(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run()
    assert reported(folder) == reported(folder)


def test_summary_comes_first_and_seen_before_details(make_run: Any) -> None:
    text, _ = reported(make_run())
    titles = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert titles[:2] == ["Summary", "Seen and unseen devices, development test fold"]
    assert "By device, evaluation set" in titles
    section = text.split("## By device, development test fold")[1].split("## ")[0]
    assert [line.split()[1] for line in section.splitlines() if line.startswith("| ")][1:] == [
        "a", "b", "c", "s1", "s2", "s3", "s4", "s5", "s6"]
    assert titles[-1] == "To repeat"


def test_tables_in_markdown_have_as_many_cells_as_their_header(make_run: Any) -> None:
    text, _ = reported(make_run(**hostile_entry()))
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) >= 8
    for table in tables:
        cells = {line.replace("\\|", "").count("|") for line in table}
        assert len(cells) == 1, table[0]
        assert set(table[1]) == {"|", "-"}


def test_hostile_texts_are_shown_not_run(make_run: Any) -> None:
    text, page = reported(make_run(**hostile_entry()))
    parsed = Page(page)
    assert "script" not in parsed.seen
    assert HOSTILE in "".join(parsed.texts)
    prose = [line for line in text.splitlines() if not line.startswith("    ")]  # code blocks are shown as they are
    assert "<script" not in "\n".join(prose)


def test_page_needs_no_network(make_run: Any) -> None:
    _, page = reported(make_run())
    assert "http" not in page.replace("https://github.com/Wangkkklll", "")
    assert "url(" not in page
    assert "@import" not in page


def test_a_recorded_corpus_has_no_warning(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from task1.config import edition

    rules = edition("2023").model_copy(update={"output_rows": 3})
    monkeypatch.setattr("submission.package.edition", lambda _: rules)
    text, page = reported(make_run(embedded=False, development="tau2022mobile_dev", evaluation="tau2023mobile_eval",
                                   command=["./run_all.sh", "--data", "/data/tau lists"]))
    assert "EMBEDDED" not in text + page
    assert "evaluation set\n" not in text
    assert "--data '/data/tau lists'" in text


def test_shortened_training_is_listed(make_run: Any) -> None:
    models = load_run(make_run("unchanged")).model_dump(mode="json")["models"]
    models = {name: model | {"training": model["training"] | {"epochs": 6}} for name, model in models.items()}
    text, _ = reported(make_run(models=models))
    assert "- all models: training.epochs: 6 instead of 100" in text
    assert "- recordings: embedded-1s-dev and embedded-1s-eval instead of tau2022mobile_dev" in text


def test_without_a_package_there_is_one_sentence(make_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_run()
    assert main(["report", "--run", str(folder)]) == 2
    assert "`submission package --run" in capsys.readouterr().err
    (folder / "submission").mkdir()
    (folder / "submission" / "package.json").write_text("[]")
    with pytest.raises(InputError, match="not the record of a package"):
        write_report(folder)


@given(st.text())
def test_markdown_texts_stay_on_one_line_without_tags(text: str) -> None:
    shown = markdown(text)
    assert len(shown.splitlines()) <= 1
    assert "<" not in shown
    assert shown.replace("\\|", "").count("|") == 0
