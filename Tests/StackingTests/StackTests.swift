import Datasets
import LinearAlgebra
import Registration
import Sampling
import Stacking
import TestSupport
import Tensors
import XCTest

/// Where the frames of a stack are found, and which are left out.
final class StackTests: XCTestCase {
    private let (height, width) = (96, 128)

    /// From the first frame's normalized coordinates to those of frame `n`.
    private func truth(_ n: Int) -> Matrix3 {
        n == 0
            ? .identity
            : Frame(sourcePixels: (height, width), targetPixels: (height, width)).normalized(
                .translation(0.02 * Double(n), -0.015 * Double(n % 3)) * .rotation(0.01 * Double(n)))
    }

    /// Frame `n` of a scene that is larger than the frames, `gain` times as bright.
    private func frame(_ n: Int, seed: UInt32 = 0, gain: Float = 1) -> Tensor<Float> {
        let scene = ProceduralScene(seed: seed).image(height: 2 * height, width: 2 * width)
        let place = Matrix3.scaling(0.5, 0.5) * truth(n).inverse!
        return resampled(scene, place, height: height, width: width, interpolation: .cubic, padding: .border) * Tensor(gain)
    }

    private struct Unreadable: Error, CustomStringConvertible {
        let description = "frame.png: found an empty file"
    }

    /// Seven frames: the fourth shows another scene, the fifth is of another size, the sixth can't be read.
    private var stack: Stack {
        let frames = [0, 1, 2, 6].map { frame($0, gain: 1 - 0.04 * Float($0)) }
        let others = (scene: frame(0, seed: 7), size: frames[0][0..<3].reshaped([3, width, height]))
        return Stack(count: 7) { n in
            switch n {
            case 3: return others.scene
            case 4: return others.size
            case 5: throw Unreadable()
            default: return frames[min(n, 3)]
            }
        }
    }

    /// The largest distance between where two matrices put the corners of a frame, in pixels.
    private func distance(_ a: Matrix3, _ b: Matrix3) -> Double {
        zip(a.corners, b.corners).map { max(abs($0.x - $1.x) * Double(width) / 2, abs($0.y - $1.y) * Double(height) / 2) }.max()!
    }

    func testFramesAreFoundAndOthersNamed() throws {
        for reference in [Stack.Reference.frame(0), .previous, .mean] {
            let frames = try stack.align(StackSettings(reference: reference, family: .euclidean))
            XCTAssertEqual(frames.map(\.index), Array(0..<7))
            for n in [0, 1, 2, 6] {
                XCTAssertNil(frames[n].reason)
                XCTAssertLessThan(distance(try XCTUnwrap(frames[n].place), truth(n)), 0.1, "\(reference) \(n)")
                XCTAssertLessThan(try XCTUnwrap(frames[n].cornerDeviations?.max()), 0.2)
            }
            XCTAssertTrue(try XCTUnwrap(frames[3].reason).contains("alignment to the reference, expected a trusted one"))
            XCTAssertEqual(frames[4].reason, "found 96x128 pixels of 3 channels, expected 128x96 pixels of 3 channels, as the reference")
            XCTAssertEqual(frames[5].reason, "frame.png: found an empty file")
            XCTAssertTrue([3, 4, 5].allSatisfy { frames[$0].place == nil })
        }
        // Relative to another frame.
        let frames = try stack.align(StackSettings(reference: .frame(2), family: .euclidean))
        XCTAssertLessThan(distance(try XCTUnwrap(frames[6].place), truth(6) * truth(2).inverse!), 0.1)
        XCTAssertEqual(frames[2].place, .identity)
    }

    /// On any number of threads, and whatever is known from before.
    func testSameBits() throws {
        let all = stack
        // Without the other scene, which is looked for everywhere.
        let stack = Stack(count: 6) { try all.frame($0 < 3 ? $0 : $0 + 1) }
        for reference in [Stack.Reference.frame(0), .previous, .mean] {
            let settings = StackSettings(reference: reference)
            var steps: [Stack.Step] = []
            let one = try Threads.with(count: 1) { try stack.align(settings) { steps.append($0) } }
            XCTAssertEqual(try Threads.with(count: 2) { try stack.align(settings) }, one)
            XCTAssertEqual(steps.count, reference == .mean ? 12 : 6)
            let half = Array(steps.prefix(steps.count * 2 / 3))
            var rest: [Stack.Step] = []
            XCTAssertEqual(try stack.align(settings, known: half) { rest.append($0) }, one)
            XCTAssertEqual(
                Set(rest.map { [$0.round, $0.frame.index] }), Set(steps.dropFirst(half.count).map { [$0.round, $0.frame.index] }))
        }
    }

    /// What moves with the camera disturbs unless it is masked.
    func testMask() throws {
        let mask = Tensor<Float>(shape: [height, width]) { out in
            for i in out.indices { out[i] = i < 70 * width ? 1 : 0 }
        }
        let bars = Tensor<Float>(shape: [3, height, width]) { out in
            for i in out.indices { out[i] = (i % width / 4 + i / width / 6).isMultiple(of: 2) ? 1 : 0 }
        }
        let frames = [0, 5].map { n in
            let image = frame(n)
            return concatenate([image.sliced(rows: 0..<70), bars.sliced(rows: 70..<height)], axis: 1)
        }
        let stack = Stack(count: 2) { frames[$0] }
        let found = try stack.align(StackSettings(family: .euclidean, mask: mask))
        XCTAssertLessThan(distance(try XCTUnwrap(found[1].place), truth(5)), 0.1)
        XCTAssertEqual(
            stackError { try stack.align(StackSettings(mask: .zeros([height, width]))) }, .nothingCounts)
        XCTAssertEqual(
            stackError { try stack.align(StackSettings(mask: .zeros([2, 2]))) },
            .wrongMaskSize(found: [2, 2], expected: [height, width]))
    }

    func testWhatAWholeStackFailsFor() throws {
        let all = stack
        XCTAssertEqual(
            stackError { try all.align(StackSettings(reference: .frame(7))) }, .noSuchReference(7, count: 7))
        XCTAssertEqual(
            stackError { try all.align(StackSettings(reference: .frame(5))) },
            .unusableReference(5, reason: "frame.png: found an empty file"))
        let strangers = Stack(count: 2) { try all.frame($0 * 3) }
        XCTAssertEqual(stackError { try strangers.align() }, .noFrameLeft(count: 2))
        struct Stopped: Error {}
        XCTAssertThrowsError(try all.align { _ in throw Stopped() }) { XCTAssertTrue($0 is Stopped) }
    }
}

extension Tensor {
    /// Some rows of [C, H, W].
    fileprivate func sliced(rows: Range<Int>) -> Tensor {
        concatenate(
            (0..<shape[0]).map { self[$0..<$0 + 1].reshaped([shape[1], shape[2]])[rows].reshaped([1, rows.count, shape[2]]) }, axis: 0)
    }
}

/// What a stack fails for; nil, and a failed test, where it does not.
func stackError<Result>(_ body: () throws -> Result) -> StackError? {
    var found: StackError?
    XCTAssertThrowsError(try body()) {
        found = $0 as? StackError
        XCTAssertFalse("\($0)".contains("\n"), "more than a line: \($0)")
    }
    return found
}
