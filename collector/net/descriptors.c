/* descriptors -- see descriptors.h. */
#include "collector/net/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "collector/net/listener.h"
#include "collector/net/newcomers.h"

static int64_t places_in(rlim_t limit)
{
    if (limit > INT32_MAX) return INT32_MAX; /* RLIM_INFINITY, too */
    return limit > DESCRIPTORS_OWN ? (int64_t)limit - DESCRIPTORS_OWN : 1;
}

int64_t descriptors_places(int64_t connections)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || places_in(limit.rlim_cur) >= connections) return connections;
    return places_in(limit.rlim_cur);
}

enum result descriptors_allow(int64_t connections, struct why *why)
{
    struct rlimit limit;
    rlim_t needed = (rlim_t)connections + DESCRIPTORS_OWN;
    rlim_t wanted = needed + NEWCOMERS_MAX + LISTENER_BACKLOG;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return why_set(why, RES_REFUSE, "read the limit of open files: %s", strerror(errno));
    if (limit.rlim_cur >= wanted) return RES_OK;
    rlim_t hard = limit.rlim_max;
    limit.rlim_cur = wanted < hard ? wanted : hard;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return why_set(why, RES_REFUSE, "raise the limit of open files to %" PRIu64 ": %s",
                       (uint64_t)limit.rlim_cur, strerror(errno));
    if (needed <= hard) return RES_OK;
    (void)why_remedy(why, RES_REFUSE,
                     "raise the hard limit of open files (ulimit -Hn, systemd's LimitNOFILE=) to %" PRIu64
                     ", or lower MAX_CONNECTIONS",
                     (uint64_t)needed);
    return why_set(why, RES_REFUSE,
                   "MAX_CONNECTIONS=%" PRId64 " needs %" PRIu64 " open files, and the system allows %" PRIu64
                   ", which are enough for %" PRId64 " senders at once",
                   connections, (uint64_t)needed, (uint64_t)hard, places_in(hard));
}

enum result descriptors_check(bool has_status, struct why *why)
{
    int fds[DESCRIPTORS_LEAST + DESCRIPTORS_STATUS];
    int least = DESCRIPTORS_LEAST + (has_status ? DESCRIPTORS_STATUS : 0);
    int count = 0;
    while (count < least && (fds[count] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0) count++;
    int error = errno;
    for (int i = 0; i < count; i++) close(fds[i]);
    if (count == least || (error != EMFILE && error != ENFILE)) return RES_OK;
    (void)why_remedy(why, RES_RETRY,
                     "raise the limit of open files (ulimit -n, systemd's LimitNOFILE=; for the whole system "
                     "fs.file-max)%s",
                     has_status ? ", or set STATUS_PORT=0" : "");
    return why_set(why, RES_RETRY,
                   "%d files can be opened, and the collector needs %d without any sender: %s", count,
                   least - 1, strerror(error));
}
