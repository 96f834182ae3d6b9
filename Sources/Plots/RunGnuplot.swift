import Foundation

/// Runs a script of gnuplot's in the script's directory.
///
/// - Parameter definition: What is run before it.
func runGnuplot(_ script: URL, after definition: String) throws(PlotError) {
    // The shell looks for it. Without the user's own settings, which could change any of ours.
    let line = "cd \"$0\" && exec gnuplot --default-settings -e \"$1\" \"./$2\""
    let arguments = ["sh", "-c", line, script.deletingLastPathComponent().path, definition, script.lastPathComponent]
    guard let (text, status) = run("/bin/sh", arguments) else {
        throw .failed(script: script.path, reason: "gnuplot cannot be started: \(String(cString: strerror(errno)))")
    }
    // In the second byte is the exit code: this one is the shell's.
    if status == 127 << 8 { throw .noGnuplot }
    guard status == 0 else {
        // What is wrong stands in the last line.
        let line = text.split(whereSeparator: \.isNewline).last.map { $0.trimmingCharacters(in: .whitespaces) }
        throw .failed(script: script.path, reason: line ?? "it ended unexpectedly")
    }
}

/// Runs a program without input to its end; nil, with `errno`, where it cannot be started.
///
/// Not by Foundation's `Process`, which traps where the system allows no more open files or threads.
///
/// - Returns: All that it printed, and its status as `waitpid` has it: 0 where all went well.
private func run(_ program: String, _ arguments: [String]) -> (text: String, status: CInt)? {
    var ends: [CInt] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    defer { close(ends[0]) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    for stream in [STDOUT_FILENO, STDERR_FILENO] { posix_spawn_file_actions_adddup2(&actions, ends[1], stream) }
    let words = arguments.map { strdup($0) }
    defer { words.forEach { free($0) } }
    var child = pid_t()
    let failure = posix_spawn(&child, program, &actions, nil, words + [nil], environ)
    close(ends[1])
    guard failure == 0 else {
        errno = failure
        return nil
    }
    let text = everything(from: ends[0])
    var status: CInt = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    return (text, status)
}

private func everything(from file: CInt) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
        let got = read(file, &chunk, chunk.count)
        if got > 0 { bytes += chunk[..<got] } else if got == 0 || errno != EINTR { break }
    }
    return String(decoding: bytes, as: UTF8.self)
}
