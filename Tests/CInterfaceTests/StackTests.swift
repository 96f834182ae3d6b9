import CInterface
import CLinWarp
import Datasets
import Sampling
import Stacking
import Synchronization
import Tensors
import XCTest

final class StackTests: XCTestCase {
    /// Frames that C code gives, and how often each was taken and given back.
    private final class Frames {
        let images: [Tensor<Float>]
        let held = Mutex(0)

        init(_ images: [Tensor<Float>]) { self.images = images }

        var source: linwarp_frames {
            linwarp_frames(
                count: Int64(images.count),
                frame: { context, index, image in
                    let frames = Unmanaged<Frames>.fromOpaque(context!).takeUnretainedValue()
                    guard index != 2 else { return 1 }
                    let shape = frames.images[Int(index)].shape
                    frames.held.withLock { $0 += 1 }
                    // For this call alone.
                    let numbers = UnsafeMutableBufferPointer<Float>.allocate(capacity: frames.images[Int(index)].count)
                    _ = numbers.initialize(from: frames.images[Int(index)].scalars)
                    image!.pointee = linwarp_image(
                        data: numbers.baseAddress, type: LINWARP_FLOAT32, channels: Int64(shape[0]),
                        height: Int64(shape[1]),
                        width: Int64(shape[2]), channel_stride: Int64(4 * shape[1] * shape[2]), row_stride: Int64(4 * shape[2]),
                        column_stride: 4)
                    return 0
                },
                release: { context, index, image in
                    let frames = Unmanaged<Frames>.fromOpaque(context!).takeUnretainedValue()
                    let numbers = image!.pointee.data.assumingMemoryBound(to: Float.self)
                    numbers.update(repeating: .nan, count: frames.images[Int(index)].count)
                    numbers.deallocate()
                    frames.held.withLock { $0 -= 1 }
                },
                context: Unmanaged.passUnretained(self).toOpaque())
        }
    }

    private let frames: Frames = {
        let scene = ProceduralScene(seed: 4).image(height: 90, width: 120)
        let shifts = [(0.0, 0.0), (0.02, -0.01), (0, 0), (-0.03, 0.02)]
        return Frames(shifts.map { resampled(scene, .translation($0.0, $0.1) * .scaling(0.8, 0.8), height: 64, width: 80) })
    }()

    /// What Swift gets, but for the frame that cannot be had.
    func testAsTheLibrary() throws {
        let images = frames.images
        struct Missing: Error {}
        let stack = Stack(count: 4) { index in
            if index == 2 { throw Missing() }
            return images[index]
        }
        let expected = try stack.align(StackSettings(family: .translation))
        var source = frames.source
        var handle: OpaquePointer?
        withOptions(["family": "translation"]) { assertOK(linwarp_stack_align($0, &source, &handle)) }
        defer { linwarp_stack_destroy(handle) }
        for (index, frame) in expected.enumerated() {
            var (matrix, deviations) = ([Double](repeating: 0, count: 9), [Double](repeating: 0, count: 4))
            var reason: UnsafePointer<CChar>?
            assertOK(linwarp_stack_frame(handle, Int64(index), &matrix, &deviations, &reason))
            if index == 2 {
                XCTAssert(matrix.allSatisfy(\.isNaN) && deviations.allSatisfy(\.isNaN))
                XCTAssertEqual(String(cString: reason!), "there is no image")
            } else {
                XCTAssertEqual(matrix, frame.matrix?.elements)
                XCTAssertEqual(deviations, frame.cornerDeviations)
                XCTAssertEqual(String(cString: reason!), "")
            }
        }
        for crop in StackWindow.Crop.allCases {
            var window = [Int64](repeating: 0, count: 4)
            assertOK(linwarp_stack_window(handle, crop.rawValue, &window))
            let part = try stack.window(crop, of: expected)
            XCTAssertEqual(window, [part.x, part.y, part.width, part.height].map(Int64.init))
            for combination in Stack.Combination.allCases {
                var target = CImage([3, part.height, part.width], LINWARP_FLOAT32, .interleaved)
                target.withImage { assertOK(linwarp_stack_combine(handle, combination.rawValue, window, &$0)) }
                XCTAssertEqual(target.values, try stack.combined(expected, as: combination, window: part).scalars)
            }
        }
        XCTAssertEqual(frames.held.withLock { $0 }, 0)
    }

    func testBadInput() {
        var source = frames.source
        var handle: OpaquePointer?
        assertFails(linwarp_stack_align(nil, nil, &handle), naming: "frames", "null")
        assertFails(linwarp_stack_align(nil, &source, nil), naming: "stack", "null")
        for (name, value) in [("reference", "last"), ("reference", "7"), ("family", "oval"), ("combine", "mean")] {
            withOptions([name: value]) { assertFails(linwarp_stack_align($0, &source, &handle), naming: name) }
        }
        source.count = 1
        assertFails(linwarp_stack_align(nil, &source, &handle), naming: "frames.count", "1")
        source.count = 3
        withOptions(["reference": "2"]) {
            assertFails(linwarp_stack_align($0, &source, &handle), LINWARP_FAILED, naming: "reference", "no image")
        }
        XCTAssertNil(handle)
        source.count = 4
        assertOK(linwarp_stack_align(nil, &source, &handle))
        defer { linwarp_stack_destroy(handle) }
        assertFails(linwarp_stack_frame(handle, 4, nil, nil, nil), naming: "index", "0 to 3")
        var window: [Int64] = [0, 0, 8, 6]
        assertFails(linwarp_stack_window(handle, "middle", &window), naming: "crop")
        var target = CImage([3, 6, 7], LINWARP_FLOAT32)
        target.withImage { assertFails(linwarp_stack_combine(handle, "mean", window, &$0), naming: "target", "8 x 6") }
        var grey = CImage([1, 6, 8], LINWARP_FLOAT32)
        grey.withImage { assertFails(linwarp_stack_combine(handle, "mean", window, &$0), naming: "target.channels") }
        grey.withImage { assertFails(linwarp_stack_combine(handle, "most", window, &$0), naming: "combination") }
        window = [.min, .min, 8, 6]
        grey.withImage { assertFails(linwarp_stack_combine(handle, "mean", window, &$0), naming: "target") }
    }
}
