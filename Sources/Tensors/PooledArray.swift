/// Uninitialized memory from the pool of the tensors for what an operation keeps beside them, as the places of maxima until their gradient.
///
/// Written to only while it is made, read-only then.
package final class PooledArray<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    package let elements: UnsafeMutableBufferPointer<Element>
    private let block: StoragePool.Block

    package init(count: Int) {
        block = StoragePool.take(bytes: count * MemoryLayout<Element>.stride)
        elements = UnsafeMutableBufferPointer(start: block.address.bindMemory(to: Element.self, capacity: count), count: count)
    }

    deinit { StoragePool.giveBack(block) }
}
