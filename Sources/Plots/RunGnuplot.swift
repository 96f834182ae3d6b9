import Foundation
import Synchronization

/// Runs a script of gnuplot's in the script's directory, and returns what it prints.
///
/// - Parameter definition: What is run before it.
@discardableResult
func runGnuplot(_ script: URL, after definition: String) throws(PlotError) -> Data {
    // The shell looks for it. Without the user's own settings, which could change any of ours.
    let line = "cd \"$0\" && exec gnuplot --default-settings -e \"$1\" \"./$2\""
    let arguments = ["sh", "-c", line, script.deletingLastPathComponent().path, definition, script.lastPathComponent]
    guard let end = run("/bin/sh", arguments) else {
        throw .failed(script: script.path, reason: "gnuplot cannot be started: \(String(cString: strerror(errno)))")
    }
    // In the second byte is the exit code: this one is the shell's.
    if end.status == 127 << 8 { throw .noGnuplot }
    guard end.status == 0 else {
        // What is wrong stands in the last line.
        let lines = String(decoding: end.messages, as: UTF8.self).split(whereSeparator: \.isNewline)
        throw .failed(script: script.path, reason: lines.last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "it ended unexpectedly")
    }
    return end.output
}

/// Runs a program without input to its end; nil, with `errno`, where it cannot be started.
///
/// Not by Foundation's `Process`, which traps where the system allows no more open files or threads.
///
/// - Returns: What it printed on either stream, and its status as `waitpid` has it: 0 where all went well.
private func run(_ program: String, _ arguments: [String]) -> (output: Data, messages: Data, status: CInt)? {
    guard let output = Channel() else { return nil }
    guard let messages = Channel() else { return nil }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output.ends[1], STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, messages.ends[1], STDERR_FILENO)
    let words = arguments.map { strdup($0) }
    defer { words.forEach { free($0) } }
    var child = pid_t()
    let failure = posix_spawn(&child, program, &actions, nil, words + [nil], environ)
    guard failure == 0 else {
        errno = failure
        return nil
    }
    // Both at once: it waits where nobody takes what it writes.
    let channels = [output, messages]
    channels.forEach { $0.closeEnd(1) }
    while channels.contains(where: { !$0.isAtEnd }) {
        var waiting = channels.map { pollfd(fd: $0.ends[0], events: Int16(POLLIN), revents: 0) }
        if poll(&waiting, nfds_t(waiting.count), -1) < 0 && errno != EINTR { break }
        for (channel, state) in zip(channels, waiting) where state.revents != 0 { channel.take() }
    }
    var status: CInt = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    return (output.data, messages.data, status)
}

/// A pipe, and what has come through it.
private final class Channel {
    /// To read from and to write to; -1 once it is closed.
    private(set) var ends: [CInt] = [-1, -1]
    private(set) var data = Data()

    /// nil, with `errno`, where the system allows no more open files.
    init?() {
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    deinit { for place in 0..<2 { closeEnd(place) } }

    func closeEnd(_ place: Int) {
        if ends[place] >= 0 { close(ends[place]) }
        ends[place] = -1
    }

    var isAtEnd: Bool { ends[0] < 0 }

    /// Reads what is there.
    func take() {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let got = read(ends[0], &chunk, chunk.count)
        if got > 0 { data += chunk[..<got] } else if got == 0 || errno != EINTR { closeEnd(0) }
    }
}
