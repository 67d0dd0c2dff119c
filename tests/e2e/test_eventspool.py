"""The command for people: it finds the program that owns a subcommand, the settings, the help and the nearest word."""
import os
import re
import signal
import subprocess

from support.environment import BIN, BUILD, ROOT, clean_environment
from support.tap import main
from support.waiting import wait_for

PROGRAMS = ("collector", "uploader")
COMMAND = BIN / "eventspool"


def run(site, *arguments, command=COMMAND, cwd=None, under=(), **settings):
    """`eventspool` with nothing but these settings."""
    environment = {**clean_environment(), **{name: str(value) for name, value in settings.items()}}
    return subprocess.run([*under, command, *arguments], cwd=cwd or site.directory, env=environment, capture_output=True,
                          text=True, timeout=120)


def table(site, program):
    """The program's own rows: [(name, arguments, meaning)], [(name, argument, meaning)]."""
    rows = [line.split("\t") for line in
            subprocess.run([BIN / program, "--commands"], capture_output=True, text=True, check=True,
                           env=clean_environment()).stdout.splitlines()]
    return ([row[1:] for row in rows if row[0] == "command"], [row[1:] for row in rows if row[0] == "detail"])


def config_of(done):
    """{program: {name: value}}: of a `config` that prints the collector's first, and both begin with their own names."""
    assert done.returncode == 0, done
    lines = done.stdout.splitlines()
    names = [line.split("=", 1)[0] for line in lines]
    second = next(i for i, name in enumerate(names) if name in ("BUCKET_NAME", "DESTINATION_DIR"))
    return [dict(line.split("=", 1) for line in part) for part in (lines[:second], lines[second:])]


# ---- who owns a subcommand ----

def test_each_subcommand_is_run_by_the_program_that_owns_it(site):
    owners = {}
    for program in PROGRAMS:
        for name, arguments, _ in table(site, program)[0]:
            owners.setdefault(name, []).append((program, arguments))
    assert {name for name, programs in owners.items() if len(programs) == 2} == {"run", "check", "healthcheck", "config"}
    for name, programs in owners.items():
        if len(programs) == 2:
            continue
        (program, _), = programs
        done = run(site, *name.split(), "--wrong-usage", "x")
        assert done.returncode == 64, (name, done)
        assert re.search(rf"({program}|eventspool) {name.split()[0]}", done.stderr) and "eventspool:" not in done.stderr, (name, done)
        direct = subprocess.run([BIN / program, *name.split(), "--wrong-usage", "x"], cwd=site.directory, text=True,
                                env=clean_environment(), capture_output=True, timeout=60)
        assert (done.stdout, done.stderr) == (direct.stdout, direct.stderr), name


def test_what_both_have_is_run_by_both_and_the_first_failure_counts(site):
    settings = {"DESTINATION_DIR": site.objects, "SPOOL_PATH": site.spool, "SPOOL_MIN_FREE": "64M", "PORT": site.port}
    looked = run(site, "check", "--read-only", **settings)
    assert looked.returncode == 0 and "the port can be used" in looked.stdout and "only looked" in looked.stdout, looked
    assert not site.objects.exists()
    both = run(site, "healthcheck", "--strict", **settings)
    assert both.returncode == 1 and "collector" in both.stderr and "uploader" in both.stderr, both
    site.collector()
    one = run(site, "healthcheck", **settings)
    assert one.returncode == 1 and "collector" not in one.stderr and "uploader" in one.stderr, one
    site.uploader()
    wait_for("both", lambda: run(site, "healthcheck", **settings).returncode == 0)
    collector, uploader = config_of(run(site, "config", **settings))
    assert collector["PORT"] == str(site.port) and uploader["DESTINATION_DIR"] == str(site.objects)
    wrong = run(site, "config", **settings, PORT_X="1", MAX_CONNECTIONS="none", UPLOAD_CONCURRENCY="none")
    assert wrong.returncode == 78 and "MAX_CONNECTIONS" in wrong.stderr and "UPLOAD_CONCURRENCY" in wrong.stderr, wrong
    first = run(site, "check", "--wrong", **settings)
    assert first.returncode == 64 and "the port can be used" in first.stdout, first


def test_the_names_of_the_programs_run_them_with_the_settings(site):
    (site.directory / "a.env").write_text(f"SPOOL_PATH={site.spool}\nPORT={site.port}\nBIND_HOST=127.0.0.1\n"
                                          "SPOOL_MIN_FREE=64M\n")
    service = site.start("eventspool", "--env-file", "a.env", "collector", SPOOL_PATH=site.spool)
    wait_for("the collector to listen", lambda: site.accepts() or service.process.poll() is not None)
    assert os.readlink(f"/proc/{service.process.pid}/exe") == str((BIN / "collector").resolve())
    site.send_events(3)
    site.wait_for_events(3)
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(60) == 0
    assert run(site, "uploader", "--version").stdout == "uploader 0.1.0\n"
    assert run(site, "--env-file", "a.env", "uploader", "config").stdout.splitlines()[0].startswith("BUCKET_NAME=")
    assert "acmsim" in run(site, "acmsim", "--help").stdout
    wrong = run(site, "run")
    assert wrong.returncode == 64 and "eventspool collector" in wrong.stderr, wrong


# ---- settings ----

def test_files_of_settings_are_read_in_order_and_the_environment_wins(site):
    one, two = site.directory / "one.env", site.directory / "two with blank.env"
    one.write_text("export PORT=1111\r\nMAX_CONNECTIONS=11 # eleven\r\nNODE_ID='one # node'\r\n")
    two.write_text("MAX_CONNECTIONS=\"22\"\nEVENT_ELEMENT=\nUNKNOWN=1\n")
    (site.directory / ".env").write_text("INTAKE_MEMORY=99M\n")
    config, _ = config_of(run(site, "--env-file", one, f"--env-file={two}", "config", NODE_ID="mine"))
    assert config["PORT"] == "1111" and config["MAX_CONNECTIONS"] == "22" and config["NODE_ID"] == "mine"
    assert config["INTAKE_MEMORY"] == "64M" and config["EVENT_ELEMENT"] == "EVENT"
    local, uploader = config_of(run(site, "config"))
    assert local["INTAKE_MEMORY"] == "99M" and local["PORT"] == "8080" and "INTAKE_MEMORY" not in uploader
    assert config_of(run(site, "config", INTAKE_MEMORY="77M"))[0]["INTAKE_MEMORY"] == "77M"


def test_defaults_count_where_neither_the_environment_nor_a_file_has_a_value(site):
    (site.directory / "trial.env").write_text("PORT=1\nNODE_ID=trial\nMAX_CONNECTIONS=5\nEVENT_ELEMENT=Trial\nLOG_LEVEL=debug\n")
    (site.directory / "later.env").write_text("LOG_LEVEL=warn\n")
    (site.directory / ".env").write_text("PORT=2\nNODE_ID=\n")
    config, _ = config_of(run(site, "--defaults", "trial.env", "--defaults=later.env", "config", MAX_CONNECTIONS="7", EVENT_ELEMENT=" "))
    assert (config["PORT"], config["NODE_ID"], config["MAX_CONNECTIONS"]) == ("2", "trial", "7"), config
    assert (config["EVENT_ELEMENT"], config["LOG_LEVEL"]) == ("Trial", "warn"), config
    (site.directory / "named.env").write_text("PORT=3\n")
    config, _ = config_of(run(site, "--defaults", "trial.env", "--env-file", "named.env", "config"))
    assert (config["PORT"], config["NODE_ID"]) == ("3", "trial"), config
    missing = run(site, "--defaults", "nowhere.env", "status")
    assert missing.returncode == 78 and "--defaults: " in missing.stderr and "nowhere.env" in missing.stderr, missing


def test_a_file_that_cannot_be_understood_ends_with_78_without_its_value(site):
    (site.directory / ".env").write_text("PORT=1\n\nAWS_SECRET_ACCESS_KEY='hush\n")
    for arguments in (("status",), ("config",), ("collector", "config")):
        done = run(site, *arguments)
        assert done.returncode == 78 and ".env, line 3: a quote is not closed" in done.stderr, done
        assert "hush" not in done.stderr + done.stdout
    (site.directory / "dollar.env").write_text("A=1\nAWS_SECRET_ACCESS_KEY=hu$h\n")
    done = run(site, "--env-file", "dollar.env", "status")
    assert done.returncode == 78 and "dollar.env, line 2: " in done.stderr and "single quotes" in done.stderr, done
    assert "hu$h" not in done.stderr
    missing = run(site, "--env-file", "nowhere.env", "status")
    assert missing.returncode == 78 and "nowhere.env" in missing.stderr, missing
    assert run(site, "--env-file", "dollar.env", "flsh").returncode == 64


def test_wrong_options_before_or_behind_a_subcommand_end_with_64(site):
    for arguments, words in ((("--env-file",), "--env-file FILE"), (("--env-file=", "status"), "--env-file FILE"),
                             (("--defaults",), "--defaults FILE"), (("status", "--defaults", "x"), "before the subcommand"),
                             (("--env-files", "x", "status"), "--env-file FILE"), (("--help-me",), "unknown subcommand"),
                             (("status", "--env-file", "x"), "before the subcommand"), ((), "usage: eventspool")):
        done = run(site, *arguments)
        assert done.returncode == 64 and words in done.stderr and done.stdout == "", (arguments, done)


def test_an_env_file_of_another_user_is_left_out(site):
    if os.geteuid() != 0:
        return  # only root can make one
    file = site.directory / ".env"
    file.write_text("PORT=1234\n")
    os.chown(file, 65534, 65534)
    done = run(site, "config")
    assert config_of(done)[0]["PORT"] == "8080" and "belongs to another user" in done.stderr, done
    assert config_of(run(site, "--env-file", ".env", "config"))[0]["PORT"] == "1234"


def installed(site, prefix="/usr"):
    """What `make install` makes, below a directory of the test's."""
    root = site.directory / "root"
    subprocess.run(["make", "-s", "-o", "all", f"MODE={BUILD.name}", f"prefix={prefix}", f"DESTDIR={root}", "install"],
                   cwd=ROOT, check=True, capture_output=True, timeout=120, umask=0o077)
    return root / prefix.strip("/")


def test_the_installed_command_finds_the_programs(site):
    prefix = installed(site)
    assert sorted(path.name for path in (prefix / "libexec/eventspool").iterdir()) == ["acmsim", "collector", "uploader"]
    command = prefix / "bin/eventspool"
    link = site.directory / "link"
    link.symlink_to(command)
    (site.directory / ".env").write_text("PORT=2345\n")  # used where there are no files of the services
    for path in (command, link):
        assert run(site, "uploader", "--version", command=path).stdout == "uploader 0.1.0\n"
        assert "PORT=" in run(site, "config", command=path).stdout
    (prefix / "libexec/eventspool/uploader").unlink()
    assert run(site, "config", command=command).returncode == 0
    gone = run(site, "status", command=command)
    assert gone.returncode == 64 and "unknown subcommand" in gone.stderr, gone
    (prefix / "libexec/eventspool/collector").unlink()
    nothing = run(site, "config", command=command)
    assert nothing.returncode == 1 and "make install" in nothing.stderr, nothing
    completion = prefix / "share/bash-completion/completions/eventspool"
    assert completion.read_text() == (ROOT / "deploy/completion/eventspool.bash").read_text()


def test_everybody_can_read_what_is_installed_whatever_the_umask(site):
    hidden = [path for path in (installed(site) / "share").rglob("*") if path.stat().st_mode & 0o004 == 0]
    assert not hidden, hidden


def with_etc(site, shared, uploader):
    """An /etc of the site's own, with these files of the services: it, and what a command stands behind to see it."""
    etc = site.directory / "etc"
    (etc / "eventspool").mkdir(parents=True)
    (etc / "passwd").write_text("nobody:x:65534:65534::/:/bin/sh\neventspool:x:10001:10001::/:/bin/sh\n"
                                "eventspool-uploader:x:10002:10002::/:/bin/sh\n")
    (etc / "group").write_text("eventspool:x:10001:eventspool-uploader\neventspool-uploader:x:10002:\n")
    for name, text, group in (("eventspool", shared, 10001), ("uploader", uploader, 10002)):
        file = etc / f"eventspool/{name}.env"
        file.write_text(text)
        file.chmod(0o640)
        os.chown(file, 0, group)
    return etc, ("unshare", "-m", "sh", "-c", f"mount --bind '{etc}' /etc && exec \"$@\"", "-")


def open_to_all(site, but):
    """A test's directory is its user's alone; other users are to run what is installed there."""
    for path in (site.directory, *site.directory.rglob("*")):
        if path.name != but and not path.is_symlink():
            path.chmod(0o755)


def test_where_it_is_installed_the_files_of_the_services_are_read(site):
    """In a mount namespace of its own, with an /etc of its own."""
    if os.geteuid() != 0:
        return  # mounting needs root
    command = installed(site) / "bin/eventspool"
    etc, mount = with_etc(site, "PORT=3456\nROTATION_INTERVAL=77\nDESTINATION_DIR=/a\n",
                          "ROTATION_INTERVAL=88\nPORT=1\nAWS_SECRET_ACCESS_KEY=hush\n")
    (site.directory / ".env").write_text("MAX_CONNECTIONS=5\n")
    collector, uploader = config_of(run(site, "config", command=command, under=mount))
    assert collector["PORT"] == "3456" and uploader["ROTATION_INTERVAL"] == "88", (collector, uploader)
    assert collector["MAX_CONNECTIONS"] == "256", "./.env is read, too"
    assert collector["SPOOL_PATH"] == uploader["SPOOL_PATH"] == "/var/lib/eventspool/spool.db", "as in the units"
    assert uploader["AWS_SECRET_ACCESS_KEY"] == "********"
    (etc / "eventspool/uploader.env").chmod(0o600)
    open_to_all(site, but="uploader.env")
    as_nobody = (*mount, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    done = run(site, "config", command=command, under=as_nobody)
    collector, uploader = config_of(done)
    assert uploader["ROTATION_INTERVAL"] == "77" and "uploader.env: Permission denied" in done.stderr, done
    quiet = run(site, "collector", "config", command=command, under=as_nobody)
    assert quiet.returncode == 0 and quiet.stderr == "", quiet


def installed_for_services(site, shared, uploader):
    """An installation whose programs, spool and objects the services' users can reach; else as with_etc()."""
    installed(site)
    site.directory.chmod(0o711)
    for path in (site.directory / "root", *(site.directory / "root").rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    for path, owner, mode in ((site.spool.parent, 10001, 0o2770), (site.objects, 10002, 0o700)):
        path.mkdir()
        os.chown(path, owner, 10001)
        path.chmod(mode)
    return with_etc(site, shared, uploader)


def checked(site, mount):
    """`eventspool check` of the installation: the exit code, the findings of the files, all that was printed."""
    done = run(site, "check", command=site.directory / "root/usr/bin/eventspool", under=mount, SPOOL_MIN_FREE="64M",
               PORT=site.port, SPOOL_PATH=site.spool, DESTINATION_DIR=site.objects)
    assert "the port can be used" in done.stdout and "trial" in done.stdout, "both programs are checked in each case"
    return done.returncode, [line for line in done.stdout.splitlines() if "/etc/eventspool" in line], done.stdout + done.stderr


def test_check_wants_secrets_in_the_uploaders_file_alone(site):
    if os.geteuid() != 0:
        return  # mounting needs root
    etc, mount = installed_for_services(site, "# the door's\nPREFIX=a/\nAWS_SECRET_ACCESS_KEY=\n", "AWS_SECRET_ACCESS_KEY=hush\n")
    shared, uploader = etc / "eventspool/eventspool.env", etc / "eventspool/uploader.env"
    code, findings, _ = checked(site, mount)
    assert code == 0 and [line.split()[0] for line in findings] == ["ok", "ok"], findings
    shared.write_text("AWS_ACCESS_KEY_ID=hush\nPREFIX=a/\nHTTPS_PROXY=http://user:hush@proxy:3128\n"
                      "AWS_SECRET_ACCESS_KEY_FILE=/etc/eventspool/key\nDOCUMENTED=https://wiki.example/a@b\n")
    code, findings, output = checked(site, mount)
    assert code == 78 and "hush" not in output, output
    assert re.findall(r"problem .*eventspool\.env, line (\d): (\w+) holds a secret", output) == [
        ("1", "AWS_ACCESS_KEY_ID"), ("3", "HTTPS_PROXY")], output
    assert output.count("move the line to /etc/eventspool/uploader.env") == 2, output
    shared.write_text("AWS_ACCESS_KEY_ID=hush\nPREFIX='a/\n")
    uploader.write_text("ALERT_URL=\"hush\n")
    done = run(site, "check", command=site.directory / "root/usr/bin/eventspool", under=mount)
    assert done.returncode == 78 and "hush" not in done.stdout + done.stderr and done.stderr == "", done
    assert re.findall(r"problem .*/(\w+)\.env, line (\d): a quote is not closed", done.stdout) == [
        ("eventspool", "2"), ("uploader", "1")], done


def test_check_tells_of_lines_that_systemd_reads_otherwise(site):
    if os.geteuid() != 0:
        return  # mounting needs root
    _, mount = installed_for_services(site, "PREFIX=a/ # the door's\nexport RETENTION=8d\nLOG_LEVEL='info'\n",
                        "# keys of C:\\\nALERT_URL=http://127.0.0.1:1/hush\nHEARTBEAT_URL=http://127.0.0.1:1/\\hush\n")
    code, _, output = checked(site, mount)
    assert code == 78 and "hush" not in output, output
    told = re.findall(r"problem .*/(\w+)\.env, line (\d): (\w+) (has another value|is not seen)", output)
    assert told == [("eventspool", "1", "PREFIX", "has another value"), ("eventspool", "2", "RETENTION", "is not seen"),
                    ("uploader", "2", "ALERT_URL", "is not seen"), ("uploader", "3", "HEARTBEAT_URL", "has another value")]


def test_check_tells_who_else_can_read_or_change_the_files(site):
    if os.geteuid() != 0:
        return  # mounting needs root
    etc, mount = installed_for_services(site, "PREFIX=a/\n", "ALERT_URL=http://127.0.0.1:1/hush\n")
    shared, uploader = etc / "eventspool/eventspool.env", etc / "eventspool/uploader.env"
    for file, mode, owner, group, code, words in (
            (uploader, 0o644, 0, 10002, 78, "problem /etc/eventspool/uploader.env has mode 0644: everybody can read it"),
            (uploader, 0o640, 0, 10001, 78, "problem /etc/eventspool/uploader.env has mode 0640: the collector's user,"
                                            " eventspool, can read it"),
            (uploader, 0o400, 10001, 0, 78, "the collector's user, eventspool, can read it"),
            (uploader, 0o600, 10002, 0, 0, "is hidden from the collector"),
            (uploader, 0o640, 0, 10002, 0, "is hidden from the collector"),
            (shared, 0o646, 0, 10001, 78, "problem /etc/eventspool/eventspool.env has mode 0646: everybody can change it"),
            (shared, 0o660, 0, 10001, 78, "the collector's user, eventspool, can change it"),
            (shared, 0o644, 0, 10001, 0, "note    /etc/eventspool/eventspool.env has mode 0644: everybody can read it"),
            (shared, 0o600, 0, 0, 0, "has no secret")):
        file.chmod(mode)
        os.chown(file, owner, group)
        found, _, output = checked(site, mount)
        assert found == code and words in output, (file, oct(mode), words, found, output)
        own = "eventspool-uploader" if file == uploader else "eventspool"
        assert ("is hidden" in words or "has no" in words) or f"chown root:{own} {file}".replace(str(etc), "/etc") in output, output


def test_roots_check_is_made_with_the_rights_of_the_services(site):
    """What root could do says nothing of them."""
    if os.geteuid() != 0:
        return  # mounting needs root
    _, mount = installed_for_services(site, "PREFIX=a/\n", "")
    os.chown(site.objects, 10001, 10001)
    code, _, output = checked(site, mount)
    assert code == 1 and "Permission denied" in output and "problem objects can be written" in output, output
    os.chown(site.objects, 10002, 10001)
    code, _, output = checked(site, mount)
    assert code == 0 and "root may write everywhere" not in output, output
    made = [path for place in (site.objects, site.spool.parent) for path in place.rglob("*")]
    assert made and not [path for path in made if path.stat().st_mode & 0o007], "made with root's umask, not the units'"
    os.chown(site.spool.parent, 0, 10001)
    site.spool.parent.chmod(0o2750)
    code, _, output = checked(site, mount)
    assert code == 1 and "user eventspool (10001) may not write in" in output, output


# ---- help ----

def test_every_subcommand_has_a_usage_its_arguments_and_exit_codes(site):
    for program in PROGRAMS:
        commands, details = table(site, program)
        for name, arguments, meaning in commands:
            direct = subprocess.run([BIN / program, *name.split(), "--help"], capture_output=True, text=True,
                                    env=clean_environment(), timeout=60)
            assert direct.returncode == 0 and direct.stderr == "", direct
            assert direct.stdout.splitlines()[0] == f"usage: {program} {name} {arguments}".rstrip(), direct.stdout
            assert meaning in direct.stdout and "\nExit codes:\n" in direct.stdout
            own = [what for command, what, _ in details if command == name and not what[0].isdigit()]
            for what in own:
                assert f"\n  {what} " in direct.stdout, (name, what)
            for option in re.findall(r"--?[a-z][a-z-]*|\bID\b|\bNAME\b|\bFILE\b", arguments):
                assert any(option in what.split() or option in what.replace("...", "").split() for what in own), \
                    f"{program} {name}: --help does not explain {option}"
            for what in own:
                assert what.split()[0].replace("...", "") in arguments, f"{name} does not take {what}"
            if name != "run":
                for asked in (("help", *name.split()), (*name.split(), "--help"), (*name.split(), "x", "--help")):
                    done = run(site, *asked)
                    assert done.returncode == 0 and f"usage: eventspool {name}" in done.stdout, (asked, done)
                    assert meaning in done.stdout and "\nExit codes:\n" in done.stdout, (asked, done)


def test_the_overview_names_every_subcommand(site):
    shown = run(site, "--help")
    assert shown.returncode == 0 and shown.stdout == run(site, "help").stdout == run(site, "-h").stdout
    for program in PROGRAMS:
        for name, _, meaning in table(site, program)[0]:
            assert name == "run" or re.search(rf"^  {name} ", shown.stdout, re.MULTILINE), name
    for word in ("collector", "uploader", "acmsim", "help", "--env-file FILE", "--version"):
        assert word in shown.stdout, word
    assert len(shown.stdout.splitlines()) <= 40, "more than one screen"
    assert run(site, "--version").stdout == "eventspool 0.1.0\n"
    group = run(site, "rejects", "--help").stdout
    assert all(f"usage: eventspool rejects {word}" in group for word in ("list", "show", "export", "dismiss", "retry"))
    for asked in (("help", "nonsense"), ("help", "run"), ("help", "rejects", "nonsense")):
        assert run(site, *asked).returncode == 64, asked


def test_a_misspelt_subcommand_gets_the_nearest_word(site):
    for given, meant in (("flsh", "flush"), ("statsu", "status"), ("rejects lst", "rejects list"), ("taill", "tail"),
                         ("reject retry", "rejects retry"), ("helpp", "help"), ("colector", "collector"),
                         ("batchs", "batches"), ("help flsh", "flush")):
        done = run(site, *given.split())
        assert done.returncode == 64 and f"did you mean `{meant}`?" in done.stderr, (given, done)
    done = run(site, "frobnicate\x1b[2J")
    assert done.returncode == 64 and "did you mean" not in done.stderr and "\x1b" not in done.stderr, done
    done = run(site, "rejects")
    assert done.returncode == 64 and "retry, list, show, export, dismiss" in done.stderr, done
    for program, given, meant in (("uploader", "flsh", "flush"), ("collector", "tial", "tail")):
        done = subprocess.run([BIN / program, given], capture_output=True, text=True, env=clean_environment(), timeout=60)
        assert done.returncode == 64 and f"did you mean `{meant}`?" in done.stderr, done


def test_lost_output_is_an_error(site):
    for arguments in (("help",), ("--version",), ("status", "--help"), ("config",)):
        with open("/dev/full", "w") as full:
            done = subprocess.run([COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
                                  cwd=site.directory, env=clean_environment(), timeout=60)
        assert done.returncode == 1 and "write" in done.stderr, (arguments, done)


# ---- completion ----

DRIVER = """source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_eventspool
printf '%s\\n' "${COMPREPLY[@]}"
"""


def completions(site, *words):
    """What bash would offer for the last word."""
    path = f"{BIN.resolve()}:{os.environ['PATH']}"
    done = subprocess.run(["bash", "--norc", "-c", DRIVER, "-", ROOT / "deploy/completion/eventspool.bash", "eventspool", *words],
                          cwd=site.directory, env={**clean_environment(), "PATH": path}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == "", done
    return sorted(word for word in done.stdout.splitlines() if word)


def test_completion_offers_what_the_programs_tables_hold(site):
    own = {"collector", "uploader", "acmsim", "verify", "help"}
    rows = [row for program in PROGRAMS for row in table(site, program)[0] if row[0] != "run"]
    first_words = {name.split()[0] for name, _, _ in rows}
    assert set(completions(site, "")) == first_words | own | {"--defaults", "--env-file", "--help", "--version"}
    assert set(completions(site, "help", "")) == first_words | own
    for name, _, _ in rows:
        first, *second = name.split()
        options = {option for other, text, _ in rows if other == name for option in re.findall(r"--?[a-z][a-z-]*", text)}
        assert first in completions(site, first[:2])
        if second:
            seconds = {other.split()[1] for other, _, _ in rows if other.startswith(f"{first} ")}
            assert set(completions(site, first, "")) == seconds, first
        assert set(completions(site, *name.split(), "-")) == options | {"--help"}, name
    for program in PROGRAMS:
        names = {name.split()[0] for name, _, _ in table(site, program)[0]}
        assert set(completions(site, program, "")) == names
    assert completions(site, "resolve", "--as", "") == ["abandoned", "reseal", "shipped"]
    assert completions(site, "resolve", "--batch", "") == [], "only a person knows"
    assert completions(site, "nonsense", "") == []


def test_completion_offers_files_where_a_file_is_named(site):
    for name in ("one.env", "two words.env", "other"):
        (site.directory / name).write_text("")
    assert completions(site, "--env-file", "o") == ["one.env", "other"]
    assert completions(site, "--env-file", "t") == ["two words.env"]
    assert completions(site, "--env-file", "=", "on") == completions(site, "--defaults", "on") == ["one.env"]
    assert completions(site, "--defaults", "one.env", "stat") == ["status"]
    assert completions(site, "--env-file", "one.env", "stat") == ["status"]
    assert completions(site, "--env-file", "one.env", "--env-file", "ot") == ["other"]
    assert completions(site, "rejects", "export", "oth") == ["other"]


if __name__ == "__main__":
    main(globals(), at_once=3)
