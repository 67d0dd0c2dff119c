/* hanging_sync -- plays a disk that stops answering: fdatasync(2) hangs while the file named by HANG_WHILE exists. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP_US 10000

typedef int (*sync_call)(int);

int fdatasync(int fd)
{
    sync_call real = NULL;
    void *symbol = dlsym(RTLD_NEXT, "fdatasync");
    const char *path = getenv("HANG_WHILE");
    memcpy(&real, &symbol, sizeof real);
    while (path && access(path, F_OK) == 0) usleep(STEP_US);
    return real(fd);
}
