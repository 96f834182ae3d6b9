#define _GNU_SOURCE
#include "traps.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct {
    int number;
    const char *text;
} traps[] = {
    {SIGILL, "signal 4, illegal instruction"}, {SIGTRAP, "signal 5, trap"},    {SIGABRT, "signal 6, abort"},
    {SIGBUS, "signal 7, bus error"},           {SIGFPE, "signal 8, arithmetic"}, {SIGSEGV, "signal 11, segmentation fault"},
};

/// The last words of a runtime: the text after "Fatal error: ", up to the line's end.
static char last_words[1000];
static size_t last_length;
static atomic_bool is_ending;

static size_t appended(char *line, size_t size, size_t length, const char *text) {
    while (*text && *text != '\n' && *text != '\r' && length < size - 2) line[length++] = *text++;
    return length;
}

void traps_say(const char *text) {
    char line[1200];
    size_t length = appended(line, sizeof line, 0, "linwarp: ");
    length = appended(line, sizeof line, length, text);
    line[length++] = '\n';
    // Nothing can be done where it fails.
    if (write(STDERR_FILENO, line, length) < 0) return;
}

/// What the system lacks now that something has trapped, or NULL: nearly always the reason.
static const char *lack(void) {
    size_t some = (size_t)16 << 20;
    void *memory = mmap(NULL, some, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return "memory: needed some more, the system has less than 16 MB";
    munmap(memory, some);
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (file < 0 && (errno == EMFILE || errno == ENFILE)) return "open files: needed one more, the system allows no more (see ulimit -n)";
    if (file >= 0) close(file);
    return NULL;
}

/// Calls nothing but the system.
static void end(int signal) {
    // One thread speaks, and ends all.
    if (atomic_exchange(&is_ending, true))
        for (;;) pause();
    char text[1200];
    size_t length = 0;
    const char *reason = lack();
    if (last_length > 0) {
        // What the Swift runtime says of memory that it does not get.
        if (strncmp(last_words, "failed to allocate", 18) == 0) length = appended(text, sizeof text, length, "memory: ");
        length = appended(text, sizeof text, length, last_words);
    } else {
        length = appended(text, sizeof text, length, reason ? reason : "found an error of its own, a defect of the program");
        for (size_t i = 0; i < sizeof traps / sizeof *traps; i++) {
            if (traps[i].number != signal) continue;
            length = appended(text, sizeof text, length, " (");
            length = appended(text, sizeof text, length, traps[i].text);
            length = appended(text, sizeof text, length, ")");
        }
    }
    text[length] = 0;
    traps_say(text);
    _exit(1);
}

void traps_install(void) {
    // Where the stack is full, the handler needs another one.
    static char spare[1 << 16];
    stack_t stack = {.ss_sp = spare, .ss_size = sizeof spare};
    sigaltstack(&stack, NULL);
    // A trap within the handler ends the program by the signal.
    struct sigaction action = {.sa_handler = end, .sa_flags = SA_ONSTACK | SA_RESETHAND | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof traps / sizeof *traps; i++) sigaction(traps[i].number, &action, NULL);
}

static ssize_t hear(void *unused, const char *text, size_t size) {
    (void)unused;
    static const char *const beginnings[] = {"Fatal error: ", "terminate called "};
    const char *words = last_length > 0 ? text : NULL;
    for (size_t i = 0; i < 2 && !words; i++) {
        words = memmem(text, size, beginnings[i], strlen(beginnings[i]));
        if (words && i == 0) words += strlen(beginnings[i]);
    }
    if (!words) {
        ssize_t written = write(STDERR_FILENO, text, size);
        return written < 0 ? 0 : written;
    }
    for (const char *at = words; at < text + size && last_length < sizeof last_words - 1; at++) last_words[last_length++] = *at;
    return (ssize_t)size;
}

void traps_listen(void) {
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = hear});
    if (!stream) return;
    setvbuf(stream, NULL, _IONBF, 0);
    stderr = stream;
    // Its backtrace is no help where memory is short.
    struct sigaction quit;
    if (sigaction(SIGQUIT, NULL, &quit) == 0 && quit.sa_handler != SIG_IGN) signal(SIGQUIT, SIG_DFL);
}
