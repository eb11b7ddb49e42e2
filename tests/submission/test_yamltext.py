"""Whatever is written is read again by a plain YAML reader."""

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from submission.yamltext import render

SCALARS = (st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
           | st.text(st.characters(exclude_categories=["Cs"])))
KEYS = st.text(st.characters(min_codepoint=97, max_codepoint=122) | st.sampled_from("_12"), min_size=1, max_size=8)
TREES = st.dictionaries(KEYS, st.recursive(
    SCALARS, lambda inner: st.dictionaries(KEYS, inner, max_size=3) | st.lists(
        SCALARS | st.dictionaries(KEYS, inner, max_size=3), max_size=3), max_leaves=8), min_size=1, max_size=4)


@given(TREES)
def test_any_tree_survives(tree: dict[str, Any]) -> None:
    assert yaml.safe_load(render(tree, {}, "heading")) == tree


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])))
def test_comments_never_become_content(comment: str) -> None:
    tree = {"block": {"key": 1, "list": [{"a": {"b": 1}}, {"a": 2}]}}
    paths = ("block", "block.key", "block.list", "block.list.a", "block.list.a.b")
    assert yaml.safe_load(render(tree, dict.fromkeys(paths, comment), "heading\n" + comment)) == tree


def test_layout_is_the_templates() -> None:
    tree = {"submission": {"label": "A_B_task1_1", "authors": [{"lastname": "A", "affiliation": {"institute": "B"}},
                                                                 {"lastname": "C"}]},
            "system": {"source_code": None, "macs": 3, "accuracy": 51.0, "external_datasets": []}}
    comments = {"submission.label": "the label", "submission.authors.lastname": "family name",
                "submission.authors.affiliation.institute": "where"}
    assert render(tree, comments, "top") == """\
# top

submission:
  # the label
  label: A_B_task1_1
  authors:
    # family name
    - lastname: A
      affiliation:
        # where
        institute: B
    - lastname: C

system:
  source_code: !!null
  macs: 3
  accuracy: 51.0
  external_datasets: []
"""
