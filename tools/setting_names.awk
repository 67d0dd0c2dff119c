# Reads the tables of settings, whose rows begin with {"NAME", SETTING_..., and prints a list of their names for
# common/names.c, and one of those that are secrets. A unit test compares the lists with what the programs print.
BEGIN { FS = "\"" }
/^ *\{"[A-Z0-9_]+", SETTING_/ && !seen[$2]++ {
    names = names "    \"" $2 "\", \\\n"
    if ($3 ~ /^, SETTING_SECRET,/) secrets = secrets "    \"" $2 "\", \\\n"
}
END { printf "#define SETTING_NAMES \\\n%s\n#define SECRET_NAMES \\\n%s\n", names, secrets }
