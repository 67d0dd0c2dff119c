"""transcript -- what a document shows of a program against what the program prints: times, names and measures may differ."""
import re

# What differs from run to run, with what stands for it.
VARIES = ((r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
          (r"\d{8}_\d{6}-[0-9a-f]{10}-", "TIME-SPOOL-"),
          (r"\bverify-\d{8}T\d{6}-[0-9a-f]{8}\b", "verify-MARK"),
          (r"\b_check-\S+", "_check-NODE"),
          (r"file:///\S+", "file:///PLACE"),
          (r" *\b\d+\.\d{3} s\b", " N s"),
          (r"\b(for|in|after) \d+ s\b", r"\1 N s"),
          (r"\b(bytes|seconds|events_per_second)=[\d.]+", r"\1=N"))


def without_what_varies(text):
    for pattern, name in VARIES:
        text = re.sub(pattern, name, text)
    return text


def assert_shows(shown, printed):
    """`shown`: of the document. A line `...` in it stands for any lines, also for none."""
    pattern = "".join(r"(?:.*\n)*?" if line == "...\n" else re.escape(line)
                      for line in without_what_varies(shown).splitlines(keepends=True))
    assert re.fullmatch(pattern, without_what_varies(printed)), f"the document shows\n{shown}and this is printed:\n{printed}"
