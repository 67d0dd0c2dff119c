/* hanging_names -- looks a name up in vain for a long time, as the C library does where no name server answers: in LD_PRELOAD. */
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#define HANGS_S 100

int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (node && strstr(node, "hangs.invalid")) {
        (void)sleep(HANGS_S);
        return EAI_AGAIN;
    }
    return real(node, service, hints, found);
}
