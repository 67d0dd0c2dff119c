"""docker-compose.yml, read without an engine: what it promises to whoever runs the services in containers."""
import os
import re
import shutil
import subprocess

import yaml

from support.environment import BIN, ROOT
from support.tap import main

FILE = ROOT / "docker-compose.yml"
PROGRAMS = ("collector", "uploader")
# Settings whose value in the container is the file's own; of PORT and STATUS_PORT it publishes the host's side.
FIXED = {"SPOOL_PATH": "/var/lib/eventspool/spool.db", "DESTINATION_DIR": "/var/lib/eventspool-objects", "STATUS_HOST": "0.0.0.0"}
PUBLISHED = {"PORT", "BIND_HOST", "STATUS_PORT"}
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)(?::-([^}]*))?\}")


def load():
    return yaml.safe_load(FILE.read_text())


def service(name):
    return load()["services"][name]


def settings_of(program):
    """The names in the program's own table of settings."""
    printed = subprocess.run([BIN / program, "--settings"], capture_output=True, text=True, check=True).stdout
    return {line.split("\t")[1] for line in printed.splitlines()}


def with_values(text, **values):
    """What compose makes of ${NAME:-default}."""
    return VARIABLE.sub(lambda found: values.get(found[1]) or found[2] or "", text)


def size(text):
    return int(text[:-1]) * {"m": 1 << 20, "g": 1 << 30}[text[-1].lower()]


def test_every_setting_is_passed(_):
    for program in PROGRAMS:
        environment = service(program)["environment"]
        for name in settings_of(program) - PUBLISHED:
            assert name in environment, f"{program}: {name} is not passed"
            if name in FIXED:
                assert environment[name] == FIXED[name], name
            else:
                assert with_values(environment[name], **{name: "some value"}) == "some value", environment[name]
        assert not set(environment) - settings_of(program), "what it passes is a setting"


def test_the_collector_gets_no_secret(_):
    collector = service("collector")
    secret = re.compile(r"AWS_|_URL$|BUCKET|SECRET|TOKEN")
    assert not [name for name in collector["environment"] if secret.search(name)], collector["environment"]
    assert collector["volumes"] == ["spool:/var/lib/eventspool"]
    assert "env_file" not in collector


def test_secrets_are_mounted_into_the_uploader_alone_and_read_only(_):
    mounts = {name: [v for v in s.get("volumes", []) if "secrets" in v] for name, s in load()["services"].items()}
    assert mounts.pop("uploader") == ["./secrets:/run/secrets:ro"]
    assert mounts.pop("prepare") == ["./secrets:/checkout/secrets"]  # which sets who may read them, and ends
    assert not any(mounts.values()), mounts


def test_no_secret_can_be_committed_or_become_part_of_an_image(site):
    if (ROOT / ".git").exists() and shutil.which("git"):
        ask = ["git", "-c", f"safe.directory={ROOT}", "-C", ROOT, "check-ignore", "--no-index"]
        for name, is_ignored in (("secrets/aws_secret_access_key", True), ("secrets/README.md", False)):
            assert (subprocess.run([*ask, "-q", name], env={**os.environ, "HOME": str(site.directory)}).returncode == 0) == is_ignored, name
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert rules[0] == "*" and all(rule.startswith("!") and "secrets" not in rule for rule in rules[1:]), rules


def test_two_users_as_the_image_has_them(_):
    image = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    assert re.search(r"useradd --uid 10001 --gid 10001 --home-dir /nonexistent .*? eventspool ", image)
    assert re.search(r"useradd --uid 10002 --gid 10002 --groups 10001 --home-dir /nonexistent .*? eventspool-uploader ", image)
    assert re.search(r"install -d -o eventspool -g eventspool -m 2770 /var/lib/eventspool\b", image)
    assert re.search(r"^USER eventspool$", image, re.MULTILINE) and re.search(r"^WORKDIR /$", image, re.MULTILINE)
    assert service("collector")["user"] == "eventspool"
    assert service("uploader")["user"] == "eventspool-uploader"


def test_every_service_is_confined_and_limited(_):
    for name, one in load()["services"].items():
        assert one["read_only"] is True and one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "devices", "pid", "ipc"} & set(one), name
        assert one["pids_limit"] <= 2048 and one["logging"]["options"]["max-size"], name
        assert name == "prepare" or "cap_add" not in one and one.get("user") != "root", name
        assert name == "prepare" or one["mem_limit"], name
        assert "/var/run/docker.sock" not in str(one), name
    for name in PROGRAMS:
        assert service(name)["ulimits"]["nofile"], name
    assert service("prepare")["network_mode"] == "none" and service("prepare")["restart"] == "no"


def test_the_limits_of_memory_fit_the_default_settings(_):
    """INTAKE_MEMORY and 21 MiB; 24 MiB and UPLOAD_CONCURRENCY objects, of up to 96 MiB as the file says."""
    rows = {}
    for program in PROGRAMS:
        printed = subprocess.run([BIN / program, "--settings"], capture_output=True, text=True, check=True).stdout
        rows.update({line.split("\t")[1]: line.split("\t")[3] for line in printed.splitlines()})
    intake = size(rows["INTAKE_MEMORY"])
    assert size(with_values(service("collector")["mem_limit"])) >= intake + (128 << 20)
    uploader = size(with_values(service("uploader")["mem_limit"]))
    assert uploader >= (24 << 20) + int(rows["UPLOAD_CONCURRENCY"]) * (96 << 20)
    assert 96 << 20 >= int(rows["MAX_FILE_SIZE"])
    assert with_values(service("collector")["mem_limit"], COLLECTOR_MEMORY="1g") == "1g"
    assert with_values(service("uploader")["mem_limit"], UPLOADER_MEMORY="2g") == "2g"


def test_names_are_fixed(_):
    whole = load()
    assert "name" not in whole and "version" not in whole, "docker-compose 1.29 does not know the first, v2 warns of the second"
    assert with_values(whole["volumes"]["spool"]["name"]) == "eventspool-spool"
    assert service("collector")["hostname"] == "eventspool"
    assert with_values(service("collector")["image"]) == "eventspool"
    assert service("uploader")["image"] == service("collector")["image"] == service("prepare")["image"]
    bridge = with_values(whole["networks"]["senders"]["driver_opts"]["com.docker.network.bridge.name"])
    assert bridge == "eventspool-in" and len(bridge) <= 15, "the kernel takes 15 characters"


def test_ports_are_published_as_promised(_):
    ports = [with_values(port) for port in service("collector")["ports"]]
    assert ports == ["0.0.0.0:8080:8080", "127.0.0.1:8081-8090:8081"], ports
    assert with_values(service("collector")["ports"][1], STATUS_PORT="9000") == "127.0.0.1:9000:8081"
    assert with_values(service("prometheus")["ports"][0]) == "127.0.0.1:9090:9090"
    for name in ("uploader", "prepare", "s3"):
        assert "ports" not in service(name), name


def test_programs_share_no_network(_):
    assert service("collector")["networks"] == ["senders"]
    assert "networks" not in service("uploader"), "the default one"
    options = load()["networks"]["senders"]["driver_opts"]
    assert options["com.docker.network.bridge.enable_ip_masquerade"] == "false"


def test_the_local_s3_has_the_same_keys_on_both_sides(_):
    lines = (ROOT / "deploy/containers/s3.env").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if line and line[0] != "#")
    for name in ("BUCKET_NAME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert with_values(service("s3")["environment"][name]) == values[name], name
    assert values["COMPOSE_PROFILES"] == "s3" and service("s3")["profiles"] == ["s3"]


def test_compose_itself_understands_the_file(site):
    """By docker-compose 1.29 and Compose v2, where they are installed."""
    no_settings = site.directory / "empty.env"
    no_settings.touch()
    tried = 0
    for command in (["docker-compose"], ["docker", "compose"]):
        if shutil.which(command[0]) is None or subprocess.run([*command, "version"], capture_output=True).returncode != 0:
            continue
        done = subprocess.run([*command, "-f", FILE, "--env-file", no_settings, "--profile", "s3", "--profile", "monitoring", "config"],
                              cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        names = set(yaml.safe_load(done.stdout)["services"])
        assert names == {"collector", "uploader", "prepare", "s3", "prometheus"}, names
        tried += 1
    print(f"# {tried} of 2 flavours of compose are installed")


main(globals())
