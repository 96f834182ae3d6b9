import Glibc
import LinearAlgebra
import Sampling
import Synchronization
import TestSupport
import Tensors
import XCTest

/// Interleaved images against the naive sampler, and against planes.
final class InterleavedImagesTests: XCTestCase {
    func testValuesOfAllShapes() {
        for padding in Padding.allCases {
            for alignCorners in [false, true] {
                for (height, width) in [(6, 5), (2, 2), (1, 1), (1, 9), (9, 1)] {
                    for channels in 1...5 {
                        let sampler = BilinearSampler(padding: padding, alignCorners: alignCorners)
                        let matrices = nearIdentity(randomTensor([2, 3, 3], in: -1..<1, seed: 1))
                        let grid = SamplingGrid(matrices: matrices, height: 7, width: 11)
                        let single = SamplingGrid(matrices: matrices.cast(to: Float.self), height: 7, width: 11)
                        for images in Images.all([2, height, width, channels]) {
                            let message = "\(images.name), \(padding), corners aligned: \(alignCorners), \(height)x\(width)x\(channels)"
                            let expected = naiveBilinear(images.planes, grid, padding, alignCorners: alignCorners).values
                            assertClose(sampler.sample(images.interleaved, at: grid), expected, tolerance: 1e-12, message)
                            let found = sampler.sample(images.interleaved, at: single)
                            assertClose(found, sampler.sample(images.planes.cast(to: Float.self), at: single), tolerance: 1e-5, message)
                        }
                    }
                }
            }
        }
    }

    /// An image that is larger than the second cache, at points near and far.
    func testLargeImage() {
        let points: Tensor<Double> = randomTensor([1, 31, 29, 2], in: -1.1..<1.1, seed: 2)
        for images in Images.all([1, 320, 410, 3]) {
            let expected = naiveBilinear(images.planes, SamplingGrid(points: points), .zeros, alignCorners: false).values
            assertClose(BilinearSampler().sample(images.interleaved, at: SamplingGrid(points: points)), expected, tolerance: 1e-12)
            assertClose(BilinearSampler().sample(images.planes, at: SamplingGrid(points: points)), expected, tolerance: 1e-12)
        }
    }

    /// A byte at a pixel's centre is what a file's reader makes of it, to the bit.
    func testBytesAreDividedBy255() {
        let bytes = (0..<256).map { UInt8($0) }
        let found = BilinearSampler().sample(
            InterleavedImages(bytes, shape: [1, 16, 16, 1]), at: SamplingGrid<Float>(.identity, height: 16, width: 16))
        XCTAssertEqual(found.scalars, bytes.map { Float($0) / 255 })
    }

    /// Right behind the last pixel memory ends.
    func testNothingBeyondTheImageIsRead() {
        for channels in 1...5 {
            for elementBytes in [1, 4] {
                let shape = [1, 3, 3, channels]
                let count = 9 * channels
                withMemoryBeforeAGap(bytes: count * elementBytes) { memory in
                    let images: InterleavedImages
                    if elementBytes == 1 {
                        images = InterleavedImages(sharing: memory.bindMemory(to: UInt8.self), shape: shape) {}
                    } else {
                        let floats = memory.bindMemory(to: Float.self)
                        images = InterleavedImages(Tensor<Float>(sharing: floats, shape: shape) {})
                    }
                    let found = BilinearSampler(padding: .border).sample(images, at: SamplingGrid<Float>(.identity, height: 9, width: 9))
                    XCTAssertEqual(found, .zeros([1, channels, 9, 9]))
                }
            }
        }
    }

    func testBatchOfOneServesAll() {
        let matrices = nearIdentity(randomTensor([3, 3, 3], seed: 3))
        for (images, targets) in [(1, 3), (3, 1)] {
            for images in Images.all([images, 5, 6, 3]) {
                func value(_ sample: (SamplingGrid<Double>) -> Tensor<Double>) -> (value: Tensor<Double>, gradient: Tensor<Double>) {
                    valueWithGradient(at: matrices[0..<targets]) {
                        sample(SamplingGrid(matrices: $0, height: 4, width: 4)).squared().sum()
                    }
                }
                let found = value { BilinearSampler().sample(images.interleaved, at: $0) }
                let expected = value { BilinearSampler().sample(images.planes, at: $0) }
                assertClose(found.value, expected.value, tolerance: 1e-12, images.name)
                assertClose(found.gradient, expected.gradient, tolerance: 1e-12, images.name)
            }
        }
    }

    func testBoxesNameTheirImages() {
        let boxes = Tensor<Double>([0, 0, 5, 6, 1, 2, 4, 3, 3.5, 5, 1, -1], shape: [3, 4])
        let grid = SamplingGrid(boxes: boxes, images: [1, 0, 1], height: 3, width: 4, source: (height: 6, width: 5))
        for images in Images.all([2, 6, 5, 3]) {
            assertClose(
                BilinearSampler().sample(images.interleaved, at: grid), BilinearSampler().sample(images.planes, at: grid), tolerance: 1e-12)
        }
    }

    func testSameBitsOnAnyNumberOfThreads() {
        let matrix = Tensor(Matrix3.scaling(0.9, 0.8).elements.map { Float($0) }, shape: [1, 3, 3])
        for images in Images.all([3, 70, 60, 3]) {
            func run() -> [Tensor<Float>] {
                let (value, gradient) = valueWithGradient(at: matrix) {
                    BilinearSampler().sample(images.interleaved, at: SamplingGrid(matrices: $0, height: 50, width: 60)).squared().sum()
                }
                return [value, gradient]
            }
            let one = Threads.with(count: 1, run)
            for threads in 2...4 { XCTAssertEqual(Threads.with(count: threads, run), one, "\(images.name), \(threads) threads") }
        }
    }

    func testWithoutElements() {
        for shape in [[0, 4, 5, 3], [2, 4, 5, 0]] {
            for images in [InterleavedImages([], shape: shape), InterleavedImages(Tensor<Float>.zeros(shape))] {
                let (value, gradient) = valueWithGradient(at: Tensor<Double>.zeros([1, 2, 2, 2])) {
                    BilinearSampler().sample(images, at: SamplingGrid(points: $0)).sum()
                }
                XCTAssertEqual(value.scalar, 0)
                XCTAssertEqual(gradient, .zeros([1, 2, 2, 2]))
            }
        }
    }

    func testSharedBytesAreReleasedOnce() {
        let releases = Atomic(0)
        let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 12)
        memory.initialize(repeating: 51)
        do {
            let images = InterleavedImages(sharing: UnsafeBufferPointer(memory), shape: [1, 2, 2, 3]) {
                releases.add(1, ordering: .relaxed)
            }
            let copy = images
            let found = BilinearSampler().sample(copy, at: SamplingGrid<Float>(.identity, height: 2, width: 2))
            XCTAssertEqual(found, Tensor(repeating: 0.2, shape: [1, 3, 2, 2]))
            XCTAssertEqual(images.shape, [1, 2, 2, 3])
            XCTAssertEqual(releases.load(ordering: .relaxed), 0)
        }
        XCTAssertEqual(releases.load(ordering: .relaxed), 1)
        memory.deallocate()
    }

    /// Zeros at the end of a page after which none can be read.
    private func withMemoryBeforeAGap(bytes: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let memory = mmap(nil, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
        XCTAssertEqual(mprotect(memory + page, page, PROT_NONE), 0)
        body(UnsafeRawBufferPointer(start: memory + page - bytes, count: bytes))
        munmap(memory, 2 * page)
    }
}

/// The same images twice, of floats or of bytes.
private struct Images {
    var name: String
    var interleaved: InterleavedImages
    /// [N, C, H, W].
    var planes: Tensor<Double>

    static func all(_ shape: [Int]) -> [Images] {
        let numbers: Tensor<Float> = randomTensor(shape, in: 0..<1, seed: 9)
        let bytes = numbers.scalars.map { UInt8($0 * 255) }
        let brightness = Tensor<Double>(bytes.map { Double($0) / 255 }, shape: shape)
        return [
            Images(name: "floats", interleaved: InterleavedImages(numbers), planes: numbers.cast(to: Double.self).permuted([0, 3, 1, 2])),
            Images(name: "bytes", interleaved: InterleavedImages(bytes, shape: shape), planes: brightness.permuted([0, 3, 1, 2])),
        ]
    }
}
