/*
 * sink -- what a receiver costs that looks at nothing: takes one sender, appends each read of at most 256 KB to a file
 * and syncs it. Prints the time from the first read to the last sync, CPU seconds, and how long a read waited until it
 * was synced.
 * usage: sink PORT FILE
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_MAX  (1 << 18)
#define SYNCS_MAX 1000000

static void must(int is_good, const char *what)
{
    if (is_good) return;
    perror(what);
    exit(1);
}

static double now_seconds(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int accept_one(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    must(listening >= 0, "socket");
    must(setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) == 0, "setsockopt");
    must(bind(listening, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    must(listen(listening, 1) == 0, "listen");
    int fd = accept(listening, NULL, NULL);
    must(fd >= 0, "accept");
    close(listening);
    return fd;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Returns how many reads were synced; `waited` gets the seconds from each read to the end of its sync. */
static size_t receive(int from, int to, double *waited)
{
    static char block[READ_MAX];
    size_t count = 0;
    ssize_t n;
    while ((n = read(from, block, sizeof block)) > 0) {
        double since = now_seconds(CLOCK_MONOTONIC);
        must(write(to, block, (size_t)n) == n, "write");
        must(fdatasync(to) == 0, "fdatasync");
        if (count < SYNCS_MAX) waited[count++] = now_seconds(CLOCK_MONOTONIC) - since;
    }
    must(n == 0, "read");
    return count;
}

int main(int argc, char **argv)
{
    if (argc != 3) return 64;
    double *waited = calloc(SYNCS_MAX, sizeof *waited);
    if (!waited) abort();
    int file = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    must(file >= 0, argv[2]);
    int sender = accept_one((uint16_t)strtoul(argv[1], NULL, 10));
    double since = now_seconds(CLOCK_MONOTONIC);
    size_t count = receive(sender, file, waited);
    double seconds = now_seconds(CLOCK_MONOTONIC) - since;
    must(count > 0, "nothing was sent");
    qsort(waited, count, sizeof *waited, ascending);
    (void)printf("syncs=%zu seconds=%.3f cpu_seconds=%.3f p50_ms=%.3f p99_ms=%.3f max_ms=%.3f\n", count,
                 seconds, now_seconds(CLOCK_PROCESS_CPUTIME_ID), waited[count / 2] * 1000,
                 waited[count * 99 / 100] * 1000, waited[count - 1] * 1000);
    close(sender);
    close(file);
    free(waited);
    return 0;
}
