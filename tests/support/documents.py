"""documents -- the blocks of the documents, and the marks above them, which say which test runs a block or why none does.

    <!-- run by tests/e2e/test_x.py -->                              <!-- not run: it needs an AWS account -->
    <!-- run by tests/e2e/test_x.py: restore; as root -->            `restore` is the step, and behind it stands a remark
    <!-- run by tests/e2e/test_x.py and tests/system/test_x.py: restore -->
    <!-- compared by tests/e2e/test_x.py: the disk is full -->       what a program prints, not what a person types

A test takes the blocks that are marked for it (marked_for), and whoever runs it fails if it has left one out: so no mark can
name a test that does not care.
"""
import collections
import pathlib
import re

from support.environment import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "deploy").rglob("*.md")),
             *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^(?P<indent> *)(?:<!-- (?P<mark>(?:run|compared) by [^\n]+|not run: [^\n]+) -->\n *)?```(?P<language>\w*)\n"
                   r"(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
BY = re.compile(r"(?:run|compared) by (?P<tests>[\w./]+(?: and [\w./]+)*)(?:: (?P<step>[^;]+))?(?:[,;].*)?$")
Block = collections.namedtuple("Block", "path line language mark text tests step")


def blocks_of(path):
    """All fenced blocks of a document, in their order."""
    text = path.read_text()
    for found in FENCE.finditer(text):
        mark = found["mark"]
        by = BY.match(mark or "")
        indent = len(found["indent"])
        yield Block(path, text.count("\n", 0, found.end("language")) + 1, found["language"], mark,
                    "".join(line[indent:] for line in found["text"].splitlines(keepends=True)),
                    tuple(by["tests"].split(" and ")) if by else (), by["step"] if by else None)


class Marked:
    """The blocks that the documents mark for one test."""

    def __init__(self, test):
        name = str(pathlib.Path(test).resolve().relative_to(ROOT))
        self.blocks = [block for path in DOCUMENTS for block in blocks_of(path) if name in block.tests]
        self.taken = set()

    def take_all(self, document, step=None, shown=None, language=None):
        """The texts of these blocks in a document (with this step, or of all steps), which the caller runs or compares.
        `shown`: only blocks that are compared, or only those that are run."""
        found = [block for block in self.blocks if block.path == ROOT / document and step in (None, block.step)
                 and shown in (None, block.mark.startswith("compared")) and language in (None, block.language)]
        self.taken.update(found)
        assert found, f"{document} has no block for this test" + (f" with the step {step!r}" if step else "")
        return [block.text for block in found]

    def take(self, document, step=None, shown=None, language=None):
        """The text of the one such block."""
        (text,) = self.take_all(document, step, shown, language)
        return text

    def left(self):
        """The blocks that nobody has taken: their marks say what is not true."""
        return [f"{block.path.relative_to(ROOT)}:{block.line}: {block.mark}" for block in self.blocks if block not in self.taken]


def marked_for(test):
    """`test`: the test's own __file__."""
    return Marked(test)
