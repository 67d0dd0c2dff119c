"""aws_config_oracle -- what AWS's own tools read in the shared config file: aws_config_oracle.py FILE...

The AWS CLI reads it with Python's configparser, and then splits nested values; botocore does that where it is installed,
else these few lines. For each file there is a line `file`, or `refused`; and then for each value that is not empty:
kind, section, parent or -, name and value, with tabs between them and | for an end of line inside the value.
"""
import configparser
import shlex
import sys

try:
    from botocore.configloader import load_config
    from botocore.configprovider import ConfiguredEndpointProvider  # noqa: F401  older ones know no services
except ImportError:
    def nested(value):
        if not value.startswith("\n"):
            return value
        pairs = (line.split("=", 1) for line in value.splitlines() if line.strip())
        return {name.strip(): inner.strip() for name, inner in pairs}

    def load_config(path):
        parser = configparser.RawConfigParser()
        parser.read([path])
        found = {"profiles": {}, "services": {}}
        for section in parser.sections():
            words = shlex.split(section)
            values = {name: nested(parser.get(section, name)) for name in parser.options(section)}
            if words == ["default"]:
                found["profiles"]["default"] = values
            elif len(words) == 2 and words[0] in ("profile", "services"):
                found["services" if words[0] == "services" else "profiles"][words[1]] = values
        return found


def show(kind, section, parent, name, value):
    value = "|".join(line for line in value.splitlines() if line)
    if value:
        print(kind, section, parent, name, value, sep="\t")


for path in sys.argv[1:]:
    try:
        config = load_config(path)
    except Exception:  # whichever library it is from
        print("refused")
        continue
    print("file")
    for kind in ("profiles", "services"):
        for section, values in config[kind].items():
            for name, value in values.items():
                if isinstance(value, dict):
                    for inner in value:
                        show(kind, section, name, inner, value[inner])
                else:
                    show(kind, section, "-", name, value)
