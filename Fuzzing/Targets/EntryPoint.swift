import Foundation

/// What is fuzzed, by the names that `make fuzz FUZZ_TARGETS=…` takes.
private let targets: [String: @Sendable ([UInt8]) -> Void] = [
    "png": fuzzPNG, "jpeg": fuzzImage, "tiff": fuzzTIFF, "webp": fuzzWebP, "netpbm": fuzzImage, "exif": fuzzEXIF,
    "safetensors-header": fuzzSafetensorsHeader, "checkpoint": fuzzCheckpoint,
    "idx": fuzzIDX, "gtsrb-csv": fuzzGTSRBAnnotations,
    "matrix": fuzzMatrix, "json": fuzzJSON, "numpy": fuzzNumPy,
]

// One program for all: libFuzzer owns the arguments, so the environment says which.
private let target: @Sendable ([UInt8]) -> Void = {
    let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
    guard let target = targets[name] else {
        print("FUZZ_TARGET: found \"\(name)\", expected one of \(targets.keys.sorted().joined(separator: ", "))")
        exit(64)
    }
    return target
}()

/// libFuzzer calls this with each input. A trap, a finding of a sanitizer, too much memory or time is what it looks for.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// Runs `body`, which may throw no error but one whose text is a line for the user.
func reading(_ body: () throws -> Void) {
    do { try body() } catch {
        let text = "\(error)"
        precondition(!text.isEmpty && !text.contains(where: \.isNewline), "found the message \(text.debugDescription), expected one line")
    }
}
