import LinearAlgebra
import Synchronization
import Tensors

/// `Threads.forEachPiece` for work that needs memory: each piece has a workspace of so many numbers, with any contents, that is its own until `body`
/// returns. It comes from the tensors' pool, which keeps it for the next pass, where the system would give and take such blocks each time.
func forEachPiece<Scalar: FloatingScalar>(
    of count: Int, size: Int, workspace: Int, _ body: (_ piece: Range<Int>, _ workspace: UnsafeMutablePointer<Scalar>) -> Void
) {
    let workers = max(1, min(Threads.count, (count + size - 1) / size))
    _ = Tensor<Scalar>(shape: [workers * workspace]) { memory in
        let memory = memory.baseAddress!
        let free = Mutex(Array(0..<workers))
        Threads.forEachPiece(of: count, size: size) { piece in
            // There is none only where the number of threads was set higher just now.
            guard let place = free.withLock({ $0.popLast() }) else {
                return _ = Tensor<Scalar>(shape: [workspace]) { body(piece, $0.baseAddress!) }
            }
            body(piece, memory + place * workspace)
            free.withLock { $0.append(place) }
        }
    }
}
