import CFiles
import Glibc

// The one place that writes to the program's standard output and error: nothing that happens to them stops it by a trap.

/// Makes sure that no file is ever opened under the number of a standard stream. One that was closed when the program began takes nothing.
package func openStandardStreams() {
    for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) == -1 && errno == EBADF {
        // The system gives the lowest number that is free. Only for reading: writing fails, as it does without.
        if open("/dev/null", O_RDONLY) < 0 { _ = open("/", O_RDONLY) }
    }
}

/// Prints lines on standard output, with control characters escaped but for tabs, which separate. Where the reader of a pipe is gone, the program ends as others do.
package func printOutput(_ lines: [String]) throws(FileError) {
    do throws(FileError) {
        let escaped = lines.map { $0.split(separator: "\t", omittingEmptySubsequences: false).map { String($0).escapingControls } }
        try write(escaped.map { $0.joined(separator: "\t") + "\n" }.joined(), to: STDOUT_FILENO)
    } catch {
        if error.code == EPIPE { files_end_by_broken_pipe() }
        throw error
    }
}

/// Writes bytes to standard output as they are. Where the reader of a pipe is gone, the program ends as others do.
package func writeOutput(_ bytes: [UInt8]) throws(FileError) {
    do throws(FileError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in try write(UnsafeRawBufferPointer(bytes), to: STDOUT_FILENO) }
    } catch {
        if error.code == EPIPE { files_end_by_broken_pipe() }
        throw error
    }
}

/// Prints a line on standard error, with control characters escaped. Where that is not possible, there is nobody who could be told.
package func printError(_ line: String) { try? write(line.escapingControls + "\n", to: STDERR_FILENO) }

/// Writes text over the terminal's current line; none clears it.
package func printProgress(_ text: String) { try? write("\r\u{1B}[K" + text.escapingControls, to: STDERR_FILENO) }

extension String {
    /// The text with what would act on a terminal, or turn the order of its letters, as numbers: `\u001B` for the escape character. JSON
    /// remains the same JSON.
    package var escapingControls: String {
        guard unicodeScalars.contains(where: { $0.isControl }) else { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            guard scalar.isControl else { return text.unicodeScalars.append(scalar) }
            let number = String(scalar.value, radix: 16, uppercase: true)
            text += "\\u" + String(repeating: "0", count: 4 - number.count) + number
        }
    }
}

extension Unicode.Scalar {
    /// C0, DEL and C1; line and paragraph separators; embeddings, overrides and isolates of the writing direction.
    fileprivate var isControl: Bool {
        switch value {
        case 0...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
