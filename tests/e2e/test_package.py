"""The package for Debian and `make install`: what is where and whose, units that systemd accepts and rates, and what is left
after an upgrade, a removal and a purge. The package is made of the programs that the tests run."""
import functools
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from support.environment import BIN, BUILD, ROOT, clean_environment
from support.tap import main

SERVICES = ("eventspool-collector.service", "eventspool-uploader.service")
UNITS = (*SERVICES, "eventspool-collector.socket", "eventspool-status.socket")
SETTINGS = ("etc/eventspool/eventspool.env", "etc/eventspool/uploader.env")
VERSION = re.search(r'EVENTSPOOL_VERSION "(.+)"', (ROOT / "common/command.h").read_text())[1]
EXPOSURE_MAX = 2.0
PATIENCE = 300  # seconds; all of it is work, and other tests work beside it
MODES = {**dict.fromkeys(SETTINGS, 0o640), "usr/bin/eventspool": 0o755,
         **{f"usr/libexec/eventspool/{name}": 0o755 for name in ("collector", "uploader", "acmsim")}}


def run(*command, cwd=ROOT, check=True, **environment):
    done = subprocess.run(command, cwd=cwd, env={**clean_environment(), **environment}, capture_output=True, text=True,
                          timeout=PATIENCE, umask=0o077)
    assert not check or done.returncode == 0, (command, done.returncode, done.stdout, done.stderr)
    return done


@functools.cache
def scratch():
    """Of the module: its tests share one package."""
    directory = tempfile.TemporaryDirectory(prefix="eventspool-package-")
    scratch.directory = directory  # it goes with the program
    return pathlib.Path(directory.name)


@functools.cache
def package():
    out = scratch() / "deb"
    run("sh", "tools/deb.sh", DEB_OUT=str(out), PROGRAMS=str(BIN))
    (found,) = out.glob("eventspool_*.deb")
    return found


@functools.cache
def unpacked():
    """A root with what the package holds, and its scripts in DEBIAN/."""
    root = scratch() / "root"
    run("dpkg-deb", "--raw-extract", package(), root)
    return root


@functools.cache
def machine():
    """A root in which systemd's tools find the package's units, and the units that these name."""
    root = scratch() / "machine"
    shutil.copytree("/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True)
    for link in ("lib", "bin", "sbin"):
        (root / "usr" / link).mkdir(exist_ok=True)
        (root / link).symlink_to(f"usr/{link}")
    shutil.copytree(unpacked(), root, symlinks=True, dirs_exist_ok=True)
    shutil.copy("/bin/sh", root / "usr/bin/sh")  # which a unit starts, too
    return root


# ---- the package


def test_the_package_bears_the_version_of_the_programs_and_what_they_need(site):
    fields = run("dpkg-deb", "--field", package(), "Version", "Depends").stdout
    assert f"Version: {VERSION}\n" in fields and package().name.startswith(f"eventspool_{VERSION}_"), fields
    for library in ("libsqlite3-0", "libcurl4", "libxml2", "libevent-2.1-7", "libssl3", "libcjson1", "zlib1g", "ca-certificates"):
        assert re.search(rf"\b{library}\b", fields), (library, fields)


def test_what_the_package_holds_is_roots_and_only_the_settings_are_hidden(site):
    for line in run("dpkg-deb", "--contents", package()).stdout.splitlines():
        mode, owner, *_, = line.split()
        name = re.search(r" \./(\S*)", line)[1]
        assert owner == "root/root", line
        path = unpacked() / name
        if path.is_symlink() or path.is_dir():
            continue
        assert path.stat().st_mode & 0o7777 == MODES.get(name, 0o644), line
    assert {name for name in MODES if not (unpacked() / name).is_file()} == set()
    assert (unpacked() / "DEBIAN/conffiles").read_text().split() == [f"/{name}" for name in SETTINGS]


def test_lintian_finds_nothing(site):
    done = run("lintian", "--fail-on", "error,warning", "--allow-root", package(), check=False)
    assert (done.returncode, done.stdout) == (0, ""), done


def test_a_package_of_another_version_is_made_when_told(site):
    """As for a candidate: dpkg takes it for older than what it becomes. Only its list of changes is made here."""
    (site.directory / "bin").mkdir()
    (site.directory / "bin/dpkg-buildpackage").write_text("#!/bin/sh\ncp debian/changelog ..\n: >../eventspool_none.deb\n")
    (site.directory / "bin/dpkg-buildpackage").chmod(0o755)
    out = site.directory / "deb"
    run("sh", "tools/deb.sh", DEB_OUT=str(out), DEB_VERSION="0.1.0~rc1", PROGRAMS=str(BIN),
        PATH=f"{site.directory}/bin:{os.environ['PATH']}")
    assert run("dpkg-parsechangelog", "-l", out / "changelog", "-S", "Version").stdout == "0.1.0~rc1\n"


# ---- its units


def test_systemd_verifies_the_units_and_says_nothing(site):
    done = run("systemd-analyze", "verify", "--man=no", f"--root={machine()}", *UNITS, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done


def test_each_service_is_exposed_less_than_promised_and_as_installing_md_says(site):
    document = (ROOT / "docs/installing.md").read_text()
    for service in SERVICES:
        said = run("systemd-analyze", "security", "--no-pager", "--offline=true", f"--root={machine()}", service).stdout
        exposure = re.search(rf"exposure level for {service}: (\S+)", said)[1]
        assert float(exposure) < EXPOSURE_MAX, said
        assert f"| `{service}` | {exposure} |" in document, (service, exposure)


def test_a_stop_of_the_machine_ends_both_services_before_the_network(site):
    """What their senders and stores are told at the end has to get there; systemd stops in the reverse order."""
    for service in SERVICES:
        after = re.findall(r"^After=(.*)$", (unpacked() / "lib/systemd/system" / service).read_text(), re.MULTILINE)
        assert "network.target" in " ".join(after).split(), (service, after)


def test_the_manual_pages_that_the_units_name_are_installed(site):
    named = {found for unit in UNITS for found in
             re.findall(r"man:(\S+)\((\d)\)", (unpacked() / "lib/systemd/system" / unit).read_text())}
    assert len(named) == 3
    missing = [name for name, number in named if not (unpacked() / f"usr/share/man/man{number}/{name}.{number}.gz").is_file()]
    assert not missing, missing


def test_the_users_share_a_group_that_owns_the_spools_directory(site):
    if os.geteuid() != 0:
        return  # only root can give a directory away
    root = site.directory / "root"
    (root / "etc").mkdir(parents=True)
    run("systemd-sysusers", f"--root={root}", unpacked() / "usr/lib/sysusers.d/eventspool.conf")
    users = {line.split(":")[0]: line.split(":")[2:4] for line in (root / "etc/passwd").read_text().splitlines()}
    groups = {line.split(":")[0]: line.split(":")[2:4] for line in (root / "etc/group").read_text().splitlines()}
    assert users["eventspool"][1] == groups["eventspool"][0] and users["eventspool-uploader"][1] == groups["eventspool-uploader"][0]
    assert groups["eventspool"][1] == "eventspool-uploader" and groups["eventspool-uploader"][1] == "", groups
    assert users["eventspool"][0] != users["eventspool-uploader"][0]
    run("systemd-tmpfiles", f"--root={root}", "--create", unpacked() / "usr/lib/tmpfiles.d/eventspool.conf")
    made = (root / "var/lib/eventspool").stat()
    assert made.st_mode & 0o7777 == 0o2770
    assert [str(made.st_uid), str(made.st_gid)] == [users["eventspool"][0], groups["eventspool"][0]]


# ---- its scripts


def test_users_come_before_the_directory_and_that_before_the_services(site):
    text = (unpacked() / "DEBIAN/postinst").read_text()
    steps = ("systemd-sysusers ", "systemd-tmpfiles ", "deb-systemd-invoke start 'eventspool-collector.socket'",
             "invoke \"$1\" eventspool-collector.service", "invoke \"$1\" eventspool-uploader.service")
    places = [text.index(step) for step in steps]
    assert places == sorted(places), places


def test_an_upgrade_stops_nothing_before_the_new_programs_are_there(site):
    assert not (unpacked() / "DEBIAN/preinst").exists()
    for argument in ("upgrade", "failed-upgrade", "deconfigure"):
        traced = run("sh", "-x", unpacked() / "DEBIAN/prerm", argument, "1").stderr
        assert "invoke" not in traced and "systemctl" not in traced, traced


def test_the_package_says_that_programs_of_make_install_count_before_its_own(site):
    """systemd and PATH both look below /usr/local first, so that an upgrade would change nothing."""
    function = re.search(r"^warn_of_make_install\(\).*?^}\n", (unpacked() / "DEBIAN/postinst").read_text(), re.MULTILINE | re.DOTALL)[0]
    root = site.directory / "root"
    assert run("sh", "-c", f"{function}\nwarn_of_make_install", DPKG_ROOT=str(root)).stdout == ""
    make("install", root)
    said = run("sh", "-c", f"{function}\nwarn_of_make_install", DPKG_ROOT=str(root)).stdout
    assert "/usr/local/lib/systemd/system/eventspool-collector.service" in said and "installing.md" in said, said


def purge(site, *files, **environment):
    """What postrm says of a machine with these files in the spool's directory; the directory."""
    root = site.directory / "root"
    spool = root / "var/lib/eventspool"
    spool.mkdir(parents=True)
    for name in files:
        (spool / name).write_text("")
    said = run("sh", unpacked() / "DEBIAN/postrm", "purge", DPKG_ROOT=str(root), **environment).stdout
    return said, spool


def test_a_purge_keeps_the_spool_and_says_how_to_delete_it(site):
    said, spool = purge(site, "spool.db", "spool.db-wal")
    assert sorted(path.name for path in spool.iterdir()) == ["spool.db", "spool.db-wal"]
    assert f"sudo rm -r {spool}" in said, said


def test_a_purge_that_is_asked_to_deletes_the_spool(site):
    said, spool = purge(site, "spool.db", "spool.db-wal", EVENTSPOOL_PURGE_SPOOL="yes")
    assert not spool.exists() and said == "", said


def test_a_purge_follows_a_link_to_where_the_spool_is(site):
    root, elsewhere = site.directory / "root", site.directory / "disk/spool"
    elsewhere.mkdir(parents=True)
    (root / "var/lib").mkdir(parents=True)
    (root / "var/lib/eventspool").symlink_to(elsewhere)
    (elsewhere / "spool.db").write_text("")
    postrm = unpacked() / "DEBIAN/postrm"
    said = run("sh", postrm, "purge", DPKG_ROOT=str(root)).stdout
    assert f"sudo rm -r {elsewhere}" in said and (elsewhere / "spool.db").exists(), said
    said = run("sh", postrm, "purge", DPKG_ROOT=str(root), EVENTSPOOL_PURGE_SPOOL="yes").stdout
    assert said == "" and not list(elsewhere.iterdir()), said
    assert not (root / "var/lib/eventspool").is_symlink()


def test_a_purge_of_an_installation_that_kept_nothing_leaves_nothing(site):
    said, spool = purge(site)
    assert not spool.exists() and said == "", said


def test_the_settings_keep_the_mode_that_an_administrator_has_set_by_dpkg_statoverride(site):
    """postinst's own function, with dpkg-statoverride and a list of its own."""
    if os.geteuid() != 0:
        return  # only root can give a file away
    give_to = re.search(r"^give_to\(\).*?^}\n", (unpacked() / "DEBIAN/postinst").read_text(), re.MULTILINE | re.DOTALL)[0]
    given, overridden = site.directory / "given", site.directory / "overridden"
    for path in (given, overridden):
        path.write_text("")
        path.chmod(0o604)
    (site.directory / "dpkg").mkdir()
    (site.directory / "dpkg/statoverride").write_text(f"root root 0604 {overridden}\n")
    script = f"set -e\n{give_to}\ngive_to nogroup {given}\ngive_to nogroup {overridden}\ngive_to nogroup {given}.gone\n"
    run("sh", "-c", script, DPKG_ADMINDIR=str(site.directory / "dpkg"))
    assert given.stat().st_mode & 0o777 == 0o640 and given.group() == "nogroup"
    assert overridden.stat().st_mode & 0o777 == 0o604 and overridden.group() == "root"


# ---- make install


def make(target, root, prefix="/usr/local"):
    return run("make", "-s", "-o", "all", f"MODE={BUILD.name}", f"prefix={prefix}", f"DESTDIR={root}", target).stdout


def files_below(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_symlink() or not path.is_dir()}


def test_an_installation_has_its_units_with_its_own_programs(site):
    make("install", site.directory, prefix="/opt/eventspool")
    root = site.directory / "opt/eventspool"
    for name in ("collector", "uploader"):
        unit = (root / f"lib/systemd/system/eventspool-{name}.service").read_text()
        assert f"\nExecStart=/opt/eventspool/libexec/eventspool/{name}\n" in unit and "@" not in re.sub("SystemCallFilter=.*", "", unit)
    for name in ("lib/sysusers.d/eventspool.conf", "lib/tmpfiles.d/eventspool.conf", *(f"lib/systemd/system/{unit}" for unit in UNITS)):
        assert (root / name).is_file(), name


def test_an_installation_over_an_older_one_leaves_nothing_of_it_and_keeps_the_settings(site):
    root = site.directory
    make("install", root)
    fresh = files_below(root)
    local = root / "usr/local"
    old = ("share/eventspool/sql/old.sql", "share/doc/eventspool/docs/old.md", "libexec/eventspool/old",
           "lib/systemd/system/eventspool-old.timer")
    for name in old:
        (local / name).write_text("")
    with (local / "share/eventspool/installed").open("a") as installed:
        installed.write("./lib/systemd/system/eventspool-old.timer\n")
    (local / "bin/of_another_program").write_text("")
    (root / SETTINGS[0]).write_text("BUCKET_NAME=mine\n")
    make("install", root)
    assert files_below(root) == fresh | {"usr/local/bin/of_another_program"}
    assert (root / SETTINGS[0]).read_text() == "BUCKET_NAME=mine\n"


def test_a_program_that_runs_keeps_its_own_file(site):
    make("install", site.directory)
    path = site.directory / "usr/local/libexec/eventspool/acmsim"
    with path.open("rb") as running:
        make("install", site.directory)
        assert os.fstat(running.fileno()).st_nlink == 0 and path.is_file()


def test_uninstall_leaves_the_settings_and_what_was_there_before(site):
    root = site.directory
    (root / "usr/local/bin").mkdir(parents=True)
    make("install", root)
    (root / "usr/local/share/doc/another").mkdir()
    make("install", root)
    said = make("uninstall", root)
    assert {str(path.relative_to(root)) for path in root.rglob("*")} == {
        "etc", "etc/eventspool", *SETTINGS, "usr", "usr/local", "usr/local/bin", "usr/local/share", "usr/local/share/doc",
        "usr/local/share/doc/another"}
    assert "Kept: the settings" in said and "/var/lib/eventspool" in said, said


def test_uninstall_takes_nothing_where_nothing_was_installed(site):
    (site.directory / "usr/local/libexec/eventspool").mkdir(parents=True)
    done = run("make", "-s", f"DESTDIR={site.directory}", "prefix=/usr/local", "uninstall", check=False)
    assert done.returncode != 0 and "set prefix=" in done.stderr, done
    assert (site.directory / "usr/local/libexec/eventspool").is_dir()


def test_links_of_the_pages_lead_somewhere_from_where_the_pages_are(site):
    """But for those to the sources, which are not installed."""
    make("install", site.directory)
    share = site.directory / "usr/local/share"
    pages = [page for folder in ("doc/eventspool", "eventspool/deploy") for page in (share / folder).rglob("*.md")]
    tried = missing = 0
    for page in pages:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if re.search(r"(^|/)(tests|collector|uploader|common|tools)/|\.env\.example$", link):
                continue
            tried += 1
            missing += not (page.parent / link).exists()
    assert tried > 200 and missing == 0, (tried, missing)


if __name__ == "__main__":
    main(globals())
