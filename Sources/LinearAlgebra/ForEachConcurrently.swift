import Synchronization

extension Sequence {
    /// Calls `body` for each element, for up to `atOnce` of them at the same time, each once. The first error ends the work when those that
    /// were begun are through.
    ///
    /// For few and large pieces of work that need memory; what each does finds help of its own among the other threads.
    package func forEachConcurrently(atOnce: Int, _ body: (Element) throws -> Void) throws {
        let elements = Array(self)
        let next = Atomic(0)
        let failure: Mutex<(any Error)?> = Mutex(nil)
        let workers = Swift.max(1, Swift.min(atOnce, Threads.count, elements.count))
        Threads.forEachPiece(of: workers, size: 1) { _ in
            while true {
                let place = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard place < elements.count, failure.withLock({ $0 == nil }) else { return }
                do { try body(elements[place]) } catch { failure.withLock { $0 = $0 ?? error } }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
