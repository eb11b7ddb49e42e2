"""The page in a real browser: silent, sortable, readable in light and dark, on phones, on paper, by keyboard."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from submission.report.colours import THEMES
from submission.validate.pdf import check_pdf, count_pages
from tests.submission.browser.chromium import Browser
from tests.submission.test_report import Page

LOOKS = {"desktop": (1280, {}), "dark": (1280, {"prefers-color-scheme": "dark"}), "phone": (360, {}),
         "dark phone": (360, {"prefers-color-scheme": "dark"})}
OPEN_ALL = "for (const d of document.querySelectorAll('details')) d.open = true;"
MOST_BYTES = 3_000_000

UNREADABLE = """(() => {
  const parse = (text) => { const v = text.match(/[\\d.]+/g).map(Number); return [v[0], v[1], v[2], v[3] ?? 1]; };
  const over = (top, under) => top.slice(0, 3).map((c, i) => c * top[3] + under[i] * (1 - top[3])).concat(1);
  const back = (e) => {
    const stack = [];
    for (let at = e; at; at = at.parentElement) stack.push(parse(getComputedStyle(at).backgroundColor));
    return stack.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
  };
  const light = (c) => c.slice(0, 3).map((v) => v / 255 <= .04045 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const found = [];
  let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || e.matches("script, style") || !e.getClientRects().length) continue;
    const svg = e.closest("svg");
    if (svg && e.matches(".n, .on-bar")) continue;  // on cells and bars: tests of the colours
    texts += 1;
    const style = getComputedStyle(e), under = back(svg ? svg.parentElement : e);
    const [a, b] = [light(over(parse(svg ? style.fill : style.color), under)), light(under)];
    const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (contrast < 4.5) found.push([walker.currentNode.data.trim().slice(0, 40), contrast]);
  }
  return [texts, found];
})()"""

BEYOND = """[...document.querySelectorAll('body *')].filter((e) => {
  if (e.closest('.scroll, pre, nav') || e.matches('.skip') || !e.getClientRects().length) return false;
  return e.getBoundingClientRect().right > innerWidth + 1;
}).map((e) => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("look", LOOKS)
def test_silent_and_offline(browser: Browser, page_file: Path, look: str) -> None:
    """Whatever is clicked and looked at."""
    width, media = LOOKS[look]
    page = browser.page(page_file, width, media=media)
    page.js(OPEN_ALL + "for (const b of document.querySelectorAll('th button')) b.click();"
            "for (const e of document.querySelectorAll('svg, .clips img')) { e.focus(); e.blur(); }")
    assert page.complaints == []
    assert page.requests == [page_file.as_uri()]


def test_a_forbidden_script_would_be_heard(browser: Browser, page_file: Path, tmp_path: Path) -> None:
    """The page allows its own script and nothing else; and the tests above would notice."""
    other = tmp_path / "other.html"
    text = page_file.read_text(encoding="utf-8")
    other.write_text(text.replace("<h1>", "<script>document.title = 'no'</script><img src='http://127.0.0.1:9/x'><h1>"))
    page = browser.page(other)
    assert page.js("document.title").startswith("EMBEDDED CORPUS")
    assert len(page.complaints) >= 2


def test_small_enough_to_send_around(page_file: Path) -> None:
    assert page_file.stat().st_size < MOST_BYTES


def test_the_browser_mends_nothing(browser: Browser, page_file: Path) -> None:
    """Elements stand as they are written: none is missing, moved or closed by the browser's parser."""
    text = page_file.read_text(encoding="utf-8")
    written = [tag for tag, _ in Page(text).seen]
    page = browser.page(page_file)
    found = page.js(f"[...new DOMParser().parseFromString({json.dumps(text)}, 'text/html').querySelectorAll('*')]"
                    ".map((e) => e.localName)")
    assert found == written
    assert page.js("document.compatMode") == "CSS1Compat"


def test_structure(browser: Browser, page_file: Path) -> None:
    page = browser.page(page_file)
    page.js(OPEN_ALL)
    levels = page.js("[...document.querySelectorAll('h1, h2, h3, h4')].map((e) => Number(e.tagName[1]))")
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.js("[...document.querySelectorAll('table')].every((t) => t.caption?.textContent.trim())")
    assert page.js("[...document.querySelectorAll('th')].every((t) => ['row', 'col'].includes(t.scope))")
    assert page.js("[...document.querySelectorAll('img')].every((i) => i.alt && i.complete && i.naturalWidth > 0)")
    assert page.js("[...document.querySelectorAll('svg')].every((s) => s.getAttribute('aria-label'))")
    assert page.js("document.querySelectorAll('main, nav, header').length") == 3


def test_the_mark_of_the_embedded_corpus_stays_in_sight(browser: Browser, page_file: Path) -> None:
    page = browser.page(page_file)
    for share in (0, 0.5, 1):
        page.js(f"scrollTo({{top: {share} * document.documentElement.scrollHeight, behavior: 'instant'}})")
        box = page.js("(() => { const b = document.querySelector('.ribbon').getBoundingClientRect(); "
                      "return [b.top, b.width, b.height]; })()")
        assert box[0] == 0
        assert box[1] >= 1200
        assert box[2] >= 24
    assert "EMBEDDED CORPUS" in page.js("document.title")


def column(js: Callable[[str], Any], number: int) -> list[str]:
    """What a column of `window.table` sorts by, from top to bottom."""
    return list(js(f"[...table.tBodies[0].rows].map((r) => r.cells[{number}].dataset.sort ?? "
                   f"r.cells[{number}].textContent.trim())"))


def test_tables_sort_by_click_and_by_key(browser: Browser, page_file: Path) -> None:
    page = browser.page(page_file)
    page.js("window.table = [...document.querySelectorAll('table')].find((t) => "
            "t.caption.textContent.startsWith('Accuracy in percent by device, development')); "
            "window.heads = [...table.tHead.rows[0].cells]; 0")
    before, accuracies = column(page.js, 0), column(page.js, 2)
    assert len(set(accuracies)) > 1
    page.js("heads[2].querySelector('button').click()")
    assert column(page.js, 2) == sorted(accuracies, key=float)
    assert page.js("heads.map((h) => h.getAttribute('aria-sort'))") == [None, None, "ascending", None]
    page.js("heads[2].querySelector('button').focus()")
    page.enter()
    assert column(page.js, 2) == sorted(accuracies, key=float, reverse=True)
    assert page.js("heads[2].getAttribute('aria-sort')") == "descending"
    page.key(" ", 32, " ")
    assert column(page.js, 0) == before
    assert page.js("heads[2].getAttribute('aria-sort')") is None
    page.js("heads[0].querySelector('button').click()")
    assert column(page.js, 0) == sorted(before)
    page.js("heads[1].querySelector('button').click()")
    assert page.js("document.querySelectorAll('[aria-sort]').length") == 1


def test_rows_without_a_figure_sort_last(browser: Browser, page_file: Path) -> None:
    page = browser.page(page_file)
    page.js("window.table = [...document.querySelectorAll('table')].find((t) => "
            "[...t.tBodies[0].rows].some((r) => r.cells[1].textContent.trim() === '-')); "
            "window.button = table.tHead.rows[0].cells[1].querySelector('button'); 0")
    for _ in range(2):
        page.js("button.click()")
        cells = column(page.js, 1)
        assert "-" in cells
        assert set(cells[cells.index("-"):]) == {"-"}


@pytest.mark.parametrize("width", [360, 320, 768, 1280])
def test_nothing_runs_off_the_side(browser: Browser, page_file: Path, width: int) -> None:
    page = browser.page(page_file, width)
    page.js(OPEN_ALL)
    assert page.js("document.documentElement.scrollWidth") <= width
    assert page.js(BEYOND) == []
    assert page.js("[...document.querySelectorAll('.scroll')].every((s) => s.scrollWidth <= s.clientWidth + 1 || "
                   "(s.tabIndex === 0 && s.getAttribute('role') === 'region' && s.getAttribute('aria-labelledby')))")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_of_the_theme(browser: Browser, page_file: Path, theme: str) -> None:
    page = browser.page(page_file, media={"prefers-color-scheme": theme})
    paper, ink = (THEMES[theme][name] for name in ("paper", "ink"))  # type: ignore[index]
    assert page.js("getComputedStyle(document.body).backgroundColor") == _rgb(paper)
    assert page.js("getComputedStyle(document.body).color") == _rgb(ink)
    page.js(OPEN_ALL)
    texts, unreadable = page.js(UNREADABLE)
    assert texts > 1000
    assert unreadable == []


def _rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[start:start + 2], 16)) for start in (1, 3, 5))})"


def test_prints_on_paper(browser: Browser, page_file: Path, tmp_path: Path) -> None:
    page = browser.page(page_file, media={"prefers-color-scheme": "dark"})
    written = page.pdf()
    assert list(check_pdf(written, "page.pdf")) == []
    assert 5 <= count_pages(written) <= 40
    page.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert page.js("getComputedStyle(document.body).backgroundColor") == _rgb(THEMES["light"]["paper"])
    shown = page.js("['nav', 'audio', '.skip', '.ribbon'].map("
                    "(s) => getComputedStyle(document.querySelector(s)).display)")
    assert shown == ["none", "none", "none", "block"]
    reader = shutil.which("pdftotext")
    if reader:
        (tmp_path / "page.pdf").write_bytes(written)
        text = subprocess.run([reader, "-layout", tmp_path / "page.pdf", "-"], capture_output=True, text=True,
                              check=True).stdout
        sheets = text.rstrip("\f").split("\f")
        assert len(sheets) == count_pages(written)
        assert all("EMBEDDED CORPUS" in sheet for sheet in sheets)


def test_keyboard_reaches_everything_in_order(browser: Browser, page_file: Path) -> None:
    page = browser.page(page_file)
    page.tab()
    assert page.js("document.activeElement.className") == "skip"
    assert page.js("document.activeElement.getBoundingClientRect().x") == 0
    page.enter()
    assert page.js("document.activeElement.id") == "main"
    places = []
    for _ in range(25):
        page.tab()
        assert page.js("(() => { const s = getComputedStyle(document.activeElement); "
                       "return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; })()")
        places.append(page.js("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
    assert places == sorted(set(places))
    page.tab(shift=True)
    assert page.js("[...document.querySelectorAll('*')].indexOf(document.activeElement)") == places[-2]
    assert page.js("[...document.querySelectorAll('th button, svg, .clips img, a, summary, audio')].every("
                   "(e) => e.tabIndex >= 0)")


def test_focus_is_not_hidden_behind_the_ribbon(browser: Browser, page_file: Path) -> None:
    page = browser.page(page_file, media={"prefers-reduced-motion": "reduce"})  # else it scrolls for a while
    page.js("document.querySelectorAll('nav a')[6].focus()")
    page.enter()
    page.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    top = page.js("document.querySelector(location.hash).getBoundingClientRect().top")
    assert page.js("document.querySelector('.ribbon').getBoundingClientRect().bottom") <= top < 300


def test_figures_tell_their_values(browser: Browser, page_file: Path) -> None:
    page = browser.page(page_file)
    assert page.js("document.querySelectorAll('svg title').length") == 0  # they would show twice
    page.hover("section[aria-labelledby=confusion] svg .mark")
    told = page.js("document.querySelector('section[aria-labelledby=confusion] .mark').dataset.tells")
    assert re.fullmatch(r"airport decided as airport: \d+ of \d+ clips \([\d.]+ %\)", told)
    assert page.js("[tip.hidden, tip.textContent]") == [False, told]
    page.key("Escape", 27)
    assert page.js("tip.hidden") is True

    page.js("window.svg = document.querySelector('section[aria-labelledby=confusion] svg'); "
            "window.marks = [...svg.querySelectorAll('.mark')].map((m) => m.dataset.tells); "
            "document.querySelector('section[aria-labelledby=confusion] summary').focus()")
    page.tab(shift=True)
    seen = []
    for key, code in (("ArrowRight", 39), ("ArrowDown", 40), ("ArrowLeft", 37), ("ArrowUp", 38), ("End", 35)):
        page.key(key, code)
        seen.append(page.js("[...document.activeElement.querySelectorAll('.mark')].map((m) => m.dataset.tells)"
                            ".indexOf(tip.textContent)"))
    assert seen == [1, 11, 10, 0, 99]
    assert page.js("document.querySelectorAll('.mark.on').length") == 1
    box = page.js("(() => { const b = tip.getBoundingClientRect(); return [b.left, b.right, b.top, b.bottom]; })()")
    assert box[0] >= 0
    assert box[1] <= 1280
    page.tab()
    assert page.js("tip.hidden") is True


def test_spectrograms_tell_time_frequency_and_level(browser: Browser, page_file: Path) -> None:
    page = browser.page(page_file)
    page.hover(".clips img")
    assert re.fullmatch(r"0\.5\d s, \d+ Hz, -?\d+ dB", page.js("tip.textContent"))
    page.js("document.querySelector('.clips img').focus()")
    for _ in range(60):
        page.key("ArrowDown", 40)
    hertz = page.js("Number(document.querySelector('.gallery').dataset.hertz.split(' ')[0])")
    assert f" {hertz} Hz" in page.js("tip.textContent")


def test_sounds_can_be_played(browser: Browser, page_file: Path) -> None:
    page = browser.page(page_file)
    lengths = page.js("Promise.all([...document.querySelectorAll('audio')].map((a) => new Promise((done) => {"
                      "a.addEventListener('loadedmetadata', () => done(a.duration));"
                      "a.addEventListener('error', () => done(a.error.message)); a.load(); })))")
    assert len(lengths) == 18
    assert lengths == [pytest.approx(1.0, abs=0.01)] * 18


def test_links_lead_somewhere(browser: Browser, page_file: Path) -> None:
    page = browser.page(page_file)
    assert page.js("[...document.querySelectorAll('a')].filter((a) => a.hash && !document.getElementById("
                   "a.hash.slice(1))).map((a) => a.hash)") == []
    others = page.js("[...document.querySelectorAll('a')].filter((a) => !a.hash).map((a) => a.getAttribute('href'))")
    assert "figures/cost.svg" in others
    assert all((page_file.parent / link).is_file() for link in others)


def test_without_scripts_everything_is_there(browser: Browser, page_file: Path) -> None:
    page = browser.page(page_file)
    with_scripts = page.js("document.querySelectorAll('.mark').length")
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.reload()
    counts = page.js("['.mark > title', 'th button', 'table'].map((s) => document.querySelectorAll(s).length)")
    assert counts[0] == with_scripts
    assert counts[1] == 0
    assert counts[2] > 10
