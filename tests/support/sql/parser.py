"""parser -- node-sql-parser: does a statement parse in its dialect, and which tables does it name?"""
import json
import subprocess

from support.environment import ROOT, clean_environment
from support.sql.duckdb import PACKAGES


def parse(pairs):
    """For each (dialect, statement) {"tables": [the names it reads or changes]} or {"error": why it does not parse}."""
    done = subprocess.run(["node", ROOT / "tests/support/engines/parse_sql.mjs", PACKAGES], input=json.dumps(pairs), text=True,
                          env=clean_environment(), stdout=subprocess.PIPE, check=True, timeout=120)
    return json.loads(done.stdout)
