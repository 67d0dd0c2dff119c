"""endings -- Ctrl-C and its like end the demo, but never between the start of a program and the note that it runs."""
import contextlib
import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, a script, a terminal that is closed


def react(how):
    for number in SIGNALS:
        signal.signal(number, how)


def obey():
    react(signal.default_int_handler)  # KeyboardInterrupt


def ignore():
    react(signal.SIG_IGN)


@contextlib.contextmanager
def postponed():
    """Whatever comes meanwhile ends the demo afterwards."""
    came = []
    react(lambda number, frame: came.append(number))
    try:
        yield
    finally:
        obey()
    if came:
        raise KeyboardInterrupt
