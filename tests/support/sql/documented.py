"""documented -- are these statements what Snowflake's documentation allows? No Snowflake is asked.

tests/data/snowflake/options.tsv is the table of what is documented, as far as our files use it. A row without an option is
the form of a statement, in the notation of the documentation: `[ ]` may be there, `{ | }` is one of these, and `[ , ... ]`
repeats what stands before it. `<options>` are `NAME = value` in any order; the rows with an option say what value each has, and
which have to be there. `<options of X>` are those of the rows of X. The other shapes in `<>` are below; queries and what is
like them are left to a parser that knows Snowflake's dialect.
"""
import collections
import csv
import re

from support.environment import ROOT
from support.sql.text import split

TABLE = ROOT / "tests/data/snowflake/options.tsv"

STRING = r"'(?:[^'\\]|\\.|'')*'"
TOKEN = re.compile(rf"{STRING}|\$\$.*?\$\$|\"[^\"]*\"|[\w$]+(?:\.[\w$]+)*|->|=>|::|<>|<=|>=|!=|\|\||\S", re.DOTALL)
NAME, TYPE = r"[A-Za-z_][\w$]*(?:\.[\w$]+)*", r"(?:VARCHAR|NUMBER|BOOLEAN|VARIANT|TIMESTAMP_(?:NTZ|LTZ|TZ))"
URL = r"'s3://[a-z0-9.-]+/(?:[^']*/)?'"
VALUE = rf" (?:\((?: (?:{STRING}|[^()' ]+))* \)|{STRING}|[^()',= ]+)"
OPTIONS = rf"(?: [A-Z_]+ ={VALUE})+"


def listed(item):
    return f"{item}(?: ,{item})*"


# What stands for a shape, in a statement whose tokens all have one space before them.
SHAPES = {
    "new": f" {NAME}", "old": f" {NAME}", "name": f" {NAME}", "quoted name": f" '{NAME}'",
    "word": r" \w+", "words": listed(r" \w+"), "number": r" \d+", "string": f" {STRING}",
    "url": f" {URL}", "urls": listed(f" {URL}"),
    "role arn": r" 'arn:aws:iam::\d{12}:role/[\w+=,.@/-]+'", "topic arn": r" 'arn:aws:sns:[a-z0-9-]+:\d{12}:[\w-]+'",
    "type": f" {TYPE}", "parameters": listed(rf" \w+ {TYPE}"), "columns": listed(rf" \w+ {TYPE}(?: NOT NULL)?"),
    "schedule": r" '(?:\d+ (?:HOURS|MINUTES|SECONDS)|USING CRON(?: \S+){5} [\w/]+)'",
    "query": " (?:SELECT|WITH) .+", "expression": " .+", "update": " .+", "body": r" \$\$.*\$\$", "statement": " .+",
    "block": r" \$\$\s*DECLARE(?:\s+\w+ VARCHAR;)+\s+BEGIN\s.*\sEND;\s*\$\$", "strings": listed(f" {STRING}"),
    "options": OPTIONS,
}


class Undocumented(Exception):
    """A statement that is not in the table, or not like that."""


# kind: the row's statement. parts: (shape, text) for each shape, in order, those of options included. options: {name: value}
Statement = collections.namedtuple("Statement", "text kind parts options")


def parts_of(statement, *shapes):
    return [text for shape, text in statement.parts if shape in shapes]


def compiled(form):
    """The regular expression for a form or an option's value, and the shapes of its groups."""
    shapes, parts = [], []
    for token in re.findall(rf"<[a-z][^>]*>|\[ , \.\.\. \]|{STRING}|->|[\w$]+|\S", form):
        if token == "[ , ... ]":
            start = len(parts) - 1 - parts[::-1].index("(?:")
            parts.append(f"(?: ,{''.join(parts[start:])})*")
        elif token.startswith("<"):
            shapes.append(token[1:-1])
            parts.append(f"({SHAPES[token[1:-1].partition(' of ')[0]]})")
        else:
            parts.append({"[": "(?:", "{": "(?:", "]": ")?", "}": ")", "|": "|"}.get(token) or " " + re.escape(token))
    return re.compile("".join(parts), re.DOTALL), shapes


def statements_in(block):
    """Those of a block of Snowflake Scripting; its IFs are left out."""
    body = block.split("BEGIN", 1)[-1].rpartition("END;")[0]
    pieces = [re.sub(r"^IF \([^()]*\) THEN\s", "", piece).strip() for piece in split(body)]
    return [piece for piece in pieces if piece != "END IF"]


class Documentation:
    """The table, and what it says of a statement."""

    def __init__(self):
        self.forms, self.options, self.required = {}, {}, collections.defaultdict(set)
        with open(TABLE, encoding="utf-8", newline="") as file:
            self.rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        for row in self.rows:
            if not row["option"]:
                self.forms[row["statement"]] = compiled(row["documented"])
                continue
            self.options[row["statement"], row["option"]] = compiled(row["documented"])
            if row["required"]:
                self.required[row["statement"]].add(row["option"])

    def read(self, text):
        """The statement, or Undocumented."""
        tokens = list(TOKEN.finditer(text))
        normal = "".join(" " + token.group() for token in tokens)
        found = [(kind, match) for kind, (form, _) in self.forms.items() if (match := form.fullmatch(normal))]
        if len(found) != 1:
            raise Undocumented(f"{[kind for kind, _ in found] or 'no documented form'}: {text}")
        (kind, match), = found
        if "OR REPLACE" in match.group() and "IF NOT EXISTS" in match.group():
            raise Undocumented(f"OR REPLACE and IF NOT EXISTS exclude each other: {text}")
        statement = Statement(text, kind, [], {})
        for number, shape in enumerate(self.forms[kind][1], 1):
            if match.group(number) is None:
                continue
            if shape.startswith("options"):
                self.read_options(statement, shape.partition(" of ")[2] or kind, match.group(number))
                continue
            first, behind = (len(TOKEN.findall(normal[:edge])) for edge in match.span(number))
            original = text[tokens[first].start():tokens[behind - 1].end()]
            inner = {"statement": [original], "block": statements_in(original)}.get(shape)
            statement.parts.extend([(shape, original)] if inner is None else [part for each in inner for part in self.read(each).parts])
        return statement

    def read_options(self, statement, kind, text):
        """Reads ` NAME = value ...`, the options of `kind`, into the statement."""
        given = re.findall(rf" ([A-Z_]+) =({VALUE})", text)
        for name, value in given:
            if (kind, name) not in self.options:
                raise Undocumented(f"{kind} has no option {name}: {statement.text}")
            form, shapes = self.options[kind, name]
            match = form.fullmatch(value)
            if not match:
                raise Undocumented(f"{kind}: {name} cannot be{value}: {statement.text}")
            statement.options[name] = value.strip()
            for number, shape in enumerate(shapes, 1):
                if shape.startswith("options of "):
                    self.read_options(statement, shape.removeprefix("options of "), match.group(number))
                else:
                    statement.parts.append((shape, match.group(number).strip()))
        names = [name for name, _ in given]
        if len(set(names)) < len(names) or not self.required[kind] <= set(names):
            raise Undocumented(f"{kind} must have {sorted(self.required[kind])}, each once: {statement.text}")


def queries_of(statement):
    """What of the statement a parser for queries can read, each as a statement of its own."""
    queries = parts_of(statement, "query") + ["SELECT " + text for text in parts_of(statement, "expression")]
    queries += ["UPDATE " + text for text in parts_of(statement, "update")]
    for body in parts_of(statement, "body"):
        inner = body.strip("$").strip()
        queries.append(inner if re.match("SELECT|WITH", inner) else "SELECT " + inner)
    return queries
