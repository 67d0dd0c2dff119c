"""show -- what a person who watches is told: a line for each thing that happens, with the time since the beginning."""
import textwrap
import time


class Show:
    def __init__(self):
        self.began = time.monotonic()

    def seconds(self):
        return time.monotonic() - self.began

    def say(self, text):
        minutes, seconds = divmod(int(self.seconds()), 60)
        print(textwrap.fill(f"{minutes:02}:{seconds:02}  {text}", 118, subsequent_indent=" " * 7), flush=True)

    def chapter(self, text):
        print(f"\n-- {text}", flush=True)


def counted(number, word, words=""):
    """"1 event", "2 events"; `words`: the plural, where it is another one."""
    return f"{number:,} {word if number == 1 else words or word + 's'}"
