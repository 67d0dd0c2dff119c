"""text -- SQL files: one file taken apart into its statements.

A statement ends with a `;` that stands in no comment, no '...', no "..." and no $$ ... $$. Comments are left out, but in a
$$ ... $$, which is a string to whoever reads the file: what is in it is the function's or the block's own text. A
Snowflake Scripting block (BEGIN ... END) therefore has to stand in $$ ... $$, as the command line clients want it, too.
"""
import re

# The pieces in which a `;` or a `--` means nothing, and one character of anything else. What is begun and never ended is
# none of them: it falls to the last alternative, and `pieces` refuses it.
PIECE = re.compile(r"""
    (?P<comment> --[^\n]* | /\*.*?\*/ )
  | (?P<quoted>  '(?:[^'\\]|\\.|'')*' | "(?:[^"]|"")*" | \$\$.*?\$\$ )
  | (?P<plain>   . )
""", re.VERBOSE | re.DOTALL)

OPENINGS = ("'", '"', "/*", "$$")


def pieces(text):
    """Yield the kind and the text of each piece of `text`."""
    for match in PIECE.finditer(text):
        if match.lastgroup == "plain" and text.startswith(OPENINGS, match.start()):
            line = text.count("\n", 0, match.start()) + 1
            raise ValueError(f"line {line}: what begins with {text[match.start():match.start() + 20]!r} is never ended")
        yield match.lastgroup, match.group()


def split(text):
    """The statements of `text`: without comments, without the `;`, without white space around them."""
    found = [""]
    for kind, piece in pieces(text):
        if kind == "plain" and piece == ";":
            found.append("")
        elif kind == "comment":
            found[-1] += " "
        else:
            found[-1] += piece
    tidy = [re.sub(r"[ \t]+$", "", statement, flags=re.MULTILINE).strip() for statement in found]
    if tidy[-1]:
        raise ValueError(f"the last statement has no ';': {tidy[-1][:60]!r}")
    return tidy[:-1]


def statements(path):
    """The statements of the file at `path`."""
    with open(path, encoding="utf-8") as file:
        return split(file.read())
