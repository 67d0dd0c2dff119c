"""duckdb -- a DuckDB in memory, asked in SQL: what runs our statements for Snowflake where no Snowflake can be asked."""
import json
import subprocess

from support.environment import ROOT, clean_environment

PACKAGES = ROOT / "build/engines"  # `make` fetches them (tests/support/engines/package-lock.json)


class Duckdb:
    """One database; close() ends it."""

    def __init__(self):
        self.process = subprocess.Popen(["node", ROOT / "tests/support/engines/duckdb.mjs", PACKAGES], text=True,
                                        env=clean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.run("SET TimeZone = 'UTC'")

    def run(self, sql):
        """Runs one statement or several; the rows of the last one, each as {column: text, true, false or None}."""
        self.process.stdin.write(json.dumps({"sql": sql}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"DuckDB has ended at: {sql[:500]}"
        answer = json.loads(line)
        assert "error" not in answer, f"{answer['error']}\nin: {sql[:2000]}"
        return answer["rows"]

    def value(self, sql):
        """The one value of the one row."""
        (row,) = self.run(sql)
        (value,) = row.values()
        return value

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=60)
