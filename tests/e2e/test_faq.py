"""docs/faq.md: answers are short and lead on, and every command that it and its neighbours name is one of `eventspool`'s, with
the options named."""
import re
import subprocess

from support.environment import BIN, ROOT, clean_environment
from support.tap import main

FAQ = ROOT / "docs/faq.md"
PAGES = [FAQ, ROOT / "docs/moving-from-python.md", ROOT / "docs/comparison.md"]
SENTENCES = 6


def answers():
    """(question, answer)"""
    return re.findall(r"^### (.+)\n\n((?:(?!^#).*\n)+)", FAQ.read_text(), re.MULTILINE)


def sentences(answer):
    """How many there are; dots in code and in links end none."""
    text = re.sub(r"`[^`]*`|\]\([^)]*\)", "x", answer.replace("\n", " "))
    return len(re.findall(r"[.?!:](?=\s|$)", re.sub(r":(?= )", "", text)))


def named(page):
    """The words behind `eventspool` wherever a page has it as code."""
    text = page.read_text()
    spans = re.findall(r"`eventspool\s([^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.split("#")[0] for block in blocks for line in re.findall(r"^eventspool (.+)$", block, re.MULTILINE)]
    return [command.split() for command in spans + lines if re.match(r"[a-z]", command)]


def help_of(*words):
    """What `--help` prints of this subcommand, or None if there is none of this name."""
    done = subprocess.run([BIN / "eventspool", *words, "--help"], capture_output=True, text=True, timeout=60, env=clean_environment())
    return done.stdout + done.stderr if done.returncode == 0 else None


def test_every_command_that_is_named_exists_with_its_options(site):
    commands = [(page.name, command) for page in PAGES for command in named(page)]
    assert len(commands) >= 10
    for page, (first, *rest) in commands:
        words = [first, rest[0]] if rest and re.fullmatch("[a-z]+", rest[0]) and help_of(first, rest[0]) else [first]
        told = help_of(*words)
        assert told, f"{page}: eventspool {first}"
        for option in re.findall(r"--[a-z-]+", " ".join(rest)):
            assert option in told, f"{page}: eventspool {' '.join(words)} has no {option}"


def test_every_answer_is_short_and_leads_on(site):
    assert len(answers()) >= 20
    for question, answer in answers():
        assert question.endswith("?"), question
        assert 1 <= sentences(answer) <= SENTENCES, (question, sentences(answer))
        assert "](" in answer, question


main(dict(globals()))
