"""`task1 corpus download`: recordings from the official records."""

import argparse
from typing import TYPE_CHECKING

from task1.commands import add_corpora, add_verb

if TYPE_CHECKING:
    from task1.commands import Verbs


DESCRIPTION = """\
Fetch the archives of data sets, check their md5 and unpack each right after its check into DIR/<root folder>/.

Interrupt it when you like (Ctrl-C, a cut connection, a killed machine): the same command goes on at the byte where it
stood. Archives lie in DIR/archives/<root folder>/; any that you put there yourself (complete, under their official
names) are used, not fetched. Your files are never overwritten or removed: one that differs from what an archive holds
stops that archive, by name. When a data set is complete, .downloaded.json in its folder says so; remove that file to
have everything compared with the archives again.

Proxies come from the environment (HTTPS_PROXY, NO_PROXY), an own certificate authority from REQUESTS_CA_BUNDLE.
Downloading TAU recordings means accepting their licence: free for non-commercial research, source acknowledged.

examples:
  task1 corpus download tau2022mobile_dev tau2023mobile_eval
  task1 corpus download tau2022mobile_dev --remove-archives         about half the disk space
  task1 corpus download tau2020mobile_dev --mirror /mnt/archives    from a folder of yours, which is only read
"""


def register(actions: "Verbs") -> None:
    parser = add_verb(actions, "download", "fetch, check and unpack recordings (resumable)", DESCRIPTION)
    parser.add_argument("datasets", nargs="+", metavar="DATASET", help="names under meta/datasets")
    add_corpora(parser)
    parser.add_argument("--jobs", type=int, default=2, metavar="N", choices=range(1, 5),
                        help="archives fetched at a time, 1 to 4 (default: %(default)s)")
    parser.add_argument("--mirror", metavar="DIR|URL", help="take the archives from this folder (in it or in its "
                        "folder <root folder>) or from this http(s) address instead of the official record")
    kept = parser.add_mutually_exclusive_group()
    kept.add_argument("--keep-archives", dest="keep", action="store_true", default=True,
                      help="keep the archives after unpacking (default)")
    kept.add_argument("--remove-archives", dest="keep", action="store_false",
                      help="remove each archive that was fetched by this command once it is unpacked; others stay")
    parser.set_defaults(handler=_download)


def _download(arguments: argparse.Namespace) -> None:
    from task1.config import dataset
    from task1.corpus.download import Settings, download_all

    wanted = [dataset(name) for name in dict.fromkeys(arguments.datasets)]
    download_all(wanted, arguments.corpora,
                 Settings(mirror=arguments.mirror, jobs=arguments.jobs, keep_archives=arguments.keep))
