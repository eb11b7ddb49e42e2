"""The one exception that means: the user's input or machine is at fault, and here is what to do."""

import sys


class InputError(Exception):
    """Bad input, told in one sentence: where, what was found, what was expected, what to do.

    The command line prints the message alone (no traceback) and exits with status 2.
    """


def fail(error: InputError, program: str) -> int:
    """Print the sentence as the commands do and return their exit status."""
    print(f"{program}: {error}", file=sys.stderr)
    return 2
