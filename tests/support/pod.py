"""pod -- runs the containers of a pod as a kubelet would, without a cluster and without an image: needs root.

Each container is a process in a mount namespace of its own, with the volumes of the manifest at their paths, this build's
programs in /usr/local/bin, and a root file system that is read-only where the manifest says so; as its user, with the
pod's groups, no capability and no way to get one; with its environment and nothing else. All of them share a network of
their own, in which the pod has an address. Seccomp, limits and network policies are not there.
"""
import contextlib
import os
import shlex
import subprocess
import time

from support.environment import BIN, clean_environment
from support.waiting import wait_for

ADDRESS = "10.244.0.7"  # of the pod


class Container:
    """One that runs. `process` is the program itself; its log goes to a file."""

    def __init__(self, pod, spec, environment, *, in_pods_network=True):
        self.pod, self.spec, self.environment = pod, spec, environment
        self.log_path = pod.site.directory / f"{spec['name']}-{time.monotonic_ns()}.log"
        script = "\n".join(["set -e", *self.mounts(), "exec " + shlex.join(self.as_its_user(spec["command"]))])
        command = ["unshare", "--mount", "sh", "-c", script]
        with open(self.log_path, "wb") as log:
            self.process = pod.site.owns(subprocess.Popen(pod.in_its_network(command) if in_pods_network else command, stdout=log,
                                                          stderr=log, stdin=subprocess.DEVNULL, cwd="/", env=clean_environment()))

    def mounts(self):
        """Commands. What lies below /tmp is bound before something else is mounted there."""
        yield "mount -t tmpfs -o mode=755 tmpfs /run"
        yield "mount -t tmpfs -o mode=755 tmpfs /var/lib"
        yield f"mount --bind {shlex.quote(str(BIN))} /usr/local/bin"
        in_memory = []
        for mount in self.spec["volumeMounts"]:
            source, place = self.pod.volume(mount["name"]), mount["mountPath"]
            if isinstance(source, str):
                in_memory.append(f"mount -t tmpfs -o mode=1777,size={source} tmpfs {place}")
                continue
            yield f"mkdir -p {place}; mount --bind {shlex.quote(str(source))} {place}"
            if mount.get("readOnly"):
                yield f"mount -o remount,bind,ro {place}"
        yield from in_memory
        if self.spec["securityContext"]["readOnlyRootFilesystem"]:
            yield "mount -o remount,bind,ro /run; mount -o remount,bind,ro /var/lib; mount -o remount,bind,ro /"

    def as_its_user(self, command):
        security, pod = self.spec["securityContext"], self.pod.spec["securityContext"]
        groups = {pod["fsGroup"], *pod["supplementalGroups"]}
        assert security["capabilities"] == {"drop": ["ALL"]} and security["allowPrivilegeEscalation"] is False
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", **self.environment}  # the image's, and ours
        return ["setpriv", f"--reuid={security['runAsUser']}", f"--regid={security['runAsGroup']}", f"--groups={','.join(map(str, groups))}",
                "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "env", "-i",
                *(f"{name}={value}" for name, value in environment.items()), *command]

    def execute(self, *command, seconds=120):
        """As `kubectl exec`."""
        inside = ["nsenter", f"--target={self.process.pid}", "--mount", "--net", *self.as_its_user(command)]
        return subprocess.run(inside, capture_output=True, text=True, timeout=seconds, cwd="/", env=clean_environment())

    def answers(self, probe):
        """Whether a probe succeeds now, within its time limit."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            if "exec" in probe:
                return self.execute(*probe["exec"]["command"], seconds=probe["timeoutSeconds"]).returncode == 0
            port, = [each["containerPort"] for each in self.spec["ports"] if each["name"] == probe["httpGet"]["port"]]
            return self.pod.status_of(port, probe["httpGet"]["path"], probe["timeoutSeconds"]) == 200
        return False

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    def stop(self, seconds):
        """As the kubelet does it; returns how long it took."""
        began = time.monotonic()
        self.process.terminate()
        assert self.process.wait(seconds) == 0, self.log[-3000:]
        return time.monotonic() - began


class Pod:
    """Its volumes and its network. Claims are folders of the site, and outlive it; `secrets`: {name: {key: text}}."""

    def __init__(self, site, cluster, spec=None, *, name="eventspool-0", secrets=(), token=None):
        self.site, self.cluster, self.spec, self.name = site, cluster, spec or cluster.pod, name
        self.secrets, self.token = dict(secrets), token
        script = f"ip link set lo up && ip address add {ADDRESS}/32 dev lo && echo ready && exec sleep infinity"
        self.sandbox = site.owns(subprocess.Popen(["unshare", "--net", "sh", "-c", script], stdout=subprocess.PIPE, text=True,
                                                  env=clean_environment()))
        assert self.sandbox.stdout.readline() == "ready\n"

    def close(self):
        """The network goes; the claims stay. Its containers have ended."""
        self.sandbox.kill()
        self.sandbox.wait()

    def group_folder(self, path, mode=0o2775):
        """As fsGroup leaves the folder of a volume: root's, of that group, which may write, and so of what is made in it."""
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, 0, self.spec["securityContext"]["fsGroup"])
        path.chmod(mode)
        return path

    def folder_of_files(self, name, files, mode):
        folder = self.group_folder(self.site.directory / "volumes" / self.name / name)
        for key, text in files.items():
            (folder / key).write_text(text)
            os.chown(folder / key, 0, self.spec["securityContext"]["fsGroup"])
            (folder / key).chmod(mode)
        return folder

    def volume(self, name):
        """The folder of a volume, or the size of one in memory."""
        volume, = [each for each in self.spec["volumes"] if each["name"] == name] or [{"claim": f"{name}-{self.name}"}]
        if "secret" in volume:
            wanted = volume["secret"]["secretName"]
            assert wanted in self.secrets or volume["secret"].get("optional"), f"no secret {wanted}: the pod would not start"
            return self.folder_of_files(name, self.secrets.get(wanted, {}), volume["secret"]["defaultMode"])
        if "projected" in volume:
            source, = volume["projected"]["sources"]
            return self.folder_of_files(name, {source["serviceAccountToken"]["path"]: self.token}, 0o640)
        if volume.get("emptyDir", {}).get("medium") == "Memory":
            return volume["emptyDir"]["sizeLimit"].removesuffix("i").lower()
        if "emptyDir" in volume:
            return self.group_folder(self.site.directory / "volumes" / self.name / name, 0o2777)
        claim = volume.get("claim") or volume["persistentVolumeClaim"]["claimName"]
        return self.group_folder(self.site.directory / "claims" / claim)

    def start(self, name, *, in_pods_network=True, **more):
        """`more`: settings beside those of the manifest."""
        spec, = [each for each in self.spec["containers"] if each["name"] == name]
        return Container(self, spec, {**self.cluster.environment(spec, self.name), **more}, in_pods_network=in_pods_network)

    def in_its_network(self, command):
        return ["nsenter", f"--net=/proc/{self.sandbox.pid}/ns/net", *map(str, command)]

    def inside(self, *command):
        """A program of this machine's in the pod's network."""
        return subprocess.run(self.in_its_network(command), capture_output=True, text=True, timeout=60, env=clean_environment())

    def status_of(self, port, path, seconds=10, *, host=None):
        """The status of an answer by HTTP, as the kubelet asks: by the pod's address. 0 without an answer."""
        header = ["--header", f"Host: {host}"] if host else []
        done = self.inside("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--max-time", seconds, *header,
                           f"http://{ADDRESS}:{port}{path}")
        return int(done.stdout)

    def send(self, count):
        done = self.inside(BIN / "acmsim", "--host", ADDRESS, "--count", count)
        assert done.returncode == 0, done.stdout + done.stderr

    def keep_sending(self, *arguments):
        """A sender that goes on until it is cut off."""
        command = self.in_its_network([BIN / "acmsim", "--host", ADDRESS, "--count", 0, *arguments])
        return self.site.owns(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment()))

    def listening_ports(self):
        tables = self.inside("cat", "/proc/net/tcp", "/proc/net/tcp6").stdout.splitlines()
        rows = (line.split() for line in tables)
        return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3:4] == ["0A"]}

    def wait_until(self, container, *probes):
        wait_for(f"the probes of {container.spec['name']}",
                 lambda: all(container.answers(container.spec[probe]) for probe in probes) or container.process.poll() is not None)
        assert container.process.poll() is None, container.log[-3000:]
