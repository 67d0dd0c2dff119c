/* other_libxml2 -- plays another version of libxml2: 2.14.5 is what it says of itself. Its xmlParserVersion is this call. */
const char **__xmlParserVersion(void);

const char **__xmlParserVersion(void)
{
    static const char *version = "21405";
    return &version;
}
