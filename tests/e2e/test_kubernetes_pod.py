"""The pods of deploy/kubernetes/, run as a kubelet runs them (tests/support/pod.py): with the manifests' environment, users,
groups, volumes and read-only root, the real programs answer the manifests' probes, ship, and stop in time.

It needs root, and a kustomize for the overlays. There is no cluster: what schedules, routes and enforces is not tried."""
import contextlib
import json
import os
import re
import subprocess

from support.documents import marked_for
from support.environment import ROOT, clean_environment
from support.manifests import builds, cluster, kustomize
from support.pod import ADDRESS, Pod
from support.tap import main, skip
from support.waiting import wait_for
from aws_stub import Sts, form, sts_keys
from s3_stub import Stub

BLOCKS = marked_for(__file__)
KEYS = {"aws_access_key_id": "stubkey", "aws_secret_access_key": "stubsecret\n"}


def start_both(pod, *names):
    """The containers, in this order, ready as their probes tell."""
    started = {name: pod.start(name) for name in names or ("collector", "uploader")}
    pod.wait_until(started["collector"], "startupProbe", "livenessProbe", "readinessProbe")
    pod.wait_until(started["uploader"], "startupProbe", "livenessProbe")
    return started["collector"], started["uploader"]


def succeeds(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def status_seen_by(container):
    """Its exit code is the verdict's."""
    return json.loads(container.execute("uploader", "status", "--json").stdout)


def receive(pod, container, count):
    """So many events, until they are in the spool, as the container sees it."""
    before = status_seen_by(container)["received"]["events"]
    pod.send(count)
    wait_for(f"{count} events", lambda: status_seen_by(container)["received"]["events"] == before + count)


def events_shipped(container):
    rows = succeeds(container.execute("sh", "-c", "cat /var/lib/eventspool-objects/xml-events/*.xml"))
    return len(re.findall("<EVENT>", rows))


def test_both_containers_of_the_trial_run_and_answer_their_probes(site):
    pod = Pod(site, cluster("trial"))
    collector, uploader = start_both(pod, "uploader", "collector")
    assert pod.listening_ports() == {8080, 8081}, "the uploader listens on none"
    receive(pod, uploader, 300)
    wait_for("an object", lambda: "batch shipped" in uploader.log)
    assert events_shipped(uploader) == 300
    status = status_seen_by(uploader)
    assert status["spool"]["node"] == "eventspool-0" and status["received"]["events"] == 300
    for container in (collector, uploader):
        succeeds(container.execute(container.spec["name"], "check"))
        for line in container.log.splitlines():
            assert json.loads(line)["program"] == container.spec["name"]
            assert "unknown setting" not in line


def test_the_status_answers_by_its_addresses_and_names_alone(site):
    pod = Pod(site, cluster("trial"))
    start_both(pod)
    names = [f"{ADDRESS}:8081", "localhost:8081", "eventspool-0", "eventspool-0.eventspool.eventspool.svc:8081",
             "eventspool-status:8081", "eventspool-status.eventspool.svc"]
    assert [pod.status_of(8081, "/metrics", host=name) for name in names] == [200] * len(names)
    assert pod.status_of(8081, "/metrics", host="rebound.example.net") == 421
    assert pod.status_of(8081, "/livez", host="rebound.example.net") == 200


def test_the_reception_goes_on_and_stays_ready_without_an_uploader(site):
    pod = Pod(site, cluster("trial"))
    collector, uploader = start_both(pod)
    uploader.stop(60)
    receive(pod, collector, 50)
    assert all(collector.answers(collector.spec[probe]) for probe in ("livenessProbe", "readinessProbe"))
    assert not uploader.answers(uploader.spec["livenessProbe"])
    wait_for("people to be told", lambda: pod.status_of(8081, "/healthz") == 503)
    assert collector.answers(collector.spec["readinessProbe"])
    uploader = pod.start("uploader")
    pod.wait_until(uploader, "livenessProbe")
    wait_for("an object", lambda: "batch shipped" in uploader.log)
    assert events_shipped(uploader) == 50


def test_neither_container_gets_at_what_is_the_others(site):
    pod = Pod(site, cluster("trial"), secrets={"eventspool-secrets": {"alert_url": "http://127.0.0.1:9/TOPSECRET"}})
    collector, uploader = start_both(pod)
    assert "TOPSECRET" in succeeds(uploader.execute("cat", "/run/secrets/alert_url"))
    assert "\nALERT_URL=********\n" in succeeds(uploader.execute("uploader", "config"))
    for path in ("/run/secrets", "/var/lib/eventspool-objects"):
        assert collector.execute("ls", path).returncode != 0, path
    for one, other in ((collector, uploader), (uploader, collector)):
        for file in ("environ", "mem", "maps"):
            assert one.execute("head", "-c1", f"/proc/{other.process.pid}/{file}").returncode != 0, file
        assert one.execute("kill", "-0", str(other.process.pid)).returncode != 0
    for container, groups in ((collector, "10001"), (uploader, "10002 10001")):
        assert succeeds(container.execute("id", "-G")).strip() == groups
        for place in ("/", "/run", "/usr", "/var/lib", "/etc"):
            assert container.execute("touch", f"{place}/x").returncode != 0, place
        succeeds(container.execute("touch", "/tmp/x", f"/var/lib/eventspool/{container.spec['name']}"))
        status = succeeds(container.execute("cat", "/proc/self/status"))
        assert {line.split()[1] for line in status.splitlines() if line.startswith("Cap")} == {"0" * 16}
        assert "NoNewPrivs:\t1" in status


def test_sqlites_files_work_for_both_whoever_comes_first(site):
    pod = Pod(site, cluster("trial"))
    collector, uploader = start_both(pod)
    receive(pod, uploader, 20)
    collector.stop(60)
    uploader.stop(60)
    folder = site.directory / "claims/spool-eventspool-0"
    for name in ("spool.db-wal", "spool.db-shm"):
        assert not (folder / name).exists(), name
    uploader = pod.start("uploader")
    pod.wait_until(uploader, "livenessProbe")
    assert (folder / "spool.db-wal").stat().st_uid == 10002, "made by the uploader"
    collector = pod.start("collector")
    pod.wait_until(collector, "readinessProbe")
    receive(pod, uploader, 20)
    succeeds(uploader.execute("eventspool", "flush"))
    assert events_shipped(uploader) == 40


# ---- the end of a pod, and what comes after it ----

def test_a_stop_under_load_is_clean_and_takes_less_than_the_grace_period(site):
    build = cluster("trial")
    pod = Pod(site, build)
    collector, uploader = start_both(pod)
    senders = [pod.keep_sending("--rate", 2000, "--seed", number) for number in range(4)]
    wait_for("events", lambda: status_seen_by(uploader)["received"]["events"] > 1000)
    before = int(collector.spec["lifecycle"]["preStop"]["exec"]["command"][1])
    grace = build.pod["terminationGracePeriodSeconds"]
    took = {container.spec["name"]: container.stop(grace) for container in (uploader, collector)}
    print(f"# stopped within: the uploader {took['uploader']:.1f} s, the collector {took['collector']:.1f} s after its preStop")
    assert before + took["collector"] < grace - 20 and took["uploader"] < grace - 20
    for sender in senders:
        sender.wait(60)
    stopped, = [line for line in map(json.loads, collector.log.splitlines()) if line["message"] == "stopped"]
    assert stopped["events"] > 1000, stopped


def test_the_pod_that_replaces_another_goes_on_with_its_spool(site):
    first = Pod(site, cluster("trial"))
    collector, uploader = start_both(first)
    receive(first, uploader, 30)
    spool = status_seen_by(uploader)["spool"]
    for container in (collector, uploader):  # a node that is lost: nobody stops in order
        container.process.kill()
        container.process.wait()
    first.close()
    second = Pod(site, cluster("trial"))
    collector, uploader = start_both(second)
    receive(second, uploader, 30)
    status = status_seen_by(uploader)
    assert (status["spool"]["id"], status["spool"]["node"], status["received"]["events"]) == (spool["id"], "eventspool-0", 60)


def job_of(site, build, pod, command):
    """By the lines of docs/kubernetes.md; a stand-in for kubectl answers with the manifest, and keeps what it is to make."""
    lines = BLOCKS.take("docs/kubernetes.md")
    assert "--arg pod eventspool-2" in lines and '"eventspool uploader flush"' in lines
    tools = site.directory / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "stateful-set.json").write_text(json.dumps(build.stateful_set))
    (tools / "kubectl").write_text('#!/bin/sh\ncd "$(dirname "$0")"\n'
                                   'case "$*" in *" get "*) cat stateful-set.json;; *) cat >job.json;; esac\n')
    (tools / "kubectl").chmod(0o755)
    subprocess.run(["sh", "-c", lines.replace("eventspool-2", pod).replace("eventspool uploader flush", command)], cwd=ROOT, check=True, timeout=30,
                   env={**clean_environment(), "PATH": f"{tools}:{os.environ['PATH']}"})
    return json.loads((tools / "job.json").read_text())["spec"]["template"]["spec"]


def run_job(site, build, command, **more):
    """What the Job's container says, with the exit code. It is not called as the replica is: the Job's pod has a name of its own."""
    with contextlib.closing(Pod(site, build, job_of(site, build, "eventspool-1", command), name="eventspool-1-command-x7k2p-q9c4d",
                                secrets={"eventspool-secrets": KEYS})) as pod:
        container = pod.start(command.split()[1], in_pods_network=False, **more)
        return container.process.wait(120), container.log


def test_what_a_replica_that_is_gone_has_not_shipped_is_shipped_by_a_job(site):
    build = cluster("s3")
    with contextlib.closing(Stub()) as stub:
        stub.bucket = "plant-events"
        with contextlib.closing(Pod(site, build, name="eventspool-1")) as pod:
            collector = pod.start("collector")
            pod.wait_until(collector, "readinessProbe")
            receive(pod, collector, 40)
            collector.stop(60)
        code, log = run_job(site, build, "eventspool uploader flush", AWS_ENDPOINT_URL=stub.url)
        assert code == 0 and "all shipped" in log, log
        (key, stored), = stub.objects.items()
        assert stored.body.count(b"<EVENT>") == 40 and key.endswith("-0000000001-0000000040.xml")
        code, log = run_job(site, build, "eventspool collector new-identity")
        assert code == 0, log
        with contextlib.closing(Pod(site, build, name="eventspool-1")) as pod:
            collector = pod.start("collector")
            pod.wait_until(collector, "readinessProbe")
            spool, = set(re.findall(r"[0-9a-f]{10}(?=-0000000001-)", key))
            known = status_seen_by(collector)["spool"]
            assert known["id"] != spool and known["node"] == "eventspool-1", known


# ---- into a bucket ----

def test_without_its_secret_the_uploader_says_what_is_missing_and_the_collector_receives(site):
    pod = Pod(site, cluster("s3"))
    collector = pod.start("collector")
    pod.wait_until(collector, "readinessProbe")
    uploader = pod.start("uploader")
    assert uploader.process.wait(60) == 78 and "AWS_ACCESS_KEY_ID" in uploader.log, uploader.log
    receive(pod, collector, 10)
    assert collector.answers(collector.spec["readinessProbe"])


def test_keys_in_the_secret_are_used_and_new_ones_need_no_restart(site):
    with contextlib.closing(Stub()) as stub:
        stub.bucket = "plant-events"
        pod = Pod(site, cluster("s3"), secrets={"eventspool-secrets": KEYS})
        collector, uploader = pod.start("collector"), pod.start("uploader", in_pods_network=False, AWS_ENDPOINT_URL=stub.url)
        pod.wait_until(collector, "readinessProbe")
        pod.wait_until(uploader, "livenessProbe")
        receive(pod, uploader, 10)
        succeeds(uploader.execute("uploader", "flush"))
        stub.secrets = {"newkey": "newsecret"}
        pod.secrets["eventspool-secrets"] = {"aws_access_key_id": "newkey", "aws_secret_access_key": "newsecret"}
        pod.volume("secrets")
        receive(pod, uploader, 10)
        succeeds(uploader.execute("uploader", "flush"))
        assert len(stub.objects) == 2
        assert "stubsecret" not in uploader.log + collector.log and "newsecret" not in uploader.log


def test_on_aws_the_token_becomes_the_roles_keys_for_the_uploader_alone(site):
    with contextlib.closing(Stub()) as stub, contextlib.closing(Sts(lambda _: sts_keys(7, action="AssumeRoleWithWebIdentity"))) as sts:
        stub.bucket, stub.region, stub.secrets = "plant-events", "eu-central-1", {"ASIA7": "secret-7"}
        pod = Pod(site, cluster("aws"), token="header.payload.signature")
        collector = pod.start("collector")
        uploader = pod.start("uploader", in_pods_network=False, AWS_ENDPOINT_URL_S3=stub.url, AWS_ENDPOINT_URL_STS=sts.url)
        pod.wait_until(collector, "readinessProbe")
        pod.wait_until(uploader, "livenessProbe")
        receive(pod, uploader, 10)
        succeeds(uploader.execute("uploader", "flush"))
        assert len(stub.objects) == 1
        asked = form(sts.for_keys[0])
        assert (asked["WebIdentityToken"], asked["RoleArn"]) == (pod.token, "arn:aws:iam::123456789012:role/eventspool-uploader")
        assert collector.execute("ls", "/run/aws").returncode != 0 and "AWS" not in succeeds(collector.execute("env"))
        assert pod.token not in uploader.log


if os.geteuid() != 0:
    skip(dict(globals()), "it needs root")
elif not kustomize():
    skip(dict(globals()), "there is no kustomize")
else:
    builds()  # once, not by each of those that begin together
    main(dict(globals()), at_once=4)
