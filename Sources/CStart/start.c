#define _GNU_SOURCE
#include "CStart.h"

#include "traps.h"

#include <malloc.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// What the libraries and Swift's runtime take to begin, beyond their files.
#define MEMORY_TO_BEGIN ((size_t)48 << 20)

static cpu_set_t processors;
static int is_narrowed;
static int is_program;

/// Before the constructors of shared libraries, among which is OpenBLAS's: it starts a thread for each processor, with 128 MB of address
/// space each, and hangs or raises SIGINT where it gets none. LinWarp spreads the work itself and never uses these threads. Variables that
/// are set here are lost, as the C library takes the environment over later; so OpenBLAS gets to see a single processor.
static void before_libraries(int count, char **arguments, char **environment) {
    (void)environment;
    const char *end = count > 0 ? strrchr(arguments[0], '.') : NULL;
    is_program = end == NULL || strcmp(end, ".xctest") != 0;
    if (!is_program) return;
    traps_install();
    void *memory = mmap(NULL, MEMORY_TO_BEGIN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        traps_say("memory: needed 48 MB to begin, the system has no more (see ulimit -v)");
        _exit(1);
    }
    munmap(memory, MEMORY_TO_BEGIN);
    int own = sched_getcpu();
    if (own < 0 || sched_getaffinity(0, sizeof processors, &processors) != 0 || !CPU_ISSET(own, &processors)) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(own, &one);
    is_narrowed = sched_setaffinity(0, sizeof one, &one) == 0;
}

__attribute__((section(".preinit_array"), used)) static void (*first)(int, char **, char **) = before_libraries;

void program_begin(void) {
    if (is_narrowed) sched_setaffinity(0, sizeof processors, &processors);
    if (!is_program) return;
    traps_listen();
    // Large blocks go back to the system once they are free. Otherwise each that is freed raises the size from which that is so, up to 32 MB, and
    // images of many sizes leave more and more between them.
    mallopt(M_MMAP_THRESHOLD, 1 << 19);
}
