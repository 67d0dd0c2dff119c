"""probe -- what a program could do in a service's place: a script runs as the service's user, in a unit with its restrictions."""
import ast

# What makes a unit a service that lasts; all else of it is kept. An interpreter is no program that the service may start.
LEFT_OUT = ("Type=", "Exec", "Restart", "Watchdog", "Sockets=", "NotifyAccess=", "Standard", "NoExecPaths=", "TimeoutSt")


def run_as(machine, unit, script):
    """Returns what the Python script prints, an expression. Without a unit: as root, with no restriction."""
    machine.write("/run/probe.py", script)
    if unit is None:
        return ast.literal_eval(machine.text("python3", "/run/probe.py"))
    lines = machine.text("systemctl", "cat", unit).splitlines()
    section, kept = "", []
    for line in lines:
        section = line if line.startswith("[") else section
        if section == "[Service]" and line != section and not line.startswith(LEFT_OUT):
            kept.append(line)
    machine.write("/run/systemd/system/probe.service", "\n".join([
        "[Service]", *kept, "Type=oneshot", "ExecStart=/usr/bin/python3 /run/probe.py",
        "StandardOutput=truncate:/run/probe.out", "StandardError=journal", ""]))
    machine.run("systemctl", "daemon-reload")
    started = machine.run("systemctl", "start", "probe.service", check=False)
    assert started.returncode == 0, started.stderr + machine.journal("--unit", "probe.service")
    return ast.literal_eval(machine.text("cat", "/run/probe.out"))


# Each attempt is a function that may fail; its outcome is the error's name, or what it returned.
ATTEMPTS = """
import errno, os, socket, subprocess

def outcome(attempt, *arguments):
    try:
        return repr(attempt(*arguments))
    except OSError as e:
        return errno.errorcode[e.errno]

def read(path):
    with open(path, "rb", 0) as f:
        return f.read(1)

def read_memory(pid):
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as memory:
        memory.seek(int(maps.read(12), 16))
        return memory.read(1)

# PTRACE_SEIZE, which leaves the process as it is. Perl is in every Debian system, and has syscall().
def trace(pid):
    number = {"x86_64": 101, "aarch64": 117}[os.uname().machine]
    done = subprocess.run(["perl", "-e", "exit(syscall(%d, 0x4206, %d, 0, 0) < 0 ? $! + 0 : 0)" % (number, pid)])
    if done.returncode:
        raise OSError(done.returncode, "ptrace")
    return "traced"

def connect(address, port):
    with socket.create_connection((address, port), 3):
        return "connected"

def bind(port):
    with socket.socket() as s:
        s.bind(("0.0.0.0", port))
        s.listen()
        return "listens"

def listen_unbound():
    with socket.socket() as s:
        s.listen()
        return "listens"

def bind_datagram(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("0.0.0.0", port))
        return "receives"

def devices():
    with open("/proc/self/net/dev") as f:
        return sorted(line.split(":")[0].strip() for line in f if ":" in line)
"""


def outcomes(machine, unit, **attempts):
    """`attempts`: {name: a call, in Python, of one of the above}. Returns {name: its outcome}."""
    calls = [call.partition("(") for call in attempts.values()]
    rows = [f"{name!r}: outcome({function}, {rest}" for name, (function, _, rest) in zip(attempts, calls)]
    return run_as(machine, unit, ATTEMPTS + "print({" + ", ".join(rows) + "})\n")
