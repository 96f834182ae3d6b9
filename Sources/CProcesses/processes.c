#define _GNU_SOURCE  // for processor sets
#include "CProcesses.h"

#include <mpi.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { seconds_to_join = 30 };

// Where mpirun has started something else beside this program, which never joins, MPI would wait without end.
static void nobody_joined(int signal) {
    (void)signal;
    static const char line[] =
        "linwarp-mpi: found processes that have not joined within 30 seconds, expected all that mpirun starts to be linwarp-mpi\n";
    // Whether it was written or not.
    (void)!write(STDERR_FILENO, line, sizeof line - 1);
    _exit(1);
}

void processes_start(void) {
    int provided;
    struct sigaction action = {.sa_handler = nobody_joined}, before;
    sigaction(SIGALRM, &action, &before);
    alarm(seconds_to_join);
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    alarm(0);
    sigaction(SIGALRM, &before, NULL);
}

void processes_end(void) { MPI_Finalize(); }

void processes_abort(int code) {
    MPI_Abort(MPI_COMM_WORLD, code);
    exit(code);
}

int processes_rank(void) {
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

int processes_count(void) {
    int count;
    MPI_Comm_size(MPI_COMM_WORLD, &count);
    return count;
}

int processes_processors(void) {
    cpu_set_t own;
    int users[CPU_SETSIZE];
    CPU_ZERO(&own);
    sched_getaffinity(0, sizeof own, &own);
    for (int i = 0; i < CPU_SETSIZE; i++) users[i] = CPU_ISSET(i, &own) ? 1 : 0;
    MPI_Comm machine;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
    MPI_Allreduce(MPI_IN_PLACE, users, CPU_SETSIZE, MPI_INT, MPI_SUM, machine);
    MPI_Comm_free(&machine);
    double share = 0;
    for (int i = 0; i < CPU_SETSIZE; i++) share += CPU_ISSET(i, &own) ? 1.0 / users[i] : 0;
    return share < 1 ? 1 : (int)(share + 0.5);
}

void processes_gather(const void *own, void *all, int bytes) {
    MPI_Allgather(own, bytes, MPI_BYTE, all, bytes, MPI_BYTE, MPI_COMM_WORLD);
}

double processes_sum(float *numbers, int count) {
    double start = MPI_Wtime();
    MPI_Allreduce(MPI_IN_PLACE, numbers, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    return MPI_Wtime() - start;
}
