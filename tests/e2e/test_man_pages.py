"""The manual pages: clean for mandoc, and what they say against what the programs print."""
import re
import shlex
import subprocess

from support.environment import BIN, ROOT, clean_environment
from support.tap import main

MAN = ROOT / "deploy/man"
PAGES = ["eventspool-collector.8", "eventspool-uploader.8", "eventspool.1", "eventspool.env.5"]
SERVICES = {"collector": "eventspool-collector.8", "uploader": "eventspool-uploader.8"}
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def printed(program, *arguments):
    done = subprocess.run([BIN / program, *arguments], env=clean_environment(), capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rendered(page):
    """As a reader has it on a terminal so wide that no heading of a list is broken."""
    done = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=200", page], cwd=MAN, capture_output=True, text=True,
                          timeout=30)
    return re.sub(r".\x08", "", done.stdout)


def section(page, heading):
    return re.search(rf"^{heading}\n(.*?)(?=^\S)", rendered(page), re.MULTILINE | re.DOTALL)[1]


def entries(text):
    """[(heading, text)] of the lists in it: a heading stands alone, or its text follows in the same line."""
    parts = re.split(r"^ {5}(\S.*?)(?: {2,}(\S.*))?$", text, flags=re.MULTILINE)
    return [(heading, (first or "") + rest) for heading, first, rest in zip(parts[1::3], parts[2::3], parts[3::3])]


def options_of(page):
    """The options that are not a subcommand's, with their arguments."""
    text = re.search(r"The options are:\n(.*?)(?=^ {0,3}\S)", rendered(page), re.MULTILINE | re.DOTALL)[1]
    return sorted(heading for heading, _ in entries(text))


def commands(program):
    """[(name, its usage)], without the service."""
    rows = [line.split("\t") for line in printed(program, "--commands").splitlines()]
    if program == "eventspool":
        rows = [row[1:] for row in rows if row[0] == program and row[2] == "verify"]
    return [(row[1], f"{row[1]} {row[2]}".strip()) for row in rows if row[0] == "command" and row[1] != "run"]


def test_mandoc_finds_nothing_to_say_about_any_page(_):
    assert sorted(path.name for path in MAN.iterdir()) == PAGES
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", *PAGES], cwd=MAN, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_each_page_has_the_version_its_name_and_a_date(_):
    version = re.search(r'EVENTSPOOL_VERSION "(.+)"', (ROOT / "common/command.h").read_text())[1]
    for page in PAGES:
        name, number = page.rsplit(".", 1)
        lines = (MAN / page).read_text().splitlines()
        assert re.fullmatch(r"\.Dd [A-Z][a-z]+ \d{1,2}, \d{4}", lines[0]), page
        assert lines[1:3] == [f".Dt {name.upper()} {number}", f".Os eventspool {version}"], page


def test_every_subcommand_stands_in_the_page_with_its_usage_and_no_other(_):
    usages = [usage for program in ("eventspool", *SERVICES) for _, usage in commands(program)]
    assert sorted(heading for heading, _ in entries(section("eventspool.1", "SUBCOMMANDS"))) == sorted(usages)


def test_every_option_of_a_subcommand_is_described_and_no_other(_):
    for heading, text in entries(section("eventspool.1", "SUBCOMMANDS")):
        own = {option for option in OPTION.findall(heading) if option != "-n"}  # described by its N
        assert own <= set(OPTION.findall(text)) <= own | {"-n"}, heading
        assert ("-n N" in heading) == bool(re.search(r"\bN\b", text)), heading


def test_the_page_of_each_service_names_its_subcommands_and_options(_):
    for program, page in SERVICES.items():
        named = re.search(r"The other subcommands are\s(.*?);", section(page, "DESCRIPTION"), re.DOTALL)[1]
        names = re.split(r", | and ", " ".join(named.split()))
        assert sorted(names) == sorted(name for name, _ in commands(program))
        assert options_of(page) == sorted(re.findall(r"^  (--\w+)", printed(program, "--help"), re.MULTILINE))


def test_the_options_of_the_command_for_people_are_those_that_it_takes(_):
    assert options_of("eventspool.1") == ["--commands", "--defaults FILE", "--env-file FILE", "--help", "--version"]
    for option in ("--commands", "--help", "--version"):
        printed("eventspool", option)
    usage = printed("eventspool", "--help")
    assert "[--env-file FILE]... [--defaults FILE]..." in usage
    own = [line.split("\t")[2] for line in printed("eventspool", "--commands").splitlines()
           if line.startswith("eventspool\tcommand")]
    for word in own:
        assert re.search(rf"\b{word}\b", section("eventspool.1", "SYNOPSIS")), word


def codes_in(text):
    return re.findall(r"^ +(\d+) ", re.search(r"Exit codes:\n((?: +.*\n)+)", text)[1], re.MULTILINE)


def test_every_exit_code_is_explained_and_no_other(_):
    usual, of_status = codes_in(printed("eventspool", "flush", "--help")), codes_in(printed("eventspool", "status", "--help"))
    assert usual == ["0", "1", "64", "75", "78"]
    for page in SERVICES.values():
        assert [heading for heading, _ in entries(section(page, "EXIT STATUS")) if heading[0].isdigit()] == usual, page
    headings = [heading for heading, _ in entries(section("eventspool.1", "EXIT STATUS")) if heading[0].isdigit()]
    assert ", ".join(headings).split(", ") == usual + of_status


def test_the_page_of_the_settings_has_all_of_them_and_no_other(_):
    names = {line.split("\t")[1] for program in SERVICES for line in printed(program, "--settings").splitlines()}
    headings = [heading for heading, _ in entries(section("eventspool.env.5", "SETTINGS"))]
    assert len(headings) == len(names) and set(headings) == names


def test_the_files_named_are_those_that_are_read(_):
    source = "".join(path.read_text() for path in (ROOT / "tools/eventspool").glob("settings_files.[ch]"))
    for name in ("/etc/eventspool/eventspool.env", "/etc/eventspool/uploader.env", ".env"):
        assert name in section("eventspool.1", "FILES"), name
        assert f'"{name.removeprefix("/etc/eventspool/")}"' in source, name


def test_the_examples_are_right_usage(site):
    lines = [line for page in PAGES for line in re.findall(r"^\.Dl \$ (.*)$", (MAN / page).read_text(), re.MULTILINE)]
    tried = 0
    for line in lines:
        arguments = shlex.split(re.fullmatch(r"(?:sudo (?:-u \S+ )?|(?:[A-Z_]+=\S+ )*)eventspool (.*)", line)[1])
        if arguments in (["collector"], ["uploader"]) or arguments[0] == "acmsim":
            continue  # a service, or what needs one
        done = site.command("eventspool", *arguments)  # there is no spool
        assert done.returncode != 64, (line, done.stdout, done.stderr)
        tried += 1
    assert tried > 5


main(dict(globals()))
