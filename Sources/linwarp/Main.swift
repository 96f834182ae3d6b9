import ArgumentParser
import Foundation
import LinWarp

/// The program. Whatever goes wrong is one line on standard error; 64 is the exit code for wrong usage, 1 for everything else.
@main
enum Main {
    static func main() {
        do {
            var command = try LinwarpCommand.parseAsRoot()
            try command.run()
        } catch {
            let code = LinwarpCommand.exitCode(for: error)
            if code.isSuccess { LinwarpCommand.exit(withError: error) }  // help and version
            let isUsage = code == .validationFailure
            let message = isUsage ? LinwarpCommand.message(for: error) : "\(error)"
            let line = message.split(separator: "\n").joined(separator: " ")
            FileHandle.standardError.write(Data("linwarp: \(line)\(isUsage ? " (see linwarp --help)" : "")\n".utf8))
            exit(isUsage ? 64 : 1)
        }
    }
}

struct LinwarpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "linwarp",
        abstract: "Differentiable image transformation: aligns and warps images.",
        discussion: """
            Matrices map normalized target coordinates to normalized source coordinates: x right, y down, -1 and 1 at the outer edges of \
            the image. On the command line they are six or nine comma-separated numbers, row by row.
            """,
        version: version,
        subcommands: [AlignCommand.self, WarpCommand.self, DemoCommand.self, InfoCommand.self])

    static let version = "0.1.0"
}
