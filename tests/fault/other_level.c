/* other_level -- plays an upgrade of zlib: whatever level is asked for, this one compresses with another. */
#include <dlfcn.h>
#include <string.h>
#include <zlib.h>

#define OTHER_LEVEL 1

typedef int (*init)(z_streamp, int, int, int, int, int, const char *, int);

int deflateInit2_(z_streamp stream, int level, int method, int window, int memory, int strategy,
                  const char *version, int size)
{
    init real = NULL;
    void *symbol = dlsym(RTLD_NEXT, "deflateInit2_");
    (void)level;
    memcpy(&real, &symbol, sizeof real);
    return real(stream, OTHER_LEVEL, method, window, memory, strategy, version, size);
}
