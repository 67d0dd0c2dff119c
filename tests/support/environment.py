"""environment -- where a test finds the build, how large its campaigns are, and what of the environment a program may see."""
import glob
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", "build/release"))
BUILD = BUILD if BUILD.is_absolute() else ROOT / BUILD
BIN = BUILD / "bin"
SAMPLES = ROOT / "tests/data/samples"
IS_SANITIZED = BUILD.name in ("asan", "tsan")


def size(name, release, sanitized):
    """A campaign's size: from the environment, else short with a sanitizer and full without."""
    return int(os.environ.get(name, sanitized if IS_SANITIZED else release))


def clean_environment():
    """The environment without anything that is a setting of ours."""
    keep = ("PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LD_PRELOAD")
    return {name: value for name, value in os.environ.items() if name in keep}


def bare_file_system(kind):
    """Settings that let a program find a file system that knows as little as `vfat` or `nfs`."""
    return {"LD_PRELOAD": BUILD / "fault/bare_file_system.so", "BARE_FILE_SYSTEM": kind,
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}


def faked_clock(offset):
    """Settings that let a program live at another time: an offset as `+20m`, or a file that holds one and may change."""
    (library,) = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    where = {"FAKETIME_TIMESTAMP_FILE": offset, "FAKETIME_NO_CACHE": "1"} if isinstance(offset, pathlib.Path) else \
        {"FAKETIME": offset}
    return {"LD_PRELOAD": library, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "ASAN_OPTIONS": "verify_asan_link_order=0", **where}
