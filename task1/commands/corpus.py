"""`task1 corpus download|verify|index|synth`."""

from typing import TYPE_CHECKING

from task1.commands import add_verb, corpus_download, corpus_index, corpus_prepare, corpus_synth, corpus_verify

if TYPE_CHECKING:
    from task1.commands import Verbs

ACTIONS = (corpus_download, corpus_verify, corpus_index, corpus_synth, corpus_prepare)


def register(verbs: "Verbs") -> None:
    group = add_verb(verbs, "corpus", "fetch, check, list or make the recordings")
    actions = group.add_subparsers(title="actions", metavar="ACTION", required=True)
    for action in ACTIONS:
        action.register(actions)
