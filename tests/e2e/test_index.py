"""docs/README.md against the files of the project: each document stands in it once, and every link leads to a document."""
import re

from support.environment import ROOT
from support.tap import main

INDEX = ROOT / "docs/README.md"
ROWS = re.compile(r"^\| \[([^\]]+)\]\(([^)]+)\) \| (.+) \|$", re.MULTILINE)
HEADING = re.compile(r"^## The ([a-z ]+): .+$", re.MULTILINE)


def documents():
    """Whatever a person may read, but for the two pages that lead here and the licence."""
    found = {*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.html"), *(ROOT / "deploy").rglob("*.md"),
             *ROOT.glob("*.md")}
    return found - {INDEX, ROOT / "README.md"}


def rows():
    """(text of the link, the file that it leads to, what the row says)"""
    return [(text, (INDEX.parent / link).resolve(), says) for text, link, says in ROWS.findall(INDEX.read_text())]


def test_each_document_stands_in_the_index_once(site):
    listed = [path for _, path, _ in rows()]
    assert len(documents()) > 30
    assert sorted(listed) == sorted(documents()), {"missing": documents() - set(listed), "no document": set(listed) - documents(),
                                                   "twice": {path for path in listed if listed.count(path) > 1}}


def test_each_row_asks_a_question_and_shows_where_it_leads(site):
    tabular = [line for line in INDEX.read_text().splitlines() if line.startswith("| [")]
    assert len(tabular) == len(rows())
    for text, path, says in rows():
        assert (INDEX.parent / text).resolve() == path, text
        assert "?" in says, text


def test_the_index_and_the_readme_know_the_same_readers(site):
    readers = HEADING.findall(INDEX.read_text())
    section = (ROOT / "README.md").read_text().split("## Where to read on\n")[1]
    assert readers == re.findall(r"\*\*the ([a-z ]+)\*\*", section) == ["integrator", "operator", "data engineer", "contributor"]


def test_the_readme_leads_each_reader_to_a_page_of_his_own(site):
    parts = re.split(HEADING, INDEX.read_text())
    pages = {reader: {(INDEX.parent / link).resolve() for _, link, _ in ROWS.findall(text)}
             for reader, text in zip(parts[1::2], parts[2::2])}
    section = (ROOT / "README.md").read_text().split("## Where to read on\n")[1]
    for link, reader in re.findall(r"^- \[[^\]]+\]\(([^)]+)\) .*\*\*the ([a-z ]+)\*\*", section, re.MULTILINE):
        assert (ROOT / link).resolve() in pages.pop(reader), reader
    assert not pages


main(dict(globals()))
