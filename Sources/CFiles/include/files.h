#pragma once

#include <stddef.h>
#include <sys/types.h>

/// A directory as the place of other calls, also where it can't be listed. -1 with errno after an error, here and below.
int files_open_directory(const char *path);

/// A new file in a directory that has no name yet, open for writing and reading. Not every file system has such files.
int files_open_unnamed(int directory, mode_t mode);

/// Gives a file without a name one that is not taken.
int files_name(int file, int directory, const char *name);

/// Lists a file that has to go when a signal ends the program. Returns its place in the list, or -1 where that is full or the name too long.
/// The directory must stay open until the file is taken off.
int files_list(int directory, const char *name);

/// Takes a file off the list.
void files_unlist(int place);

/// From now on a signal that asks the program to end removes the listed files first; then it ends the program as it does by itself. Writing
/// what nobody reads, and files that grow too large, become errors of the call that writes. What is ignored stays ignored. For programs, not
/// for libraries.
void files_handle_signals(void);

/// Ends the program as writing to a pipe that nobody reads does by itself. Returns only where that signal is ignored or blocked.
void files_end_by_broken_pipe(void);
