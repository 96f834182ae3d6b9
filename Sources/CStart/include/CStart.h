#pragma once

/// To be called first by a program. What has to be done before the libraries begin is done by then, wherever this function is linked in.
void program_begin(void);
