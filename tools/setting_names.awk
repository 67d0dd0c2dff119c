# Reads the tables of settings, whose rows begin with {"NAME", SETTING_..., and prints a list of their names for
# common/names.c. A unit test compares the list with what the programs print.
BEGIN { FS = "\""; print "#define SETTING_NAMES \\" }
/^ *\{"[A-Z0-9_]+", SETTING_/ && !seen[$2]++ { printf "    \"%s\", \\\n", $2 }
END   { print "" }
