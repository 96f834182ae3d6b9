#define _GNU_SOURCE
#include "processors.h"

#include <sched.h>
#include <unistd.h>

int processor_current(void) { return sched_getcpu(); }

void processor_leave(int processor) {
    cpu_set_t allowed;
    if (processor < 0 || sched_getcpu() != processor || sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    cpu_set_t others = allowed;
    CPU_CLR(processor, &others);
    // Fails where there are no others.
    if (sched_setaffinity(0, sizeof others, &others) == 0) sched_setaffinity(0, sizeof allowed, &allowed);
}

int processor_count(void) {
    cpu_set_t allowed;
    // Fails where the machine has more processors than the set has room for.
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : (int)online;
}
