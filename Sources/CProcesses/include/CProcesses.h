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

/// Gives the bytes of every process to all, one after the other by rank. All must come with as many.
void processes_gather(const void *own, void *all, int bytes);

/// Replaces the numbers by their sums over all processes; returns the seconds that this takes. All must come with as many.
double processes_sum(float *numbers, int count);
