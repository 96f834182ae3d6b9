#pragma once

/// The processor that the calling thread runs on, or -1.
int processor_current(void);

/// If the calling thread runs on this processor and may run on others, it goes on on one of those; it may come back later.
void processor_leave(int processor);
