"""deploy/kubernetes/: what kustomize builds of it, against Kubernetes' published schemas, the programs' settings and itself.

Without a kustomize (kubectl before 1.21 knows too little) the base alone is put together from its files, and the overlays are
only parsed. test_kubernetes_pod.py runs what the manifests say. No cluster was asked."""
import json
import re
import shutil
import subprocess
import textwrap

from support.environment import BIN, ROOT, clean_environment
from support.manifests import FOLDER, builds, cluster, kustomize, output_of, read
from support.tap import main, tests_of

PROGRAMS = ("collector", "uploader")
STOPS_WITHIN = {"collector": 8, "uploader": 10}  # seconds: docs/reference.md, what is guaranteed
MIB = 1 << 20


def bytes_of(quantity):
    """Of Kubernetes' (192Mi) and of a setting's (64M): both are powers of 1024."""
    number, unit = re.fullmatch(r"(\d+)([KMG]?)i?", quantity).groups()
    return int(number) << {"": 0, "K": 10, "M": 20, "G": 30}[unit]


def default_of(program, name):
    rows = (line.split("\t") for line in printed_settings(program))
    default, = [row[3] for row in rows if row[1] == name]
    return default


def printed_settings(program):
    return subprocess.run([BIN / program, "--settings"], capture_output=True, text=True, check=True).stdout.splitlines()


def labels_of(build):
    return build.template["metadata"]["labels"]


def selects(selector, labels):
    """A selector of labels, with matchLabels and matchExpressions or as Services write it."""
    wanted = selector.get("matchLabels", {} if "matchExpressions" in selector else selector)
    expressions = selector.get("matchExpressions", [])
    assert wanted or expressions, "an empty selector takes everything"
    return all(labels.get(name) == value for name, value in wanted.items()) and \
        all(each["operator"] == "In" and labels.get(each["key"]) in each["values"] for each in expressions)


# ---- what each build must be ----

def is_what_the_schemas_say(site, name):
    for document, problems in builds()[name]:
        assert not problems, (document["kind"], document["metadata"]["name"], problems)


def has_only_settings_that_its_programs_have(site, name):
    build = cluster(name)
    assert set(build.containers) == set(PROGRAMS)
    for program, container in build.containers.items():
        environment = build.environment(container)
        known = {line.split("\t")[1] for line in printed_settings(program)} | {"POD_NAME"}
        assert environment.keys() <= known, (program, environment.keys() - known)
        done = subprocess.run([BIN / program, "config"], env={**clean_environment(), **environment}, capture_output=True, text=True,
                              timeout=30)
        assert done.returncode == 0 and not done.stderr, done.stderr
    both = [build.environment(build.containers[program])["SPOOL_PATH"] for program in PROGRAMS]
    assert both[0] == both[1]


def leads_each_reference_to_something(site, name):
    build, labels = cluster(name), labels_of(cluster(name))
    assert {document["metadata"].get("namespace", "eventspool") for document in build.documents} == {"eventspool"}
    claims = build.stateful_set["spec"]["volumeClaimTemplates"]
    volumes = [each["name"] for each in build.pod["volumes"]] + [claim["metadata"]["name"] for claim in claims]
    mounted = {mount["name"] for container in build.containers.values() for mount in container["volumeMounts"]}
    assert len(set(volumes)) == len(volumes) and set(volumes) == mounted
    for container in build.containers.values():
        places = [mount["mountPath"] for mount in container["volumeMounts"]]
        assert len(set(places)) == len(places)
        build.environment(container)  # each ConfigMap is there
    assert build.one("ServiceAccount", build.pod["serviceAccountName"])
    assert build.one("Service", build.stateful_set["spec"]["serviceName"])["spec"]["clusterIP"] == "None"
    for spread in build.pod["topologySpreadConstraints"]:
        assert selects(spread["labelSelector"], labels)
    assert selects(build.stateful_set["spec"]["selector"], labels)
    for claim in claims:
        if "storageClassName" in claim["spec"]:
            assert build.one("StorageClass", claim["spec"]["storageClassName"])["volumeBindingMode"] == "WaitForFirstConsumer"
    for kind in ("PodDisruptionBudget", "NetworkPolicy"):
        each, = build.all(kind)
        assert selects(each["spec"].get("selector") or each["spec"]["podSelector"], labels)


def has_ports_that_its_programs_listen_on(site, name):
    build = cluster(name)
    environment = build.environment(build.containers["collector"])
    ports = {each["name"]: each["containerPort"] for each in build.containers["collector"]["ports"]}
    assert ports == {"events": int(environment["PORT"]), "status": int(environment["STATUS_PORT"])}
    assert "ports" not in build.containers["uploader"], "it listens on none"
    for container in build.containers.values():
        probes = {kind: container[kind] for kind in ("startupProbe", "livenessProbe", "readinessProbe") if kind in container}
        for kind, probe in probes.items():
            if "httpGet" in probe:
                assert probe["httpGet"] == {"path": "/readyz" if kind == "readinessProbe" else "/livez", "port": "status"}
            else:
                assert probe["exec"]["command"] == [container["name"], "healthcheck"]
        assert ("readinessProbe" in probes) == (container["name"] == "collector")
    for service in build.all("Service"):
        assert selects(service["spec"]["selector"], labels_of(build))
        for port in service["spec"]["ports"]:
            assert port["port"] == ports[port["targetPort"]]
    pods_own = f"eventspool-0.{build.stateful_set['spec']['serviceName']}.eventspool.svc"
    assert environment["STATUS_ALLOWED_HOSTS"].split(",") == [
        pods_own, "eventspool-status", "eventspool-status.eventspool", "eventspool-status.eventspool.svc"]


def keeps_secrets_from_the_collector(site, name):
    build = cluster(name)
    collector = build.containers["collector"]
    assert {mount["name"] for mount in collector["volumeMounts"]} == {"spool", "tmp-collector"}
    assert not [setting for setting in build.environment(collector) if setting.startswith("AWS_")]
    assert build.pod["automountServiceAccountToken"] is build.all("ServiceAccount")[0]["automountServiceAccountToken"] is False
    kinds = [kind for volume in build.pod["volumes"] for kind in volume if kind != "name"]
    assert set(kinds) <= {"emptyDir", "secret", "projected"}
    for container in build.containers.values():
        assert all("configMapRef" in source for source in container["envFrom"]), "secrets come by file"
    assert not build.pod.keys() & {"shareProcessNamespace", "hostNetwork", "hostPID", "hostIPC", "initContainers"}
    assert not build.all("Secret"), "none in a repository"
    assert not [each for each in build.all("ServiceAccount") if each["metadata"].get("annotations")]


def has_no_more_rights_than_it_needs(site, name):
    build = cluster(name)
    namespace, = build.all("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert build.pod["securityContext"] == {"runAsNonRoot": True, "fsGroup": 10001, "fsGroupChangePolicy": "OnRootMismatch",
                                            "supplementalGroups": [10001], "seccompProfile": {"type": "RuntimeDefault"}}
    for program, number in (("collector", 10001), ("uploader", 10002)):
        assert build.containers[program]["securityContext"] == {
            "runAsUser": number, "runAsGroup": number, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]}}
        assert {mount["mountPath"] for mount in build.containers[program]["volumeMounts"]} >= {"/tmp", "/var/lib/eventspool"}


def gets_the_memory_that_its_settings_need(site, name):
    build = cluster(name)
    in_memory = {each["name"]: bytes_of(each["emptyDir"]["sizeLimit"]) for each in build.pod["volumes"]
                 if each.get("emptyDir", {}).get("medium") == "Memory"}
    for program, container in build.containers.items():
        environment = build.environment(container)

        def value(setting):
            return bytes_of(environment.get(setting) or default_of(program, setting))

        own = {"collector": lambda: value("INTAKE_MEMORY") + 17 * MIB,  # tests/e2e/test_memory.py holds it
               "uploader": lambda: 5 * value("UPLOAD_CONCURRENCY") * value("MAX_FILE_SIZE") + 24 * MIB}[program]()
        own += sum(size for volume, size in in_memory.items() if volume in [mount["name"] for mount in container["volumeMounts"]])
        limit, request = (container["resources"][kind]["memory"] for kind in ("limits", "requests"))
        assert bytes_of(limit) >= own + 24 * MIB and limit == request, (program, limit, own)
        assert "cpu" not in container["resources"]["limits"]


def has_time_to_stop(site, name):
    build = cluster(name)
    before = int(build.containers["collector"]["lifecycle"]["preStop"]["exec"]["command"][1])
    grace = build.pod["terminationGracePeriodSeconds"]
    assert "lifecycle" not in build.containers["uploader"]
    assert grace >= before + STOPS_WITHIN["collector"] + 10 and grace >= STOPS_WITHIN["uploader"] + 10


def lets_in_and_out_what_is_needed_alone(site, name):
    build = cluster(name)
    policy, = build.all("NetworkPolicy")
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    events, status = policy["spec"]["ingress"]
    ranges = build.one("Service", "eventspool-events")["spec"].get("loadBalancerSourceRanges")
    assert ranges is None or ranges == [each["ipBlock"]["cidr"] for each in events["from"]]
    assert [each["port"] for each in events["ports"]] == [8080] and [each["port"] for each in status["ports"]] == [8081]
    assert list(status["from"][0]) == ["namespaceSelector"]
    names, store = policy["spec"]["egress"]
    assert {(each["port"], each["protocol"]) for each in names["ports"]} == {(53, "UDP"), (53, "TCP")}
    endpoint = build.environment(build.containers["uploader"]).get("AWS_ENDPOINT_URL", "")
    assert {each["port"] for each in store["ports"]} == {443, int((re.findall(r":(\d+)$", endpoint) or [443])[0])}
    assert "169.254.0.0/16" in store["to"][0]["ipBlock"]["except"]


def keeps_what_is_not_shipped(site, name):
    build = cluster(name)
    spec = build.stateful_set["spec"]
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert spec["podManagementPolicy"] == "Parallel" and spec["updateStrategy"]["type"] == "RollingUpdate"
    claim, = spec["volumeClaimTemplates"]
    assert claim["metadata"]["name"] == "spool" and claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    budget, = build.all("PodDisruptionBudget")
    assert budget["spec"]["maxUnavailable"] == 1
    events = build.one("Service", "eventspool-events")["spec"]
    assert events["externalTrafficPolicy"] == "Local"
    assert events.get("publishNotReadyAddresses", False) == (spec["replicas"] == 1), "one replica has nobody to stand in for it"
    assert all(container["imagePullPolicy"] == "IfNotPresent" for container in build.containers.values())


CHECKS = (is_what_the_schemas_say, has_only_settings_that_its_programs_have, leads_each_reference_to_something,
          has_ports_that_its_programs_listen_on, keeps_secrets_from_the_collector, has_no_more_rights_than_it_needs,
          gets_the_memory_that_its_settings_need, has_time_to_stop, lets_in_and_out_what_is_needed_alone, keeps_what_is_not_shipped)


# ---- what is about one of them, or about the files ----

def test_a_slip_in_a_manifest_is_found(site):
    text = (FOLDER / "base/statefulset.yaml").read_text()
    slips = {"fsGroup:": "fsGrup:", "replicas: 2": "replicas: two", "drop: [ALL]": "dropp: [ALL]", "path: /livez": "paths: /livez",
             "fsGroupChangePolicy: OnRootMismatch": "fsGroupChangePolicy: Sometimes", "defaultMode: 288": "defaultMode: '0440'",
             "serviceName:": "servicename:", "  selector:\n": "  selecter:\n"}
    assert all(slip in text for slip in slips)
    for ((_, problems),) in read(text):
        assert not problems
    for (slip, wrong), ((_, problems),) in zip(slips.items(), read(*(text.replace(slip, wrong, 1) for slip, wrong in slips.items()))):
        assert problems, (slip, wrong)


def test_each_file_parses_and_is_used(site):
    files = [path for path in FOLDER.rglob("*.yaml")]
    kustomizations = {path.parent: documents[0][0] for path, documents in zip(files, read(*(path.read_text() for path in files)))
                      if path.name == "kustomization.yaml"}
    used = {folder / name for folder, each in kustomizations.items() for name in each["resources"]}
    used |= {folder / patch["path"] for folder, each in kustomizations.items() for patch in each.get("patches", []) if "path" in patch}
    assert set(files) == {path for path in used if path.suffix == ".yaml"} | {path for path in files if path.name == "kustomization.yaml"}
    assert {path.resolve() for path in used if path.suffix != ".yaml"} == {FOLDER / "base"}
    print(f"# built by: {' '.join(kustomize() or ['nobody: there is no kustomize, so the overlays were only parsed'])}")


def overlay(test):
    """A test that needs the overlays built."""
    if kustomize():
        overlays[test.__name__] = test


overlays = {}


@overlay
def test_images_are_of_this_version(site):
    version = subprocess.run([BIN / "collector", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    for name in builds():
        images = {container["image"] for container in cluster(name).containers.values()}
        assert len(images) == 1 and images.pop().partition("eventspool")[2] == ("" if name == "base" else f":{version}"), name


@overlay
def test_on_aws_the_token_is_for_the_role_and_the_uploader_alone(site):
    build = cluster("aws")
    environment = build.environment(build.containers["uploader"])
    volume, = [each for each in build.pod["volumes"] if "projected" in each]
    mount, = [each for each in build.containers["uploader"]["volumeMounts"] if each["name"] == volume["name"]]
    source, = volume["projected"]["sources"]
    token = source["serviceAccountToken"]
    assert environment["AWS_WEB_IDENTITY_TOKEN_FILE"] == f"{mount['mountPath']}/{token['path']}" and mount["readOnly"]
    assert build.template["metadata"]["annotations"]["eks.amazonaws.com/skip-containers"] == "collector"
    statement, = json.loads((FOLDER / "overlays/aws/trust-policy.json").read_text())["Statement"]
    account = build.one("ServiceAccount", build.pod["serviceAccountName"])["metadata"]
    assert statement["Condition"]["StringEquals"] == {
        "${issuer}:aud": token["audience"], "${issuer}:sub": f"system:serviceaccount:{account['namespace']}:{account['name']}"}
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"


@overlay
def test_the_load_balancer_of_aws_leaves_a_pod_out_before_its_port_closes(site):
    build = cluster("aws")
    annotations = build.one("Service", "eventspool-events")["metadata"]["annotations"]
    interval, threshold = (int(annotations[f"service.beta.kubernetes.io/aws-load-balancer-healthcheck-{name}"])
                           for name in ("interval", "unhealthy-threshold"))
    assert interval * threshold < int(build.containers["collector"]["lifecycle"]["preStop"]["exec"]["command"][1])


@overlay
def test_a_command_for_a_replica_that_does_not_run_is_a_job_with_its_claim(site):
    build = cluster("aws")
    jq = ["jq", "-f", FOLDER / "command.jq", "--arg", "pod", "eventspool-2", "--arg", "command"]
    for words in ("eventspool uploader flush", "eventspool collector new-identity", "uploader flush"):
        done = subprocess.run([*jq, words], input=json.dumps(build.stateful_set), capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        ((job, problems),), = read(done.stdout)
        assert not problems, problems
        template = job["spec"]["template"]
        container, = template["spec"]["containers"]
        assert container["command"] == words.split() and container["name"] == words.split()[-2]
        labels = template["metadata"]["labels"]
        assert not selects(build.stateful_set["spec"]["selector"], labels), "it would be taken for a replica"
        assert not any(selects(each["spec"]["selector"], labels) for each in build.all("Service"))
        assert selects(build.all("NetworkPolicy")[0]["spec"]["podSelector"], labels)
        volumes = {each["name"]: each for each in template["spec"]["volumes"]}
        assert volumes["spool"]["persistentVolumeClaim"] == {"claimName": "spool-eventspool-2"}
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes.keys()
    done = subprocess.run([*jq, "eventspool uplaoder flush"], input=json.dumps(build.stateful_set), capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and "no container is named uplaoder" in done.stderr


# ---- docs/kubernetes.md ----

DOCUMENT = ROOT / "docs/kubernetes.md"


def blocks(kind):
    """Those of a kind of text, which may be indented, as parts of lists are."""
    found = re.findall(rf"^( *)```{kind}\n(.*?)^ *```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(text) for _, text in found]


def test_the_manifests_in_the_document_are_understood(site):
    prometheus, claim = blocks("yaml")
    ((document, problems),), = read(claim)
    assert not problems, problems
    template, = cluster("base").stateful_set["spec"]["volumeClaimTemplates"]
    assert document["metadata"] == {"name": f"{template['metadata']['name']}-eventspool-0", "namespace": "eventspool"}
    assert document["spec"].items() >= template["spec"].items()
    (site.directory / "prometheus.yml").write_text(prometheus)
    done = subprocess.run(["promtool", "check", "config", site.directory / "prometheus.yml"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    collector = cluster("base").containers["collector"]
    for number, target in enumerate(re.findall(r"- (eventspool-\S+)$", prometheus, re.MULTILINE)):
        environment = cluster("base").environment(collector, f"eventspool-{number}")
        assert target == f"{environment['STATUS_ALLOWED_HOSTS'].split(',')[0]}:{environment['STATUS_PORT']}"
    assert number + 1 == cluster("base").stateful_set["spec"]["replicas"]


def test_the_trust_policy_is_filled_in_as_the_document_says(site):
    block, = [block for block in blocks("sh") if "trust-policy" in block]
    line, = [line for line in block.splitlines() if line.startswith("sed ")]
    (site.directory / "deploy").symlink_to(ROOT / "deploy")
    issuer = "oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF"
    subprocess.run(["sh", "-c", line], env={**clean_environment(), "account_id": "123456789012", "issuer": issuer}, cwd=site.directory,
                   check=True, timeout=30)
    text = (site.directory / "trust-policy.json").read_text()
    statement, = json.loads(text)["Statement"]
    assert "$" not in text and statement["Principal"] == {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{issuer}"}
    assert list(statement["Condition"]["StringEquals"]) == [f"{issuer}:aud", f"{issuer}:sub"]


def commands_of_kubectl():
    """Each up to the pipe behind it, or to what it runs in a container."""
    text = "\n".join(blocks("sh") + re.findall(r"`(kubectl [^`]*)`", DOCUMENT.read_text())).replace("\\\n", " ")
    return [re.split(r" -- | \||\n", command)[0].split() for command in re.findall(r"kubectl .*", text)]


def test_the_commands_of_kubectl_in_the_document_have_the_options_that_they_use(site):
    commands = commands_of_kubectl()
    assert len(commands) > 20
    known = {}
    for _, *words in commands:
        if words[:2] == ["-n", "eventspool"]:
            words = words[2:]
        names = [word for word in words[:3] if re.fullmatch("[a-z]+", word)]
        verb = tuple(names[:3 if words[0] == "create" and "secret" in words else 2 if words[0] in ("create", "rollout") else 1])
        if verb not in known:
            shown = output_of("kubectl", *verb, "--help") + output_of("kubectl", "options")
            known[verb] = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", shown))
        used = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert used <= known[verb], (words, used - known[verb])


if not shutil.which("kubectl"):
    del test_the_commands_of_kubectl_in_the_document_have_the_options_that_they_use


def rows(check):
    return {f"the_build_of_{name}_{check.__name__}": (name,) for name in builds()}


main({**globals(), **overlays, **{name: test for check in CHECKS for name, test in tests_of(check, rows(check)).items()}}, at_once=4)
