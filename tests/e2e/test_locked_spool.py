"""Another program holds a lock on the spool: each command that needs it says within seconds what it waits for, and at last
why it has failed and what to do."""
import contextlib
import os
import sqlite3
import subprocess
import threading

from support.environment import BIN, clean_environment
from support.tap import main, tests_of

WRITING = [("uploader", "flush"), ("uploader", "reship", "--batch", "1"), ("uploader", "rejects", "dismiss", "1"),
           ("collector", "rejects", "retry"), ("collector", "new-identity")]
READING = [("uploader", "status"), ("uploader", "rejects", "list"), ("uploader", "rejects", "show", "1"),
           ("uploader", "rejects", "export"), ("collector", "tail")]
CHECKS = [("uploader", "check"), ("collector", "check")]


def run_all(site, commands):
    """At once, as each waits some seconds: {command: (exit code, stdout, stderr)}."""
    results = {}

    def run(program, *arguments):
        settings = {name: str(value) for name, value in site.settings(
            PORT=site.port, BIND_HOST="127.0.0.1", SPOOL_MIN_FREE="1M",
            DESTINATION_DIR=site.objects).items()}
        done = subprocess.run([BIN / program, *arguments], cwd=site.directory, env=clean_environment() | settings,
                              capture_output=True, text=True, timeout=60, check=False)
        results[program, *arguments] = (done.returncode, done.stdout, done.stderr)

    threads = [threading.Thread(target=run, args=command) for command in commands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def check_commands(site, statements, commands, runs):
    collector = site.collector()
    site.send(b"<EVENT>&</EVENT>")
    site.send_events(1)
    site.wait_for_events(1)
    if not runs:
        collector.stop()
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None, timeout=30)) as db:
        for statement in statements:
            db.execute(statement)
        results = run_all(site, commands)
    for command, (code, out, err) in results.items():
        is_check = command in CHECKS
        said = f"{command}: exit code {code}\n{out}\n{err}"
        is_status = command == ("uploader", "status")
        assert code == (1 if is_check else 2 if is_status else 75), said
        assert "waiting for the spool: a program holds a lock on it" in err, said
        assert f"(process {os.getpid()})" in err, said
        assert "another program holds a lock on the spool: " in (out if is_check or is_status else err), said
        assert "end the transaction of the program that holds the lock" in (out if is_check else err), said


TESTS = tests_of(check_commands, {
    "a_writer_s_lock_is_named_by_commands_that_write": (("BEGIN IMMEDIATE",), WRITING, True),
    "an_exclusive_lock_is_named_by_all_commands": (
        ("PRAGMA locking_mode = EXCLUSIVE", "BEGIN IMMEDIATE", "COMMIT"), WRITING + READING + CHECKS, False),
})

if __name__ == "__main__":
    main({**globals(), **TESTS})
