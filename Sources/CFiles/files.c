#define _GNU_SOURCE  // for O_TMPFILE, O_PATH
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int files_open_directory(const char *path) { return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); }

// Where the system shows an open file.
typedef struct {
    char path[32];
} shown_path;

static shown_path shown(int file) {
    shown_path shown;
    snprintf(shown.path, sizeof shown.path, "/proc/self/fd/%d", file);
    return shown;
}

int files_open_unnamed(int directory, mode_t mode) {
    int file = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    // Without /proc it could never get a name.
    if (file < 0 || access(shown(file).path, F_OK) == 0) return file;
    close(file);
    errno = EOPNOTSUPP;
    return -1;
}

int files_name(int file, int directory, const char *name) {
    return linkat(AT_FDCWD, shown(file).path, directory, name, AT_SYMLINK_FOLLOW);
}

// A signal may come at any moment: the list is of a fixed size, and a place counts only once it is complete.
enum { is_free, is_filling, is_listed };

static struct {
    _Atomic int state;
    int directory;
    char name[64];
} list[64];

static const int list_length = sizeof list / sizeof *list;

int files_list(int directory, const char *name) {
    if (strlen(name) >= sizeof list[0].name) return -1;
    for (int i = 0; i < list_length; i++) {
        int expected = is_free;
        if (!atomic_compare_exchange_strong(&list[i].state, &expected, is_filling)) continue;
        list[i].directory = directory;
        strcpy(list[i].name, name);
        atomic_store(&list[i].state, is_listed);
        return i;
    }
    return -1;
}

void files_unlist(int place) {
    if (place >= 0) atomic_store(&list[place].state, is_free);
}

static void remove_listed(int signal) {
    for (int i = 0; i < list_length; i++) {
        if (atomic_load(&list[i].state) == is_listed) unlinkat(list[i].directory, list[i].name, 0);
    }
    // SA_RESETHAND has given the signal its own effect back; it takes place as soon as this returns.
    raise(signal);
}

static void do_nothing(int signal) { (void)signal; }

static void handle(int signal, void (*handler)(int), int flags) {
    struct sigaction action;
    if (sigaction(signal, NULL, &action) != 0 || action.sa_handler == SIG_IGN) return;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigfillset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}

void files_handle_signals(void) {
    static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGVTALRM, SIGPROF, SIGUSR1, SIGUSR2, SIGXCPU, SIGIO, SIGPWR};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) handle(ends[i], remove_listed, SA_RESETHAND);
    // Not SIG_IGN: the programs that this one starts would inherit it.
    handle(SIGPIPE, do_nothing, SA_RESTART);
    handle(SIGXFSZ, do_nothing, SA_RESTART);
}

void files_end_by_broken_pipe(void) {
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) != 0 || action.sa_handler == SIG_IGN) return;
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}
