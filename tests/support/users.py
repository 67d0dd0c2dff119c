"""users -- a test's programs as users of their own, as the services run: two with a group in common, and others beside them.

Users are numbers: none of them has to exist. Only root can be all of them.
"""
import dataclasses
import os
import pathlib
import shutil

from support.environment import BIN

IS_ROOT = os.geteuid() == 0


@dataclasses.dataclass(frozen=True)
class User:
    uid: int
    gid: int
    groups: tuple = ()  # besides
    umask: int = 0o007  # that of the units


COLLECTOR = User(10001, 10001)
UPLOADER = User(10002, 10002, (10001,))
ADMIN = User(10003, 10003, (10001,), 0o022)  # a member of the group, at a login shell
OUTSIDER = User(10004, 10004, (), 0o022)
ROOT = User(0, 0, (), 0o022)


def give_place(site, names=("collector", "uploader", "eventspool", "acmsim")):
    """What all users can reach: the programs; the spool's directory, as the installation makes it; one for the objects."""
    programs = site.directory / "bin"
    site.directory.chmod(0o755)
    programs.mkdir()
    for name in names:
        shutil.copy(BIN / name, programs / name)
        (programs / name).chmod(0o755)
    for path, owner, mode in ((site.spool.parent, COLLECTOR, 0o2770), (site.objects, UPLOADER, 0o2775)):
        path.mkdir()
        os.chown(path, owner.uid, COLLECTOR.gid)
        path.chmod(mode)


def as_user(site, user):
    """What a program of BIN stands behind, to run as this user from the place above."""
    groups = f"--groups={','.join(map(str, user.groups))}" if user.groups else "--clear-groups"
    script = f'umask {user.umask:04o} && program="{site.directory}/bin/${{0##*/}}" && exec "$program" "$@"'
    return ("setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", groups, "sh", "-c", script)


def files_beside(spool):
    """{name: (uid, gid, mode)} of the spool and of what the programs have made beside it."""
    found = {}
    for path in pathlib.Path(spool).parent.iterdir():
        st = path.lstat()
        found[path.name] = (st.st_uid, st.st_gid, st.st_mode & 0o7777)
    return found
