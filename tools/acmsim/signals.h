/* signals -- SIGINT and SIGTERM as a readable descriptor; SIGPIPE as an error of the send it belongs to. */
#ifndef ACMSIM_SIGNALS_H
#define ACMSIM_SIGNALS_H

#include <stdbool.h>

/* Take over the signals of this process; a non-blocking descriptor, or -1 after saying why. */
int signals_open(void);

/* Was there a request to stop since the last question? */
bool signals_take_stop(int fd);

void signals_close(int fd);

#endif
