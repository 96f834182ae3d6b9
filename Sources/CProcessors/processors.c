#define _GNU_SOURCE
#include "processors.h"

#include <sched.h>

int processor_current(void) { return sched_getcpu(); }

void processor_leave(int processor) {
    cpu_set_t allowed;
    if (processor < 0 || sched_getcpu() != processor || sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    cpu_set_t others = allowed;
    CPU_CLR(processor, &others);
    // Fails where there are no others.
    if (sched_setaffinity(0, sizeof others, &others) == 0) sched_setaffinity(0, sizeof allowed, &allowed);
}
