"""VALIDATOR: whether plain events are settled while they are read or libxml2 judges all, the spool is the same; and a libxml2
with which this was not compared is named."""
import os
import subprocess

from support.environment import BIN, BUILD, SAMPLES, clean_environment
from support.tap import main

CASES = SAMPLES.parent / "cases"
OTHER_LIBXML2 = BUILD / "fault/other_libxml2.so"
SAID = '"plain events are settled as another version of libxml2 would"'

# One of each kind: settled at once, settled with columns to be trimmed or cut, and left to libxml2, which takes it or does not.
KINDS = [
    b"<EVENT/>",
    b"<EVENT><cn>1</cn><plasectrxEventname> a &amp; b&#13;\r\nc\r</plasectrxEventname></EVENT>",
    b"<EVENT><cn>" + b"x" * 255 + "é".encode() + b"</cn><cn>2</cn></EVENT>",
    b"<EVENT><x><cn>1</cn></x>text<cn>a<y>b</y>c</cn></EVENT>",
    b"<EVENT><long>" + b"y" * 70000 + b"</long><cn>1</cn></EVENT>",
    "<EVENT><cn>é€\U0001F6AA</cn></EVENT>".encode(),
    b"<EVENT><cn>&#x0000010FFFF;</cn></EVENT>",
    b"<EVENT><cn>\xe9</cn></EVENT>",
    b"<EVENT><cn>\x01</cn></EVENT>",
    b"<EVENT><cn>\xef\xbf\xbe</cn></EVENT>",
    b"<EVENT><cn>]]></cn></EVENT>",
    b"<EVENT a='1'><cn><![CDATA[</EVENT>]]></cn><!-- <cn>2</cn> --></EVENT>",
    b"<EVENT><p:cn>1</p:cn></EVENT>",
    b"<EVENT><a></b></EVENT>",
    b"<EVENT><cn>cut off</cn><EVENT><cn>1</cn></EVENT>",
    b"<EVENT><cn>1</cn><n" + b"n" * 1024 + b"/></EVENT>",
    b"<EVENT>" + b"<d>" * 200 + b"</d>" * 200 + b"</EVENT>",
    b"<?xml version='1.0' encoding='US-ASCII'?><EVENT><cn>1</cn></EVENT>",
    b"<EVENT><cn>\xc3\xa9</cn></EVENT>",
    b"<?xml version='1.0' encoding='windows-1252'?><EVENT><cn>\x80</cn></EVENT><EVENT><cn>1</cn></EVENT>",
    b"<?xml version='1.0'?><EVENTS><EVENT><cn>1</cn></EVENT></EVENTS>",
]


def acmsim(*arguments):
    return subprocess.run([BIN / "acmsim", "--stdout", *map(str, arguments)], env=clean_environment(), check=True,
                          capture_output=True).stdout


def mixed_load():
    files = sorted(path for folder in (SAMPLES, CASES) for path in folder.iterdir() if path.suffix in (".xml", ".bin"))
    parts = [acmsim("--count", 300, "--hostile", "malformed", "--hostile", "truncated"),
             *(KINDS * 3), *(path.read_bytes() for path in files), acmsim("--count", 300, "--declaration"), *KINDS]
    return b"\n".join(parts)


def rows_of(site, table):
    """All that is in it but the time."""
    columns = [name for _, name, *_ in site.query(f"PRAGMA table_info({table})") if name != "received_at"]
    asked = ", ".join("CAST(payload AS BLOB)" if name == "payload" else name for name in columns)
    return columns, site.query(f"SELECT {asked} FROM {table} ORDER BY id")


def spool_of(site, load, piece, **settings):
    collector = site.collector(**settings)
    site.wait_for_spool()
    site.send(load, piece)
    collector.stop()
    spool = {table: rows_of(site, table) for table in ("events", "rejects")}
    site.spool.unlink()
    for path in site.spool.parent.glob("spool.db*"):
        path.unlink()
    return spool


def check_same_spool(site, piece, **settings):
    load = mixed_load()
    auto = spool_of(site, load, piece, VALIDATOR="auto", **settings)
    libxml2 = spool_of(site, load, piece, VALIDATOR="libxml2", **settings)
    assert len(auto["events"][1]) > 600 and len(auto["rejects"][1]) > 60, {t: len(rows) for t, (_, rows) in auto.items()}
    for table in ("events", "rejects"):
        assert auto[table][0] == libxml2[table][0]
        for mine, other in zip(auto[table][1], libxml2[table][1], strict=True):
            assert mine == other, (mine, other)


def test_both_settings_give_the_same_spool(site):
    check_same_spool(site, None)


def test_both_settings_give_the_same_spool_of_small_pieces(site):
    check_same_spool(site, 997, INVALID_CHARACTERS="replace", DEFAULT_ENCODING="windows-1252")


def with_other_libxml2(site, **settings):
    """Starts and stops a collector that another libxml2 is played to. What it has logged."""
    assert OTHER_LIBXML2.exists(), "make test builds it"
    sanitizer = os.environ.get("ASAN_OPTIONS", "")
    collector = site.collector(LD_PRELOAD=OTHER_LIBXML2, ASAN_OPTIONS=f"{sanitizer}:verify_asan_link_order=0", **settings)
    site.wait_for_spool()
    collector.stop()
    return collector.log


def test_another_libxml2_is_named_with_what_to_do(site):
    lines = [line for line in with_other_libxml2(site).splitlines() if SAID in line]
    assert len(lines) == 1, lines
    assert " info " in lines[0] and "libxml2=2.14.5 compared_with=2.9.14" in lines[0] and "VALIDATOR=libxml2" in lines[0]


def test_nothing_is_said_where_libxml2_judges_all(site):
    assert SAID not in with_other_libxml2(site, VALIDATOR="libxml2")


main(globals())
