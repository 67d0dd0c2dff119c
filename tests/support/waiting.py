"""waiting -- nothing sleeps for luck: a test waits until a condition is true, and fails at a deadline."""
import time

from support.environment import IS_SANITIZED

# Seconds. No promise of the product: only an end for a test that hangs, far beyond what a busy machine needs.
PATIENCE = 240 if IS_SANITIZED else 120


def wait_for(what, condition, seconds=PATIENCE):
    """Waits until condition() is true and returns what it gave."""
    due = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > due:
            raise AssertionError(f"waited {seconds} s in vain for: {what}")
        time.sleep(0.02)
