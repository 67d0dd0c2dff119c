/* portable_shapes -- see portable.h: shapes that are known. */
#include "tests/model/portable_names.h"

#include "common/xml/shapes.c"
