"""manifests -- deploy/kubernetes/ as kustomize builds it, and what Kubernetes' published schemas have against it."""
import functools
import json
import re
import shutil
import subprocess

from support.environment import ROOT, clean_environment

FOLDER = ROOT / "deploy/kubernetes"
PACKAGES = ROOT / "build/kubernetes/node_modules"
OVERLAYS = sorted(path.name for path in (FOLDER / "overlays").iterdir())


def output_of(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), timeout=120, **more)
    assert done.returncode == 0, done.stderr
    assert "deprecated" not in done.stderr, done.stderr
    return done.stdout


@functools.cache
def kustomize():
    """The command that builds a folder, or None: kubectl before 1.21, as Debian 12 has it, knows too little for the overlays."""
    if shutil.which("kustomize"):
        return "kustomize", "build"
    if shutil.which("kubectl"):
        version = json.loads(output_of("kubectl", "version", "--client", "-o", "json"))["clientVersion"]
        if (int(version["major"]), int(version["minor"].rstrip("+"))) >= (1, 21):
            return "kubectl", "kustomize"
    return None


def read(*texts):
    """For each text in YAML its documents, as (document, [what the schemas have against it])."""
    answer = output_of("node", ROOT / "tests/support/kubernetes/manifests.mjs", PACKAGES, input=json.dumps(texts))
    return [[(each["document"], each["problems"]) for each in documents] for documents in json.loads(answer)]


def parsed_base():
    """The base without kustomize: its files, and the ConfigMaps that it has made of settings, by their plain names."""
    ((kustomization, _),), = read((FOLDER / "base/kustomization.yaml").read_text())
    maps = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": each["name"]},
             "data": dict(literal.split("=", 1) for literal in each["literals"])} for each in kustomization["configMapGenerator"]]
    files = read(*((FOLDER / "base" / name).read_text() for name in kustomization["resources"]), *map(json.dumps, maps))
    pairs = [pair for documents in files for pair in documents]
    for document, _ in pairs:
        document["metadata"].setdefault("namespace", kustomization["namespace"])
    return pairs


@functools.cache
def builds():
    """{"base", and each overlay: [(document, problems)]}; without a kustomize the base alone."""
    if not kustomize():
        return {"base": parsed_base()}
    folders = {"base": FOLDER / "base", **{name: FOLDER / "overlays" / name for name in OVERLAYS}}
    return dict(zip(folders, read(*(output_of(*kustomize(), path) for path in folders.values()))))


class Cluster:
    """What one build would make, by kind and name."""

    def __init__(self, documents):
        self.documents = documents
        self.stateful_set, = self.all("StatefulSet")
        self.template = self.stateful_set["spec"]["template"]
        self.pod = self.template["spec"]
        self.containers = {each["name"]: each for each in self.pod["containers"]}

    def all(self, kind):
        return [document for document in self.documents if document["kind"] == kind]

    def one(self, kind, name):
        found, = [document for document in self.all(kind) if document["metadata"]["name"] == name]
        return found

    def environment(self, container, pod="eventspool-0"):
        """{name: value} as the kubelet sets it; a ConfigMap that is not there is an error, as it is for the kubelet."""
        values = {}
        for source in container.get("envFrom", []):
            values.update(self.one("ConfigMap", source["configMapRef"]["name"])["data"])
        for variable in container.get("env", []):
            if "valueFrom" in variable:
                assert variable["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name", variable
            text = variable.get("value", pod)
            values[variable["name"]] = re.sub(r"\$\((\w+)\)", lambda match: values[match[1]], text)
        return values


def cluster(name):
    return Cluster([document for document, _ in builds()[name]])
