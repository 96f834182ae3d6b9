#pragma once

/// Handlers for the signals of a trap. The Swift runtime installs its own only where it finds none.
void traps_install(void);

/// Keeps what the Swift and the C++ runtime say before they trap, so that it becomes part of the one line.
void traps_listen(void);

/// A line on standard error, by the system's calls alone.
void traps_say(const char *text);
