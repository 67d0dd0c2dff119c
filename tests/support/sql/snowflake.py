"""snowflake -- our statements for Snowflake as DuckDB runs them: the table of equivalents.

Functions that DuckDB has under another name are macros (snowflake_functions.sql). What is no function is rewritten here, by the
rows of REWRITES in their order, each with what the two documentations say. A statement is otherwise run as it stands.
"""
import re

NAME = r'(?:"[^"]+"|[A-Za-z_]\w*)'
COLUMN = r"((?:[A-Za-z_]\w*\.)?[A-Za-z_]\w*)"
PATH = rf"({NAME}(?:\.{NAME})*)"  # into a VARIANT: a.b."c[2]"


def json_path(path):
    """`a."b[2]".c` as DuckDB writes it."""
    return "$" + "".join(f'."{part.strip(chr(34))}"' for part in re.findall(NAME, path))


def text_at(match):
    """A path with a cast is read as text, which the cast then takes, as Snowflake takes a VARIANT; without it stays JSON."""
    column, path, cast = match.groups()
    return f"json_extract{'_string' if cast else ''}({column}, '{json_path(path)}'){cast or ''}"


def read_at_once(statement):
    """All texts that a statement reads of one column are read in one call: DuckDB parses the JSON for each call, and sees that
    calls with the same list of paths are the same. That is a matter of speed alone.
    """
    read = rf"json_extract_string\({COLUMN}, ('[^']*')\)"
    paths = {}
    for column, path in re.findall(read, statement):
        places = paths.setdefault(column, {})
        places.setdefault(path, len(places) + 1)
    return re.sub(read, lambda m: f"json_extract_string({m[1]}, [{', '.join(paths[m[1]])}])[{paths[m[1]][m[2]]}]", statement)


def as_macro(match):
    """A function in SQL is a macro; types are those of what its body computes."""
    name, arguments, result, body = match.groups()
    names = ", ".join(argument.split()[0] for argument in arguments.split(",") if argument.strip())
    return f"CREATE OR REPLACE MACRO {name}({names}) AS CAST(({body.strip()}) AS {result})"


REWRITES = [
    # Snowflake's types. A VARIANT of ours is always read from JSON, or has the documented form of XML.
    (r"\bTIMESTAMP_(TZ|LTZ)\b", "TIMESTAMPTZ"),
    (r"\bTIMESTAMP_NTZ\b", "TIMESTAMP"),
    (r"\bVARIANT\b", "JSON"),
    (r"\bNUMBER\b(?!\()", "DECIMAL(38, 0)"),
    # A part of a date is a name in Snowflake.
    (r"\b(DATEADD|DATEDIFF|DATE_TRUNC)\(([a-z]+),", r"\1('\2',"),
    (r"\bDIRECTORY\(@(\w+)\)", r"directory_of_\1"),
    # FLATTEN gives a row for each element of an array or each member of an object, with mode => 'ARRAY' for those of arrays alone.
    # (json_each() would do there too. But DuckDB then joins the elements to their row by the whole array, once for each.)
    (rf"\bLATERAL FLATTEN\(input => {COLUMN}, mode => '\d+'\) (\w+)", r"UNNEST(\1) AS \2(value)"),
    (rf"\bLATERAL FLATTEN\(input => {COLUMN}:{PATH}\)", lambda m: f"LATERAL json_each({m[1]}, '{json_path(m[2])}')"),
    (rf"\bLATERAL FLATTEN\(input => {COLUMN}\)", r"LATERAL json_each(\1)"),
    (rf"(?<![:\w]){COLUMN}:{PATH}(::)?", text_at),
    # LISTAGG has its order in WITHIN GROUP, and gives '' where there is nothing to join.
    (r"\bLISTAGG\((.*), ('\d+')\) WITHIN GROUP \(ORDER BY (\w+)\)", r"coalesce(string_agg(\1, \2 ORDER BY \3), '')"),
    # INSERT OVERWRITE replaces all rows.
    (r"^INSERT OVERWRITE INTO (\w+)", r"DELETE FROM \1; INSERT INTO \1"),
    # SQL functions.
    (r"(?s)^CREATE OR REPLACE FUNCTION (\w+)\((.*?)\)\s+RETURNS (\w+(?:\(38, 0\))?) AS\s+\$\$(.*)\$\$$", as_macro),
    # A secure view has the same rows.
    (r"^CREATE OR REPLACE SECURE VIEW\b", "CREATE OR REPLACE VIEW"),
    # MERGE: all columns, by their names.
    (r"\bINSERT ALL BY NAME\b", "INSERT BY NAME"),
]


def literal(text):
    """A text between quotes. In Snowflake \\t, \\r and \\n in it are control characters; DuckDB wants an E before it for that."""
    return ("E" if re.search(r"\\[trn]", text) else "") + text


def translate(statement):
    """The statement as DuckDB runs it. What has no row in the table fails there, and is not passed over.

    What stands between single quotes is no SQL: numbers stand in for it meanwhile.
    """
    literals = []

    def put_aside(match):
        literals.append(match[0])
        return f"'{len(literals) - 1}'"

    statement = re.sub(r"'(?:[^']|'')*'", put_aside, statement)
    for pattern, replacement in REWRITES:
        statement = re.sub(pattern, replacement, statement)
    statement = read_at_once(statement)
    return re.sub(r"'(\d+)'", lambda match: literal(literals[int(match[1])]), statement)
