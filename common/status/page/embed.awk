# Turns the page into one C string: embed.awk page.css page.js page.html. The empty <style></style> and <script></script> of
# the HTML, each on a line of its own, get the other two files.
function put(line)
{
    gsub(/[\\"]/, "\\\\&", line)
    gsub(/\?/, "\\?", line) # no trigraphs
    printf "    \"%s\\n\"\n", line
}

function put_all(tag, lines, count,    i)
{
    put("<" tag ">")
    for (i = 1; i <= count; i++) put(lines[i])
    put("</" tag ">")
    places++
}

BEGIN                          { print "#include \"common/status/page.h\"\n\nconst char page_text[] =" }
FILENAME ~ /\.css$/            { styles[++style_count] = $0; next }
FILENAME ~ /\.js$/             { scripts[++script_count] = $0; next }
/^ *<style><\/style> *$/       { put_all("style", styles, style_count); next }
/^ *<script><\/script> *$/     { put_all("script", scripts, script_count); next }
                               { put($0) }
END {
    print ";"
    if (places != 2) { print "embed.awk: the page needs one empty <style></style> and <script></script>" > "/dev/stderr"; exit 1 }
}
