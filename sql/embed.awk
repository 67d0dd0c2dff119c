# Turns SQL files into C strings: FILE.sql becomes sql_FILE, schema/FILE.sql becomes sql_schema_FILE; sql_all lists all.
# With -v header=1 it prints their declarations instead.
BEGIN    { if (!header) print "#include \"common/sql.h\"\n" }
FNR == 1 { name = FILENAME; gsub(/.*\/|\.sql$/, "", name)
           if (FILENAME ~ /schema\//) name = "schema_" name
           if (header) { printf "extern const char sql_%s[];\n", name }
           else { if (all) print ";"; printf "const char sql_%s[] =\n", name }
           all = all "    {\"" name "\", sql_" name "},\n" }
!header  { gsub(/[\\"]/, "\\\\&"); printf "    \"%s\\n\"\n", $0 }
END      { if (!header) printf ";\nconst struct sql_text sql_all[] = {\n%s    {0, 0},\n};\n", all }
