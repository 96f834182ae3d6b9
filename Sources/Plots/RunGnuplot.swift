import Foundation

/// Runs a script of gnuplot's in the script's directory.
///
/// - Parameter definition: What is run before it.
func runGnuplot(_ script: URL, after definition: String) throws(PlotError) {
    let directories = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    guard let gnuplot = directories.lazy.map({ "\($0)/gnuplot" }).first(where: FileManager.default.isExecutableFile) else {
        throw .noGnuplot
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: gnuplot)
    // Without the user's own settings, which could change any of ours.
    process.arguments = ["--default-settings", "-e", definition, "./\(script.lastPathComponent)"]
    process.currentDirectoryURL = script.deletingLastPathComponent()
    process.standardInput = FileHandle.nullDevice
    let messages = Pipe()
    process.standardOutput = messages
    process.standardError = messages
    do { try process.run() } catch { throw .failed(script: script.path, reason: "\(gnuplot) cannot be started") }
    let text = String(decoding: messages.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
        // What is wrong stands in the last line.
        let line = text.split(whereSeparator: \.isNewline).last.map { $0.trimmingCharacters(in: .whitespaces) }
        throw .failed(script: script.path, reason: line ?? "it ended unexpectedly")
    }
}
