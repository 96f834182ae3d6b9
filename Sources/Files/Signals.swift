import CFiles

/// From now on a signal that ends the program removes the files first that have not taken their place. Writing what nobody reads, and a file
/// that grows beyond the system's limit, fail instead of ending the program.
package func removeFilesOnSignals() { files_handle_signals() }
