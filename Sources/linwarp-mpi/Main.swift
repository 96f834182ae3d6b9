import CProcesses
import CStart
import Commands
import Foundation
import LinWarp

@main
enum Main {
    static func main() {
        program_begin()
        processes_start()
        if !Environment.namesThreads { Threads.count = Int(processes_processors()) }
        runLinwarpMPI(MPIProcesses()) { processes_abort($0) }
        processes_end()
    }
}

/// The processes that MPI started.
struct MPIProcesses: Communicator {
    let rank = Int(processes_rank())
    let count = Int(processes_count())

    func sum(_ numbers: UnsafeMutableBufferPointer<Float>) -> Duration {
        precondition(numbers.count <= Int32.max, "MPIProcesses.sum: found \(numbers.count) numbers, expected at most \(Int32.max)")
        return .seconds(processes_sum(numbers.baseAddress, Int32(numbers.count)))
    }
}
