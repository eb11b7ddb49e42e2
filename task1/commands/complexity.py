"""`task1 complexity`: parameters, bytes and MACs of an entry's networks, as papers and rules count them."""

import argparse
from typing import TYPE_CHECKING

from task1.commands import add_verb

if TYPE_CHECKING:
    from task1.commands import Verbs

DESCRIPTION = """\
Count the networks of an entry for one clip, untrained, and hold them against the limits of the entry's edition
and of the others with clips as long.

params     all parameters; with buffers: also running statistics, as a state dict holds them
torchinfo  MACs as torchinfo 1.8 (and NeSsi for PyTorch, which the challenge used) counts them
thop       MACs as thop 0.1.1 counts them
executed   multiply-accumulates of convolutions and matrix products that PyTorch's own counter sees
peak act.  most bytes of float32 activations alive at once, operation by operation

examples:
  task1 complexity wang2023
  task1 complexity wang2023 1
  task1 complexity wang2023 model1 --layers
  task1 complexity --published
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "complexity", "parameters, bytes and MACs of an entry's networks", DESCRIPTION)
    parser.add_argument("entry", nargs="?", metavar="ENTRY", help="name under meta/entries, or the path of a YAML file")
    parser.add_argument("model", nargs="?", metavar="SYSTEM|MODEL",
                        help="a system's number or a network's name (default: all networks)")
    parser.add_argument("--profile", default="full", metavar="NAME|FILE", help="profile (default: %(default)s)")
    parser.add_argument("--layers", action="store_true", help="one row a layer as well")
    parser.add_argument("--published", action="store_true", help="the figures printed in the papers (of ENTRY, or "
                        "of all four) beside ours: match, truncated or differs, and why")
    parser.add_argument("--format", choices=("text", "md"), default="text",
                        help="of --published (default: %(default)s)")
    parser.set_defaults(handler=_complexity)


def _complexity(arguments: argparse.Namespace) -> None:
    from task1.complexity_tables import tables
    from task1.config import resolve
    from task1.errors import InputError
    from task1.published_complexity import published_entries, published_table

    known = published_entries()
    if arguments.published:
        if arguments.entry and arguments.entry not in known:
            raise InputError(f"no printed figures of {arguments.entry}; there are those of {', '.join(known)}")
        print(published_table([arguments.entry] if arguments.entry else known, arguments.format), end="")
    elif arguments.entry:
        print(tables(resolve(arguments.entry, arguments.profile), arguments.model, arguments.layers), end="")
    else:
        raise InputError("expected an entry (see `task1 run --list`), or --published")
