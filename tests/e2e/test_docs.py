"""What the documents say against what the programs print and a fresh spool holds: settings, views, reasons, links,
and the event that README.md shows on its way."""
import re
import subprocess

from support.documents import DOCUMENTS, blocks_of, marked_for
from support.environment import BIN, ROOT, clean_environment
from support.tap import main

README = ROOT / "README.md"
SPOOL = ROOT / "docs/reference-spool.md"
COMMANDS = ROOT / "docs/reference-commands.md"
SETTINGS = ROOT / "docs/settings.md"
OPERATING = ROOT / "docs/operating.md"
REFERENCE = ROOT / "docs/reference.md"
MONITORING = ROOT / "docs/monitoring.md"
BLOCKS = marked_for(__file__)
PROGRAMS = ("collector", "uploader")
NAME = re.compile(r"`([A-Z][A-Z0-9_]*)`$")
# A block that a person would type, whatever it says of its language.
TYPED = re.compile(r"^(?:\$ |sudo |eventspool |make |docker |git |curl |apt |nc |systemctl |kubectl |aws |nft |sqlite3 |build/release/)", re.MULTILINE)


def run_command(site, program, *arguments, **settings):
    """What the program prints when nothing but `settings` is set."""
    return subprocess.run([BIN / program, *arguments], cwd=site.directory, env={**clean_environment(), **settings},
                          capture_output=True, text=True, timeout=30)


def help_parts(site, program):
    """The subcommands with their arguments, and each setting's default as `--help` shows it ("" for none)."""
    commands, settings = run_command(site, program, "--help").stdout.split("Settings are environment variables")
    rows = re.findall(r"^  (\S+) +(\S+) +\S.*$", settings, re.MULTILINE)
    return re.findall(r"^  (\S+(?: \S+)*)  +\S", commands, re.MULTILINE), {n: "" if d == "-" else d for n, d in rows}


def defaults(site, program):
    """{name: the ways to write its default}: as `--help` and as `config` show it."""
    in_help = help_parts(site, program)[1]
    lines = run_command(site, program, "config").stdout.splitlines()
    in_config = dict(line.split("=", 1) for line in lines)
    assert list(in_help) == list(in_config) and len(lines) == len(in_config)
    return {name: {in_help[name], in_config[name]} for name in in_help}


def prose(path):
    """The document without its code blocks."""
    return re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)


def section(path, heading):
    """The text under a heading, up to the next one of its level or above."""
    level = heading.split()[0]
    body = rf"^{re.escape(heading)}$\n(.*?)(?=^#{{1,{len(level)}}} |\Z)"
    found = re.search(body, prose(path), re.MULTILINE | re.DOTALL)
    assert found, f"{path.name} has no heading {heading!r}"
    return found[1]


def tables(text):
    """Each table as a list of rows of cells; the first is the header."""
    for block in re.findall(r"(?:^\|.*\|\n)+", text + "\n", re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        yield [row for row in rows if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]


def table(text, *header):
    """The rows of the one table that has these columns, without its header."""
    found = [rows for rows in tables(text) if rows[0][:len(header)] == list(header)]
    assert len(found) == 1, f"{len(found)} tables with the columns {header}"
    return found[0][1:]


def settings_of_both(site):
    """{name: (program, the ways to write its default)} as the programs print them."""
    collector, uploader = (defaults(site, program) for program in PROGRAMS)
    owners = {**{name: "collector" for name in collector}, **{name: "uploader" for name in uploader},
              **{name: "both" for name in collector.keys() & uploader.keys()}}
    return {name: (owner, {**collector, **uploader}[name]) for name, owner in owners.items()}


def assert_settings_are(printed, rows):
    """Each row begins with a setting's `NAME`, its program and its default, none stands twice; returns the names."""
    for cell, program, default, *_ in rows:
        assert NAME.match(cell), cell
        owner, ways = printed[cell.strip("`")]
        assert program == owner and default.strip("`") in ways, (cell, program, default, owner, ways)
    names = {cell.strip("`") for cell, *_ in rows}
    assert len(names) == len(rows), "a setting stands twice"
    return names


def words(text):
    return re.findall(r"`([^`]+)`", text)


def test_the_generated_documents_are_fresh(site):
    done = subprocess.run(["sh", "tools/settings.sh", BIN.resolve(), "--check"], cwd=ROOT, capture_output=True, text=True,
                          timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_services_files_hold_each_setting_once_and_secrets_for_the_uploader_alone(site):
    lines = {name: re.findall(r"^#?([A-Z0-9_]+)=(.*)", (ROOT / f"deploy/etc/{name}.env").read_text(), re.MULTILINE)
             for name in ("eventspool", "uploader")}
    shared, private = ({name for name, _ in found} for found in lines.values())
    assert len(lines["eventspool"]) == len(shared) and len(lines["uploader"]) == len(private)
    assert not shared & private and shared | private == set(settings_of_both(site))
    listed = (subprocess.run([BIN / program, "--settings"], capture_output=True, text=True, check=True,
                             env=clean_environment()).stdout for program in ("collector", "uploader"))
    secrets = {row[1] for text in listed for row in (line.split("\t") for line in text.splitlines()) if row[2] == "secret"}
    assert {"AWS_ACCESS_KEY_ID", "ALERT_URL"} <= secrets <= private, secrets
    assert {"AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} <= private
    for name in lines:  # as it is installed, a file sets nothing but the place of the spool
        text = (ROOT / f"deploy/etc/{name}.env").read_text()
        assert re.findall(r"^[^#\n].*", text, re.MULTILINE) == {"eventspool": ["SPOOL_PATH=/var/lib/eventspool/spool.db"],
                                                                "uploader": []}[name]


def test_the_list_of_settings_is_complete(site):
    printed = settings_of_both(site)
    header = ["name", "program", "default"]
    rows = [row for found in tables(SETTINGS.read_text()) if found[0][:3] == header for row in found[1:]]
    assert assert_settings_are(printed, rows) == set(printed)


def test_the_readme_names_settings_with_their_defaults(site):
    rows = table(README.read_text(), "name", "program", "default", "meaning")
    assert len(assert_settings_are(settings_of_both(site), rows)) >= 5


def without_escapes(text):
    """A bar in a table is written `\\|`."""
    return text.replace("\\|", "|")


def test_every_subcommand_is_documented(site):
    text = without_escapes(section(COMMANDS, "## Commands"))
    rows = re.findall(r"^\| `([^`]+)` \| (collector|uploader) \|", text, re.MULTILINE)
    offered = [(name, program) for program in PROGRAMS for name in help_parts(site, program)[0]]
    assert sorted(rows) == sorted(row for row in offered if not row[0].startswith("--"))
    for name, _ in offered:
        assert f"`{name}`" in text, name


def test_the_views_have_the_columns_that_the_reference_says(site):
    site.collector()
    site.wait_for_spool()
    rows = table(section(SPOOL, "## The spool, as sqlite3 shows it"), "view", "columns")
    views = {view for (view,) in site.query("SELECT name FROM sqlite_schema WHERE type = 'view'") if view[0] != "_"}
    assert {row[0].strip("`") for row in rows} == views
    for view, columns in rows:
        real = [name for (name,) in site.query("SELECT name FROM pragma_table_info(?)", view.strip("`"))]
        assert words(columns) == real, (view, real)
    assert str(site.value("PRAGMA application_id")) in SPOOL.read_text()
    assert f"version, {site.value('PRAGMA user_version')}." in SPOOL.read_text()


def test_the_reject_reasons_are_those_of_the_schema(site):
    site.collector()
    site.wait_for_spool()
    schema = site.value("SELECT sql FROM sqlite_schema WHERE name = '_reject'")
    reasons = sorted(re.findall(r"'(\w+)'", re.search(r"reason IN \(([^)]*)\)", schema)[1]))
    documented = table(section(SPOOL, "## The spool, as sqlite3 shows it"), "reason", "cause", "what to do")
    assert sorted(row[0].strip("`") for row in documented) == reasons
    explained = table(section(OPERATING, "### Rejects arrive"), "reason", "usual cause")
    assert sorted(word for row in explained for word in words(row[0])) == reasons


def test_the_queries_in_the_documents_run_on_a_fresh_spool(site):
    site.collector()
    site.wait_for_spool()
    block = BLOCKS.take("docs/operating.md")
    queries = [q for q in re.sub(r"^--.*$", "", block, flags=re.MULTILINE).split(";") if q.strip()]
    queries += [q[1:-1] for q in re.findall(r"sqlite3 (?:-box )?var/spool\.db ('SELECT[^']*'|\"SELECT[^\"]*\")",
                                            README.read_text() + OPERATING.read_text())]
    queries += re.findall(r"`(SELECT [^`.]*)`", OPERATING.read_text())
    assert len(queries) >= 11
    for query in queries:
        site.query(query)


def without_moments(text):
    """The text with each time and spool name replaced: these differ from run to run."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    return re.sub(r"\d{8}_\d{6}-[0-9a-f]{10}-", "TIME-SPOOL-", text)


def test_the_event_in_the_readme_becomes_the_row_and_the_object_shown(site):
    block = BLOCKS.take("README.md")
    _, *steps = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    event, nothing, row, document = steps[1::2]
    (query,) = re.findall(r"'(SELECT.*)'", block)
    site.collector()
    site.uploader()
    site.send(event.encode())
    site.wait_for_events(1)
    site.wait_until_shipped()
    (columns,) = site.query(query)
    assert nothing == ""
    assert without_moments("|".join(map(str, columns))) == without_moments(row.strip())
    (stored,) = site.files()
    assert stored.read_text() == document


def anchor_of(heading):
    """As GitHub names it."""
    return re.sub(r"[^\w\- ]", "", heading.lstrip("# ").lower()).replace(" ", "-")


def anchors(path):
    return {anchor_of(heading) for heading in re.findall(r"^#+ .*$", prose(path), re.MULTILINE)}


def test_every_relative_link_points_to_something(site):
    seen = 0
    for path in DOCUMENTS:
        for link in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
            if re.match(r"[a-z]+:", link):
                continue
            file, _, anchor = link.partition("#")
            target = path.parent / file if file else path
            assert target.exists(), f"{path.name}: {link}"
            assert not anchor or anchor in anchors(target), f"{path.name}: {link}"
            seen += 1
    assert seen > 10


def test_each_problem_has_a_section_in_the_runbook_that_names_it(site):
    codes = re.findall(r'^    \[PROBLEM_\w+\] =\s*\{"(\w+)"', (ROOT / "common/problem.c").read_text(), re.MULTILINE)
    rows = table(MONITORING.read_text(), "code", "severity", "after", "verdict", "what to do")
    assert sorted(row[0].strip("`") for row in rows) == sorted(codes)  # the rest of a row: test_monitoring.py
    headings = {anchor_of(line): line for line in re.findall(r"^###? .*$", prose(OPERATING), re.MULTILINE)}
    for row in rows:
        links = re.findall(r"\]\(operating\.md#([\w-]+)\)", row[4])
        assert any(row[0] in section(OPERATING, headings[link]) for link in links), f"no section is about {row[0]}: {row[4]}"


def test_the_reference_has_each_problem_with_its_severity(site):
    kinds = re.findall(r'^    \[PROBLEM_\w+\] =\s*\{"(\w+)", PROBLEM_(\w+),', (ROOT / "common/problem.c").read_text(), re.MULTILINE)
    rows = [row for found in tables(section(REFERENCE, "## Problems")) for row in found[1:]]
    assert sorted(row[:2] for row in rows) == sorted([f"`{code}`", severity.lower()] for code, severity in kinds)


def test_the_index_of_the_runbook_leads_to_each_of_its_sections(site):
    linked = set(re.findall(r"\]\(#([\w-]+)\)", section(OPERATING, "## Where to look")))
    headings = re.findall(r"^### .*$", section(OPERATING, "## What to do when"), re.MULTILINE)
    assert len(headings) > 20
    assert {anchor_of(heading) for heading in headings} <= linked, {anchor_of(heading) for heading in headings} - linked


def test_every_file_that_the_documents_name_exists(site):
    named = re.compile(r"`((?:collector|uploader|common|sql|tests|tools|docs)/[\w./-]+)`")
    names = [(path, name) for path in DOCUMENTS for name in named.findall(path.read_text())]
    assert len(names) > 50
    for path, name in names:
        assert (ROOT / name).exists(), f"{path.name}: {name}"


def test_every_block_of_commands_says_which_test_runs_it_or_why_none_does(site):
    for path in DOCUMENTS:
        for block in blocks_of(path):
            if block.language in ("sh", "sql", "powershell") or TYPED.search(block.text):
                assert block.mark, f"{path.relative_to(ROOT)}, line {block.line}: no mark above the block"


def test_each_mark_stands_directly_above_a_block(site):
    for path in DOCUMENTS:
        marks = re.findall(r"<!-- ((?:run|compared) by .*|not run: .*) -->", path.read_text())
        assert marks == [block.mark for block in blocks_of(path) if block.mark], path.name
        for name in re.findall(r"\b((?:tests|tools|deploy)/[\w./-]*\w)", "\n".join(marks)):
            assert (ROOT / name).exists(), f"{path.name}: {name}"


def test_each_test_that_a_mark_names_must_take_its_blocks(site):
    """It fails if it leaves one out, because it has asked for those that are marked for it (support/documents.py)."""
    marked = [(path, block) for path in DOCUMENTS for block in blocks_of(path) if (block.mark or "not run")[:7] != "not run"]
    assert len(marked) > 50
    for path, block in marked:
        assert block.tests, f"{path.name}, line {block.line}: no test is named: {block.mark}"
        for test in block.tests:
            assert re.fullmatch(r"tests/(e2e|crash|system)/test_\w+\.py", test), f"{path.name}, line {block.line}: {test}"
            assert "\nBLOCKS = marked_for(__file__)\n" in (ROOT / test).read_text(), f"{test} does not ask for its blocks"


def test_a_block_that_its_test_leaves_out_is_found(site):
    blocks = marked_for(ROOT / "tests/e2e/test_runbooks.py")
    before = blocks.left()
    assert blocks.take("docs/runbooks.md", "restore").startswith("install ")
    (taken,) = set(before) - set(blocks.left())
    assert taken.startswith("docs/runbooks.md:") and taken.endswith("run by tests/e2e/test_runbooks.py: restore"), taken


main(dict(globals()))
