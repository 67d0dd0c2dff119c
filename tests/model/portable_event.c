/* portable_event -- see portable.h: the event and its columns. */
#include "tests/model/portable_names.h"

#include "collector/framing/plain_event.c"
