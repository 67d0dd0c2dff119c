/* figures -- see figures.h. */
#include "common/figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *figures_count(int64_t count, char out[FIGURES_SIZE])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRId64, count);
    int first = count < 0 ? 1 : 0; /* behind the sign */
    size_t at = 0;
    for (int i = 0; i < len; i++) {
        if (i > first && (len - i) % 3 == 0) out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

const char *figures_bytes(int64_t bytes, char out[FIGURES_SIZE])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    int64_t unit_bytes = 1024;
    size_t i = 0;
    while (i + 1 < sizeof units / sizeof *units && bytes >= 1024 * unit_bytes) {
        unit_bytes *= 1024;
        i++;
    }
    if (bytes < 1024)
        (void)snprintf(out, FIGURES_SIZE, "%" PRId64 " byte%s", bytes, bytes == 1 ? "" : "s");
    else if (bytes < 10 * unit_bytes && bytes % unit_bytes != 0)
        (void)snprintf(out, FIGURES_SIZE, "%" PRId64 ".%d %s", bytes / unit_bytes,
                       (int)(bytes % unit_bytes * 10 / unit_bytes), units[i]);
    else
        (void)snprintf(out, FIGURES_SIZE, "%" PRId64 " %s", bytes / unit_bytes, units[i]);
    return out;
}

const char *figures_span(int64_t ms, char out[FIGURES_SIZE])
{
    int64_t s = ms > 0 ? ms / 1000 : 0;
    if (s >= INT64_C(2) * 86400)
        (void)snprintf(out, FIGURES_SIZE, "%" PRId64 " days", s / 86400);
    else if (s >= INT64_C(2) * 3600)
        (void)snprintf(out, FIGURES_SIZE, "%" PRId64 " h", s / 3600);
    else if (s >= INT64_C(2) * 60)
        (void)snprintf(out, FIGURES_SIZE, "%" PRId64 " min", s / 60);
    else
        (void)snprintf(out, FIGURES_SIZE, "%" PRId64 " s", s);
    return out;
}
