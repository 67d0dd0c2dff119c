/*
 * page -- the status page: one HTML document with its style and its script in it, put together from page/ at build time.
 */
#ifndef COMMON_STATUS_PAGE_H
#define COMMON_STATUS_PAGE_H

#include <stddef.h>

#define PAGE_CSP_SIZE 512

/* The document, made by page/embed.awk. */
extern const char page_text[];

/*
 * The Content-Security-Policy that allows the page's own <style> and <script>, by their hashes, and requests to its own
 * server; nothing else. Returns `out`. Aborts if the page does not have one of each.
 */
const char *page_csp(char out[PAGE_CSP_SIZE]);

#endif
