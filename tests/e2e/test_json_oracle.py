"""The JSON of generated events, field by field against an independent reader of their XML: Python's expat.

ORACLE_EVENTS is their number, ORACLE_SEED repeats a run.
"""
import json
import os
import random
import time

from support.environment import size
from support.flattened import METADATA, members_of
from support.ledger import assert_keys_have_no_gap
from support.tap import main

EVENTS = size("ORACLE_EVENTS", 30000, 1500)
SEED = int(os.environ.get("ORACLE_SEED", time.time_ns() % 1000000))


# ---- the generator ----

NAMES = ["cn", "plasectrxEventname", "plasectrxCardno", "plasectrxPointaddress", "plasectrxMsg", "a", "b", "A", "_id",
         "__id", "_spool", "_node", "_x", "id", "a-b", "a.b", "a1", "n\u00e9", "\u0444", "\u6771", "p:a", "p:_id", "q:a", "p:cn"]
ATTRIBUTES = ["x", "y", "_id", "X", "x-1", "\u00e9", "p:x", "q:x", "xml:lang", "xml:space"]
SPACES = [" ", "  ", "\t", "\n", "\r\n", "\r", " \t\r\n ", "\n\n", "&#32;", "&#9;", "&#10;", "&#13;", "&#xD;&#xA;", "&#x20;"]
OTHER_SPACES = ["\u00a0", "\u2003", "\u0085", "\u2028", "\u3000", "\ufeff", "&#160;"]  # no XML white space: they stay
WORDS = ["007", "1E5", "true", "null", "-0.0", " 750", "22257e111", "1,5", "Intrusion", "caf\u00e9", "\u6771\u4eac", "\U0001f6aa", "e\u0301",
         "&lt;b&gt;", "&amp;", "&amp;lt;", "&quot;", "&apos;", "&#65;", "&#x1F6AA;", "&#38;#38;", "\"", "'", "\\", "\\n", "/",
         " > ", "]]", "{}", "[2]", "@x", "\u007f", "\u0080", "\ufffd", "#xml", "a=b", "x" * 300]
IN_VALUES = [w for w in WORDS if w not in ("\"", "'")]
MARKUP = ["<!-- c -->", "<!--<a>1</a></EVENT>-->", "<!---->", "<?p <a/> </EVENT>?>", "<?p?>"]
CDATA = ["", " ", "x", "<b>&amp;</b>", "</EVENT>", "]]", "]", "\r\n", "\u00e9", "&#65;", " in the middle "]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def some(self, items, most):
        return [self.random.choice(items) for _ in range(self.random.randrange(most + 1))]

    def space(self):
        return "".join(self.some(SPACES, 2))

    def text(self):
        pieces = []
        for kind in self.some(["word", "word", "space", "other", "cdata", "markup"], 5):
            pieces.append({"word": lambda: self.random.choice(WORDS), "space": self.space,
                           "other": lambda: self.random.choice(OTHER_SPACES),
                           "cdata": lambda: f"<![CDATA[{self.random.choice(CDATA)}]]>",
                           "markup": lambda: self.random.choice(MARKUP)}[kind]())
        return "".join(pieces)

    def attributes(self):
        written = []
        for name in dict.fromkeys(self.some(ATTRIBUTES, 3) if self.random.random() < 0.4 else []):
            value = "".join(self.some(IN_VALUES + SPACES + OTHER_SPACES, 3)).replace("\"", "")
            if name == "xml:space":
                value = "preserve"
            quote = self.random.choice("\"'")
            equals = self.random.choice(["=", " = ", "\n="])
            written.append(f"{self.random.choice([' ', chr(10), '  '])}{name}{equals}{quote}{value.replace(quote, '')}{quote}")
        return "".join(written)

    def element(self, name, depth, declarations=""):
        tag = f"{name}{declarations}{self.attributes()}{self.random.choice(['', '', ' ', chr(10)])}"
        kind = self.random.random()
        if depth > 0 and kind < 0.15:
            return f"<{tag}/>"
        inside = [self.text()] if kind < 0.8 or depth == 0 else []
        if depth == 0 or (kind > 0.65 and depth < 6):
            names = self.some(NAMES, 12 if depth == 0 else 4)
            if names and self.random.random() < 0.3:
                names += names[:2]  # repeated
            for child in names:
                inside += [self.element(child, depth + 1), self.text() if self.random.random() < 0.2 else self.space()]
        return f"<{tag}>{''.join(inside)}</{name}{self.random.choice(['', ' ', chr(10)])}>"

    def event(self):
        return self.element("EVENT", 0, " xmlns:p=\"urn:p\"\nxmlns:q='urn:q'").encode()


def stream(events, chance):
    """For one connection, so that ids count them; now and then with a declaration, or white space between."""
    between = [b"", b"", b"\n", b" \r\n", b"<?xml version=\"1.0\"?>", b"<?xml version='1.0' encoding='UTF-8'?>\n"]
    return b"".join(chance.choice(between) + event for event in events)


def check(event, number, pairs, has_metadata):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"event {number}: a key stands twice: {names}"
    assert all(isinstance(value, str) for _, value in pairs), f"event {number}: not a string: {pairs}"
    if has_metadata:
        assert names[:5] == METADATA and pairs[1][1] == str(number), f"event {number}: {pairs[:5]}"
        pairs = pairs[5:]
    wanted = members_of(event, has_metadata)
    if pairs != wanted:
        wrong = [(w, p) for w, p in zip(wanted + [None] * len(pairs), pairs + [None] * len(wanted)) if w != p][0]
        raise AssertionError(f"event {number}: expected {wrong[0]}, found {wrong[1]}, seed {SEED}: {event!r}")


def test_json_equals_what_an_independent_reader_of_the_xml_expects(site):
    print(f"# {EVENTS} events, ORACLE_SEED={SEED}")
    generator = Generator(SEED)
    site.collector()
    number = fields = 0
    # Metadata rename names that collide; the array, indented, must be read as well.
    runs = ((EVENTS * 9 // 10, True, {"OUTPUT_FORMAT": "ndjson"}),
            (EVENTS // 20, False, {"OUTPUT_FORMAT": "json", "EVENT_METADATA": "false"}),
            (EVENTS // 20, True, {"OUTPUT_FORMAT": "json", "PRETTY_PRINT_JSON": "true"}))
    for n, (count, has_metadata, settings) in enumerate(runs):
        events = [generator.event() for _ in range(count)]
        site.send(stream(events, generator.random))
        site.wait_for_events(number + count)
        done = site.command("uploader", "flush", DESTINATION_DIR=site.objects, PREFIX=f"{n}/", MAX_FILE_SIZE="4M", **settings)
        assert done.returncode == 0, done.stderr
        files = site.files(f"{n}/")
        assert assert_keys_have_no_gap([str(f) for f in files], number + 1) == number + count
        for path in files:
            text = path.read_bytes().decode()
            objects = (json.loads(line, object_pairs_hook=list) for line in text.split("\n")[:-1]) \
                if settings["OUTPUT_FORMAT"] == "ndjson" else json.loads(text, object_pairs_hook=list)
            for pairs in objects:
                number += 1
                check(events[number - 1 - sum(run[0] for run in runs[:n])], number, pairs, has_metadata)
                fields += len(pairs)
    assert number == sum(run[0] for run in runs) and fields > 3 * number
    assert site.value("SELECT count(*) FROM rejects") == 0, site.query("SELECT detail, payload FROM rejects LIMIT 1")
    print(f"# {fields} fields compared")


main(dict(globals()))
