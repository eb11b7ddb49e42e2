"""The report of a made-up run: complete, the same every time, and safe whatever names the entry holds."""

import copy
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.cli import main
from submission.package import package
from submission.report import write_report
from submission.report.write import markdown
from task1.config import META, load_run, read_yaml
from task1.errors import InputError

HOSTILE = "<script>alert(1)</script> & \"quotes\" | `code` [x](y)"
VOID = {"meta", "link", "br", "hr", "img"}
DRAWN = {"circle", "path", "rect"}
LICENSED = {"https://github.com/Wangkkklll", "https://dcase.community"}  # told as text, nothing is fetched


class Page(HTMLParser):
    """Elements, texts, identifiers and links, and whether every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        assert not {name for name, _ in attrs if name.startswith("on") or name == "style"}
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in DRAWN
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        (self.scripts if self.open and self.open[-1] in ("script", "style") else self.texts).append(data)

    def all(self, attribute: str) -> list[str]:
        return [str(attributes[attribute]) for _, attributes in self.seen if attribute in attributes]


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


def section(text: str, title: str) -> str:
    """One section of the Markdown report."""
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_both_forms_say_the_same(make_run: Any) -> None:
    text, page = reported(make_run())
    shown = "\n".join(Page(page).texts)
    for said in ("Wang_SCUT_task1_2", "66.7", "100.0", "-100.0", "all parameters: 60 bytes, within the limit of "
                 "128,000", "EMBEDDED CORPUS", "Technical report as PDF: not there", "./run_all.sh --entry wang2023 "
                 "--profile demo", "Seed of model1", "embedded-1s-dev"):
        assert said in text
        assert said in shown


def test_the_same_run_gives_the_same_report(make_run: Any) -> None:
    folder = make_run()
    assert reported(folder) == reported(folder)


def test_summary_comes_first(make_run: Any) -> None:
    text, page = reported(make_run())
    titles = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert titles[:2] == ["Summary", "By device"]
    assert titles[-1] == "To repeat"
    headings = re.findall(r'<h2 id="([^"]+)">', page)
    assert headings[:6] == ["summary", "by-device", "by-scene", "scene-by-device", "confusion", "calibration"]
    assert len(headings) > len(titles)


def test_devices_in_the_order_of_the_taxonomy(make_run: Any) -> None:
    text, _ = reported(make_run())
    table = section(text, "By device").split("**Accuracy in percent by device, development test fold**")[1]
    rows = [line.split("|")[1].strip() for line in table.split("**")[0].splitlines() if line.startswith("| ")]
    assert rows[1:12] == ["seen devices", "unseen devices", "a", "b", "c", "s1", "s2", "s3", "s4", "s5", "s6"]


def test_figures_in_the_summary_are_the_scores(make_run: Any) -> None:
    """The made-up run is right on every clip of six seen devices and wrong on three unseen ones."""
    text, _ = reported(make_run())
    row = next(line for line in section(text, "Summary").splitlines() if line.startswith("| System 1"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1].startswith("66.7")
    assert cells[3:6] == ["100.0", "0.0", "30"]
    assert cells[8].startswith("within the limits")


def test_tables_in_markdown_have_as_many_cells_as_their_header(make_run: Any) -> None:
    text, _ = reported(make_run(**hostile_entry()))
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) >= 6
    for table in tables:
        cells = {line.replace("\\|", "").count("|") for line in table}
        assert len(cells) == 1, table[0]
        assert set(table[1]) <= {"|", "-", ":"}


def test_hostile_texts_are_shown_not_run(make_run: Any) -> None:
    text, page = reported(make_run(**hostile_entry()))
    parsed = Page(page)
    assert [tag for tag, _ in parsed.seen].count("script") == 1  # the page's own
    assert "alert(1)" not in "".join(parsed.scripts)
    assert HOSTILE in "".join(parsed.texts)
    prose = [line for line in text.splitlines() if not line.startswith("    ")]  # code blocks are shown as they are
    assert "<script" not in "\n".join(prose)


def test_page_needs_no_network(make_run: Any) -> None:
    _, page = reported(make_run())
    parsed = Page(page)
    assert all(source.startswith("data:") for source in parsed.all("src"))
    assert "link" not in [tag for tag, _ in parsed.seen]
    for word in ("url(", "@import", "fetch(", "XMLHttpRequest"):
        assert word not in page
    told = "".join(parsed.texts)
    for known in LICENSED:
        told = told.replace(known, "")
    assert "http" not in told + "".join(parsed.all("href"))


def test_links_lead_somewhere_and_names_are_unique(make_run: Any) -> None:
    folder = make_run()
    _, page = reported(folder)
    parsed = Page(page)
    names = parsed.all("id")
    assert len(names) == len(set(names))
    links = parsed.all("href")
    assert len(links) > 15
    for link in links:
        assert link.removeprefix("#") in names if link.startswith("#") else (folder / "report" / link).is_file()
    assert set(parsed.all("aria-labelledby")) <= set(names)


def test_a_recorded_corpus_has_no_warning(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from task1.config import edition

    rules = edition("2023").model_copy(update={"output_rows": 3})
    monkeypatch.setattr("submission.package.edition", lambda _: rules)
    text, page = reported(make_run(embedded=False, development="tau2022mobile_dev", evaluation="tau2023mobile_eval",
                                   command=["./run_all.sh", "--data", "/data/tau lists"]))
    assert "EMBEDDED" not in text + page
    assert "Its true scenes are not public" in page
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
