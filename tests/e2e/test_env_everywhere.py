"""`.env` everywhere: each command that a document or a program names goes through `eventspool`, which reads it; and the way to
a real bucket that docs/operating.md shows, word for word, on Ceph's radosgw."""
import os
import re
import shutil
import subprocess

from support.documents import marked_for
from support.environment import BIN, ROOT
from support.make_run import MakeRun
from support.rgw import shared_rgw as rgw
from support.tap import main
from support.waiting import PATIENCE

BLOCKS = marked_for(__file__)


# ---- what documents and programs name ----

def tracked(*patterns):
    done = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "ls-files", *patterns], cwd=ROOT, check=True,
                          capture_output=True, text=True)
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def subcommands():
    """{program: the first words of its subcommands}; `run` is the service."""
    done = subprocess.run([BIN / "eventspool", "--commands"], check=True, capture_output=True, text=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return {program: {row[2].split()[0] for row in rows if row[:2] == [program, "command"]} for program in ("collector", "uploader")}


SUBCOMMANDS = subcommands()
WORDS = sorted(set().union(*SUBCOMMANDS.values()))

# A program with a subcommand or an option of it; not behind `eventspool`, perhaps with its own options, nor as a part of a
# path, nor as a name in AWS.
DIRECT = re.compile(r"(?<![\w/.-])(?<!-name )(?:collector|uploader|acmsim)\s+(?:(?:" + "|".join(map(re.escape, WORDS)) + r")(?![\w-])|-{1,2}[a-z])")
THROUGH = re.compile(r"eventspool\"?(?:\s+--(?:env-file|defaults)(?:=|\s+)\S+)*\s+$")
BY_PATH = re.compile(r"\bbin/(?:collector|uploader|acmsim)\b(?! (?:is|and|are)\b)")


def code_of(document):
    """(line, code) of each block of code, line by line, and of each span of code in the text."""
    is_block = False
    for number, line in enumerate(document.read_text().splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_block = not is_block
        elif is_block:
            yield number, line
        else:
            yield from ((number, span) for span in re.findall(r"`([^`]+)`", line))


def direct_commands(code):
    return [found[0] for found in DIRECT.finditer(code) if not THROUGH.search(code[:found.start()])] + BY_PATH.findall(code)


def test_the_patterns_find_what_they_are_for(_):
    for code in ("uploader check", "$ collector  check", "build/release/bin/collector", "sudo -u x uploader --help", "acmsim --count 5",
                 "kubectl exec x -- collector senders list", "build/release/bin/uploader flush"):
        assert direct_commands(code), code
    for code in ("eventspool uploader check", "eventspool --env-file a.env collector check", "eventspool check", "collector info \"x\"",
                 "docker compose exec uploader eventspool status", "aws iam x --policy-name uploader --policy-document y", "eventspool acmsim --count 5", "collector/main.c", "the-uploader check",
                 "eventspool-collector --help", "build/release/bin/eventspool check", "eventspool --defaults a --env-file=b acmsim --port 1"):
        assert not direct_commands(code), code


def test_every_command_of_every_document_goes_through_eventspool(_):
    documents = [path for path in tracked("*.md") if path.name != "CHANGELOG.md"]
    assert len(documents) > 20
    wrong = [f"{path.relative_to(ROOT)}:{number}: {code}" for path in documents for number, code in code_of(path) if direct_commands(code)]
    assert not wrong, "\n".join(wrong)


def test_what_is_not_a_document_names_no_other_command_either(_):
    """Examples, comments of files that people edit, messages and remedies: whole, as they have no spans of code."""
    files = [ROOT / ".env.example", ROOT / "tools/run.sh", ROOT / "tools/send.sh", *tracked("deploy/etc", "deploy/kubernetes", "deploy/man"),
             *tracked("sql/schema", "sql/shared")]
    wrong = []
    for path in files:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if path.suffix == ".yaml" or path.suffix == ".yml":
                line = line.partition("#")[2]  # what a container runs is no command of a person
            if direct_commands(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line}")
    assert not wrong, "\n".join(wrong)


def texts_of(source):
    """The texts in a C file, with those that stand beside each other as one."""
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", source.read_text(), flags=re.DOTALL)
    for group in re.findall(r'"(?:[^"\\\n]|\\.)*"(?:\s*(?:PRI\w+\s*)?"(?:[^"\\\n]|\\.)*")*', code):
        yield re.sub(r'"\s*(?:PRI\w+\s*)?"', "", group)[1:-1]


def test_a_command_in_a_message_of_a_program_begins_with_eventspool(_):
    """`run` alone is the service, which nobody types; a view may have the name of a subcommand."""
    bare = re.compile(r"(?<!view )`(?:" + "|".join(word for word in WORDS if word != "run") + r")(?: [^`]*)?`")
    wrong = []
    for path in tracked("collector/*.c", "uploader/*.c", "common/*.c"):
        for text in texts_of(path):
            if bare.search(text) or direct_commands(text):
                wrong.append(f"{path.relative_to(ROOT)}: {text}")
    assert not wrong, "\n".join(wrong)


# ---- the way to a real bucket ----

def edit(path, lines):
    """As a person does: takes the # off a setting's line, and writes the rest of it."""
    text = path.read_text()
    for name, rest in lines.items():
        text, count = re.subn(rf"^#{name}=.*$", lambda _, name=name, rest=rest: f"{name}{rest}", text, flags=re.MULTILINE)
        assert count == 1, name
    path.write_text(text)


def test_the_way_to_a_real_bucket_word_for_word(site):
    """In a fresh directory, with an environment that has nothing but PATH."""
    server = rgw()
    bucket = "first-steps"
    server.make_bucket(bucket)
    environment = {"PATH": os.environ["PATH"]}
    shutil.copy(ROOT / ".env.example", site.directory)
    (site.directory / "build/release").mkdir(parents=True)
    (site.directory / "build/release/bin").symlink_to(BIN)

    def step(line):
        return subprocess.run(["sh", "-c", line], cwd=site.directory, env=environment, capture_output=True, text=True, timeout=PATIENCE)

    copy, check, make_run = BLOCKS.take("docs/operating.md").splitlines()
    assert step(copy).returncode == 0 and make_run == "make run" and check.split()[0].endswith("bin/eventspool")
    before = step(check)
    assert before.returncode == 78 and "BUCKET_NAME" in before.stdout, before
    edit(site.directory / ".env", {
        "BUCKET_NAME": f'="{bucket}" # ours', "AWS_REGION": "=us-east-1\t# any", "AWS_ACCESS_KEY_ID": f" = {server.access}",
        "AWS_SECRET_ACCESS_KEY": f"='{server.secret}'   # do not lose it", "AWS_ENDPOINT_URL": f"=http://127.0.0.1:{server.port}",
        "PORT": f"={site.port} # for ACM", "STATUS_PORT": "=0", "SPOOL_MIN_FREE": "=\"64M\""})
    checked = step(check)
    assert checked.returncode == 0, checked
    for words in (f"ok      a destination is set: the bucket {bucket}", "credentials found: the environment (AWS_ACCESS_KEY_ID)",
                  f"http://127.0.0.1:{server.port} (AWS_ENDPOINT_URL)", "ok      objects can be written as xml-events/"):
        assert words in checked.stdout, checked.stdout

    made = MakeRun(site, environment).wait_for_banner()
    assert f"listens on port {site.port} and ships every 3600 s" in made.log and f"the bucket {bucket}, under xml-events/" in made.log
    sent = step(f"sh {ROOT}/tools/send.sh {BIN}")
    assert sent.returncode == 0 and "sent events=10 " in sent.stdout, sent
    site.wait_for_events(10)
    flushed = step("build/release/bin/eventspool flush")
    assert flushed.returncode == 0, flushed
    key, = [key for key in server.keys(bucket) if "_check-" not in key]
    _, body = server.request("GET", f"/{bucket}/{key}")
    assert key.startswith("xml-events/") and body.count(b"<EVENT>") == 10, key
    status = step("build/release/bin/eventspool status")
    assert status.returncode == 0 and f"s3://{bucket}" in status.stdout, status
    made.ctrl_c()
    assert server.secret not in made.log + checked.stdout + status.stdout


def test_the_settings_of_the_environment_win_over_the_file_for_each_command(site):
    (site.directory / ".env").write_text("PORT=1111\nBUCKET_NAME=of-the-file\nPREFIX='a/' # folder\n")
    for name, settings in (("PORT", {"PORT": "2222"}), ("BUCKET_NAME", {"BUCKET_NAME": "of-the-environment"}), ("PREFIX", {"PREFIX": "b/"})):
        shown = site.command("eventspool", "config", **settings).stdout
        assert f"{name}={settings[name]}\n" in shown, shown
    assert "PREFIX=a/\n" in site.command("eventspool", "config").stdout


if __name__ == "__main__":
    main(globals(), at_once=2)
