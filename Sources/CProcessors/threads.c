#define _GNU_SOURCE
#include "processors.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

typedef struct {
    const char *name;
    void (*body)(void *);
    void *argument;
} work;

static void *run(void *start) {
    work own = *(work *)start;
    free(start);
    pthread_setname_np(pthread_self(), own.name);
    // At the far end of its own stack: for handlers of the program that is told where the stack is full.
    char spare[1 << 16];
    stack_t stack = {.ss_sp = spare, .ss_size = sizeof spare}, before;
    sigaltstack(&stack, &before);
    own.body(own.argument);
    sigaltstack(&before, NULL);
    return NULL;
}

bool thread_start(const char *name, size_t stack, void (*body)(void *), void *argument) {
    work *start = malloc(sizeof *start);
    if (!start) return false;
    *start = (work){name, body, argument};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, stack);
    pthread_t thread;
    bool is_started = pthread_create(&thread, &attributes, run, start) == 0;
    pthread_attr_destroy(&attributes);
    if (!is_started) free(start);
    return is_started;
}
