"""What a command prints cannot be written, as on a full disk: it says so on stderr and ends with 1."""
import subprocess

from support.environment import BIN, clean_environment
from support.tap import main, tests_of
from support.waiting import wait_for

COMMANDS = [(program, *words) for program in ("collector", "uploader")
            for words in (("--help",), ("--version",), ("--settings",), ("check",), ("config",))]
COMMANDS += [("uploader", *words) for words in (
    ("status",), ("status", "--json"), ("rejects", "list"), ("rejects", "list", "--all"), ("rejects", "show", "1"),
    ("rejects", "show", "1", "--raw"), ("rejects", "export"), ("batches", "list"), ("batches", "list", "-n", "1"),
    ("batches", "show", "1"), ("check", "--read-only"), ("flush",), ("reship", "--batch", "1"),
    ("reship", "--batch", "1", "--dry-run"), ("rejects", "dismiss", "1"))]
COMMANDS += [("collector", "tail"), ("collector", "tail", "-n", "1"), ("collector", "rejects", "retry"),
             ("collector", "new-identity"), ("collector", "tail", "--rejects", "--json"),
             ("collector", "tail", "--help"), ("collector", "--commands")]
COMMANDS += [("acmsim", *words) for words in (("--help",), ("--version",), ("--feed", "list"), ("--count", "1"),
                                              ("--count", "1", "--stdout"))]


def open_full(_):
    return open("/dev/full", "w")


def open_for_reading_only(site):
    unwritable = site.directory / "unwritable"
    unwritable.write_text("")
    return unwritable.open()


def check_lost_output(site, open_output):
    site.collector()
    site.wait_for_spool()
    site.send(b"<EVENT>&</EVENT>")
    site.send_events(5)
    site.wait_for_events(5)
    wait_for("the reject", lambda: site.value("SELECT count(*) FROM rejects") == 1)
    site.uploader()
    site.wait_until_shipped()
    settings = {name: str(value) for name, value in site.settings(
        PORT=site.port, BIND_HOST="127.0.0.1", SPOOL_MIN_FREE="1M", DESTINATION_DIR=site.objects).items()}
    for program, *words in COMMANDS:
        port = ("--port", str(site.port)) if program == "acmsim" and words[0] == "--count" else ()
        with open_output(site) as out:
            done = subprocess.run([BIN / program, *words, *port], cwd=site.directory, env=clean_environment() | settings,
                                  stdout=out, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        said = f"{program} {words}: exit code {done.returncode}, {done.stderr}"
        assert done.returncode == 1 and ("write" in done.stderr or "standard output" in done.stderr), said


TESTS = tests_of(check_lost_output, {
    "each_command_says_that_its_output_does_not_fit": (open_full,),
    "each_command_says_that_its_output_cannot_be_written": (open_for_reading_only,),
})

if __name__ == "__main__":
    main(TESTS)
