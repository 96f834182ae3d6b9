#pragma once

#include <stdbool.h>
#include <stddef.h>

/// The processor that the calling thread runs on, or -1.
int processor_current(void);

/// If the calling thread runs on this processor and may run on others, it goes on on one of those; it may come back later.
void processor_leave(int processor);

/// How many processors the process may run on, at least one.
int processor_count(void);

/// Calls `body` on a new thread, which ends with it. False where the system has no room for a thread: nothing is called then.
/// - name: At most 15 bytes, there as long as the process.
bool thread_start(const char *name, size_t stack, void (*body)(void *), void *argument);
