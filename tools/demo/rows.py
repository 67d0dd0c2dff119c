"""rows -- follows the spool: reads each row as soon as it is committed, and keeps what the ledger needs of it.

At the end it would be too late: when the disk is full, the uploader deletes what is shipped before RETENTION is over.
"""
import collections
import contextlib
import hashlib
import sqlite3
import threading


def digest(event):
    return hashlib.blake2b(event, digest_size=16).digest()


class Rows:
    """`events`: (id, uid, digest of the payload); `rejects`: (id, source, reason, bytes, payload); both in the order of ids.
    `newest`: of each of acmsim's connections, the number of its last event that has a row."""

    def __init__(self, spool):
        self.spool, self.lock, self.ending = spool, threading.Lock(), threading.Event()
        self.events, self.rejects, self.newest = [], [], collections.Counter()
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        while not self.ending.wait(0.05):
            self.update()

    def update(self):
        """Reads what is new since the last time. False: the spool cannot be read now."""
        uri = f"file:{self.spool}?mode=ro"
        try:
            with self.lock, contextlib.closing(sqlite3.connect(uri, uri=True, timeout=30)) as db:
                self.rejects += db.execute("SELECT id, source, reason, bytes, CAST(payload AS BLOB) FROM rejects WHERE id > ? "
                                           "ORDER BY id", (last_id(self.rejects),))
                for row_id, uid, payload in db.execute("SELECT id, uid, payload FROM events WHERE id > ? ORDER BY id",
                                                       (last_id(self.events),)):
                    self.events.append((row_id, uid, digest(payload.encode())))
                    self.newest[int(uid[:4], 16)] = int(uid[4:], 16)
        except sqlite3.OperationalError:
            return False
        return True

    def close(self):
        self.ending.set()
        self.thread.join()


def last_id(rows):
    return rows[-1][0] if rows else 0
