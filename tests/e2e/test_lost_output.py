"""What a command prints cannot be written, as on a full disk: it says so on stderr and ends with 1."""
import subprocess

from support.environment import BIN, clean_environment
from support.tap import main
from support.waiting import wait_for

COMMANDS = [(program, *words) for program in ("collector", "uploader")
            for words in (("--help",), ("--version",), ("--settings",), ("check",), ("config",))]
COMMANDS += [("uploader", *words) for words in (
    ("status",), ("status", "--json"), ("rejects", "list"), ("rejects", "show", "1"), ("rejects", "export"), ("flush",),
    ("reship", "--batch", "1"), ("rejects", "dismiss", "1"))]
COMMANDS += [("collector", "tail"), ("collector", "rejects", "retry")]


def test_each_command_says_that_its_output_is_lost(site):
    site.collector()
    site.send(b"<EVENT>&</EVENT>")
    site.send_events(5)
    site.wait_for_events(5)
    wait_for("the reject", lambda: site.value("SELECT count(*) FROM rejects") == 1)
    site.uploader()
    site.wait_until_shipped()
    unwritable = site.directory / "unwritable"
    unwritable.write_text("")
    settings = {name: str(value) for name, value in site.settings(
        PORT=site.port, BIND_HOST="127.0.0.1", SPOOL_MIN_FREE="1M", DESTINATION_DIR=site.objects).items()}
    for program, *words in COMMANDS:
        with unwritable.open() as out:  # for reading only
            done = subprocess.run([BIN / program, *words], cwd=site.directory, env=clean_environment() | settings, stdout=out,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        said = f"{program} {words}: exit code {done.returncode}, {done.stderr}"
        assert done.returncode == 1 and "write" in done.stderr, said


if __name__ == "__main__":
    main(globals())
