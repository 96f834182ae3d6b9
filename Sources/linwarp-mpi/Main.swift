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
        // Whatever the environment of each says, all of them have to ask.
        let processors = Int(processes_processors())
        if !Environment.namesThreads { Threads.count = processors }
        runLinwarpMPI(MPIProcesses()) { processes_abort($0) }
        processes_end()
    }
}

/// The processes that MPI started.
struct MPIProcesses: Communicator {
    let rank = Int(processes_rank())
    let count = Int(processes_count())

    func gather(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count * bytes.count) { all, initialized in
            processes_gather(bytes, all.baseAddress, Int32(bytes.count))
            initialized = count * bytes.count
        }
    }

    func sum(_ numbers: UnsafeMutableBufferPointer<Float>) -> Duration {
        precondition(numbers.count <= Int32.max, "MPIProcesses.sum: found \(numbers.count) numbers, expected at most \(Int32.max)")
        return .seconds(processes_sum(numbers.baseAddress, Int32(numbers.count)))
    }
}
