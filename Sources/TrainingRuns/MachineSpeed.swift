import CWarpKernels
import LinearAlgebra

/// What the machine gives at best, to compare a step's time with.
package struct MachineSpeed: Sendable {
    /// Products that are added up in a second, in Float, from what the first cache holds.
    package var products: Double
    /// Bytes read or written in a second, of arrays as large as a layer's.
    package var bytes: Double

    package init(products: Double, bytes: Double) {
        self.products = products
        self.bytes = bytes
    }

    /// On all of `Threads`: the best of several short runs, some hundredths of a second in all.
    package static func measured() -> MachineSpeed {
        MachineSpeed(products: products(), bytes: bytes())
    }

    private static func products() -> Double {
        // The kernel of the direct convolution: 48 pixels, 64 elements each, by 16 outputs.
        let (pixels, length, lanes, times) = (48, 64, 16, 400)
        let operands = [Float](repeating: 1, count: pixels * length + length * lanes)
        return best(of: 20) {
            operands.withUnsafeBufferPointer { operands in
                let operands = operands.baseAddress!
                Threads.forEachPiece(of: Threads.count, size: 1) { _ in
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: pixels * lanes) { sums in
                        var start = 0
                        withUnsafePointer(to: &start) { start in
                            var taps = warp_taps(runs: 1, length: Int32(length), source: start, weights: start)
                            for _ in 0..<times {
                                Float.kernels.convolve(
                                    Int32(lanes), &taps, operands, length, Int32(pixels), operands + pixels * length, sums.baseAddress!,
                                    lanes)
                            }
                        }
                    }
                }
            }
            return Double(Threads.count * times * pixels * length * lanes)
        }
    }

    private static func bytes() -> Double {
        // As much as the activations of a layer: what the last caches hold.
        let count = 1 << 20
        let source = [Float](repeating: 1, count: count)
        var target = [Float](repeating: 0, count: count)
        return best(of: 40) {
            source.withUnsafeBufferPointer { source in
                target.withUnsafeMutableBufferPointer { target in
                    let (source, target) = (source.baseAddress!, target.baseAddress!)
                    Threads.forEachPiece(of: count, size: 1 << 14) { piece in
                        (target + piece.lowerBound).update(from: source + piece.lowerBound, count: piece.count)
                    }
                }
            }
            return Double(2 * count * MemoryLayout<Float>.stride)
        }
    }

    /// The most a second of several runs, each of which says how much it did.
    private static func best(of runs: Int, _ body: () -> Double) -> Double {
        var best = 0.0
        for _ in 0..<runs {
            let start = ContinuousClock.now
            let amount = body()
            best = max(best, amount / ((ContinuousClock.now - start) / .seconds(1)))
        }
        return best
    }
}
