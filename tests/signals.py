"""Signals of a terminal in tests that nobody's terminal started."""

import signal


def hear_signals() -> None:
    """For `preexec_fn`: a shell's background jobs, the tests among them, may ignore Ctrl-C and hand that on."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
