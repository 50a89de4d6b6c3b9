"""Ctrl-C and SIGTERM, also where they are lost: Python drops an exception that a signal raises inside a callback of the interpreter's own."""

import signal

_asked = False


def listen() -> None:
    """Both signals end a command with `KeyboardInterrupt`, so that nothing half-written stays behind."""
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)


def heed() -> None:
    """Raise `KeyboardInterrupt` where a signal came and its exception was lost; called between the stages of a command."""
    if _asked:
        raise KeyboardInterrupt


def _interrupt(number, frame) -> None:
    global _asked
    _asked = True
    raise KeyboardInterrupt
