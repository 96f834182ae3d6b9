import ArgumentParser
import Foundation
import LinWarp

/// The program. Whatever goes wrong is one line on standard error; 64 is the exit code for wrong usage, 1 for everything else.
@main
enum Main {
    static func main() {
        do {
            do {
                var command = try LinwarpCommand.parseAsRoot()
                try command.run()
            } catch  where LinwarpCommand.exitCode(for: error).isSuccess {  // help and version
                print(LinwarpCommand.fullMessage(for: error))
            }
            // What was printed may still wait in a buffer, and its loss would go unnoticed.
            guard fflush(nil) == 0 else {
                throw Failure(description: "standard output: cannot be written: \(String(cString: strerror(errno)))")
            }
        } catch {
            let isUsage = LinwarpCommand.exitCode(for: error) == .validationFailure
            let message = isUsage ? LinwarpCommand.message(for: error) : "\(error)"
            let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
            notice("\(line)\(isUsage ? " (see linwarp --help)" : "")")
            exit(isUsage ? 64 : 1)
        }
    }
}

/// A line on standard error.
func notice(_ line: String) { try? FileHandle.standardError.write(contentsOf: Data("linwarp: \(line)\n".utf8)) }

/// What stops the program other than wrong usage and images that can't be read or written.
struct Failure: Error, CustomStringConvertible {
    let description: String
}

struct LinwarpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "linwarp",
        abstract: "Differentiable image transformation: aligns and warps images.",
        discussion: """
            Matrices map normalized target coordinates to normalized source coordinates: x right, y down, -1 and 1 at the outer edges of \
            the image. On the command line they are six or nine comma-separated numbers, row by row.

            Example: linwarp demo --out demo
            """,
        version: version,
        subcommands: [
            AlignCommand.self, WarpCommand.self, DemoCommand.self, TrainCommand.self, EvaluateCommand.self, PredictCommand.self,
            InfoCommand.self,
        ])

    static let version = "0.1.0"
}
