import ArgumentParser
import Files
import Foundation
import LinWarp

/// The program `linwarp`. Whatever goes wrong is one line on standard error; 64 is the exit code for wrong usage, 2 for what
/// `--strict` does not accept, 1 for everything else.
package func runLinwarp() {
    var code: Int32 = 0
    do {
        try run(LinwarpCommand.self) { try $0.run() }
    } catch {
        let line: String
        (line, code) = report(error, of: LinwarpCommand.self)
        notice(line)
    }
    // Not where the error is caught: it would never be released, which the address sanitizer takes for a leak.
    if code != 0 { exit(code) }
}

/// The program `linwarp-mpi`, as one of several processes. Whatever goes wrong ends all of them.
///
/// - Parameters:
///   - communicator: The processes.
///   - abort: Ends all processes with an exit code.
package func runLinwarpMPI(_ communicator: some Communicator, abort: (Int32) -> Never) {
    do {
        try run(LinwarpMPICommand.self, writes: communicator.rank == 0) { command in
            if let train = command as? TrainCommand { try train.run(among: communicator) } else { try command.run() }
        }
        // Nor may one end while others train.
        try communicator.meet(for: "the end of the program")
    } catch {
        // What all have found at the same time process 0 says, and ends the others.
        while error is TrainingError && communicator.rank > 0 { pause() }
        let (line, code) = report(error, of: LinwarpMPICommand.self)
        // What fails everywhere is mostly said once: process 0 ends the others while they wait here. One that fails alone is heard.
        if communicator.rank > 0 { Thread.sleep(forTimeInterval: 2) }
        let process = communicator.rank > 0 ? "process \(communicator.rank): " : ""
        printError("linwarp-mpi: \(process)\(line)")
        abort(code)
    }
}

/// Reads the arguments, runs the command that they name, or prints help.
private func run<Root: ParsableCommand>(_ root: Root.Type, writes: Bool = true, _ run: (inout any ParsableCommand) throws -> Void) throws {
    openStandardStreams()
    removeFilesOnSignals()
    do {
        var command = try Root.parseAsRoot()
        // Help is a command too, which does no work.
        if Root.configuration.subcommands.contains(where: { $0 == type(of: command) }) {
            do { try Environment.check(warns: writes) } catch { throw ValidationError("\(error)") }
        }
        try run(&command)
    } catch  where Root.exitCode(for: error).isSuccess {  // help and version
        if writes {
            try printResults(Root.fullMessage(for: error).split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        }
    }
}

/// What to say of an error, on one line, and the exit code.
private func report<Root: ParsableCommand>(_ error: any Error, of root: Root.Type) -> (line: String, code: Int32) {
    let isUsage = Root.exitCode(for: error) == .validationFailure
    let message = isUsage ? Root.message(for: error) : "\(error)"
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    return isUsage ? (line + " (see \(Root.configuration.commandName ?? "") --help)", 64) : (line, error is NotTrusted ? 2 : 1)
}

/// What stops the program other than wrong usage and images that can't be read or written.
struct Failure: Error, CustomStringConvertible {
    let description: String
}

/// Throws where the system has not so many bytes for what a user has asked for.
func requireMemory(_ bytes: Int, for purpose: String) throws(Failure) {
    do { try Memory.require(bytes) } catch { throw Failure(description: "\(purpose): \(error)") }
}

struct LinwarpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "linwarp",
        abstract: "Differentiable image transformation: aligns and warps images.",
        discussion: """
            Matrices map normalized target coordinates to normalized source coordinates: x right, y down, -1 and 1 at the outer edges of \
            the image. On the command line they are six or nine comma-separated numbers, row by row.

            Environment variables: LINWARP_THREADS, the number of threads; LINWARP_KERNELS, the instruction set: baseline, avx2 or avx512; \
            LINWARP_DATA, the directory that holds the data sets.

            Example: linwarp demo --out demo
            """,
        version: LinWarpVersion.current,
        subcommands: [
            AlignCommand.self, StackCommand.self, WarpCommand.self, PointsCommand.self, DemoCommand.self, TrainCommand.self,
            EvaluateCommand.self, PredictCommand.self, InfoCommand.self, ExperimentCommand.self,
        ])
}

struct LinwarpMPICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "linwarp-mpi",
        abstract: "Trains a network in several processes, which MPI starts and connects.",
        discussion: "Example: mpirun -n 2 linwarp-mpi train synthetic --network stn --batch 32 --out signs",
        version: LinWarpVersion.current, subcommands: [TrainCommand.self])
}
