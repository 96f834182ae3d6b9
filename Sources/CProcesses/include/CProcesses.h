#pragma once

/// Connects this process with the others. Only the main thread may call these functions.
void processes_start(void);

/// To be called by all processes, once they are through.
void processes_end(void);

/// Ends all processes.
_Noreturn void processes_abort(int code);

int processes_rank(void);
int processes_count(void);

/// How many processors belong to this process. Each one is divided among the processes of this machine that may run on it.
int processes_processors(void);

/// Replaces the numbers by their sums over all processes. Returns the seconds that this takes once all processes are there.
double processes_sum(float *numbers, int count);
