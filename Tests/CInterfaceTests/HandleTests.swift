import CInterface
import CLinWarp
import LinearAlgebra
import XCTest

final class HandleTests: XCTestCase {
    func testVersion() {
        XCTAssertEqual(String(cString: linwarp_version()), LinWarpVersion.current)
        XCTAssertEqual(linwarp_abi_version(), LINWARP_ABI_VERSION)
    }

    func testThreads() {
        let count = linwarp_threads()
        defer { assertOK(linwarp_set_threads(count)) }
        XCTAssertEqual(Int(count), Threads.count)
        assertOK(linwarp_set_threads(3))
        XCTAssertEqual(linwarp_threads(), 3)
        for wrong in [0, -1, 100_000] as [CInt] { assertFails(linwarp_set_threads(wrong), naming: "count", "\(wrong)", "1 to 1024") }
    }

    /// Handles that were destroyed, belong to something else or never were any.
    func testHandlesThatAreNone() {
        let options = linwarp_options_create()
        linwarp_options_destroy(options)
        linwarp_options_destroy(options)
        linwarp_options_destroy(nil)
        assertFails(linwarp_options_set_text(options, "family", "affine"), naming: "options", "destroyed", "linwarp_options_create")
        assertFails(linwarp_options_set_number(nil, "seed", 1), naming: "options", "null")
        let other = linwarp_options_create()
        defer { linwarp_options_destroy(other) }
        var matrix = [Double](repeating: 7, count: 9)
        assertFails(linwarp_alignment_matrix(other, nil, &matrix), naming: "alignment", "linwarp_align")
        assertFails(linwarp_alignment_matrix(OpaquePointer(bitPattern: 0x1000), nil, &matrix), naming: "alignment")
        assertFails(linwarp_stack_frame(other, 0, &matrix, nil, nil), naming: "stack", "linwarp_stack_align")
        linwarp_alignment_destroy(other)
        assertOK(linwarp_options_set_text(other, "family", "affine"))
        XCTAssertEqual(matrix, [Double](repeating: 7, count: 9))
    }

    func testBadOptions() {
        withOptions { options in
            assertFails(linwarp_options_set_text(options, nil, "affine"), naming: "name", "null")
            assertFails(linwarp_options_set_text(options, "family", nil), naming: "value", "null")
            assertFails(linwarp_options_set_numbers(options, "initial", nil, 9), naming: "values", "null")
            assertFails(linwarp_options_set_numbers(options, "initial", [1], -1), naming: "count", "-1")
            assertFails(linwarp_options_set_image(options, "mask", nil), naming: "image", "null")
            var colors = CImage([3, 2, 2], LINWARP_UINT8)
            colors.withImage { assertFails(linwarp_options_set_image(options, "mask", &$0), naming: "image", "3 channels") }
        }
    }

    /// Each thread has its own.
    func testLastError() {
        assertFails(linwarp_set_threads(0), naming: "linwarp_set_threads")
        let done = DispatchSemaphore(value: 0)
        Thread {
            XCTAssertEqual(String(cString: linwarp_last_error()), "")
            XCTAssertEqual(linwarp_options_set_number(nil, "seed", 1), LINWARP_INVALID_ARGUMENT)
            XCTAssert(String(cString: linwarp_last_error()).contains("options"))
            done.signal()
        }.start()
        done.wait()
        XCTAssert(String(cString: linwarp_last_error()).contains("linwarp_set_threads"))
    }
}
