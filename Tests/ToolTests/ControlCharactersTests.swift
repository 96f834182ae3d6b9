import LinWarp
import XCTest

/// Names and values with control characters reach no terminal as they are.
final class ControlCharactersTests: GnuplotTestCase {
    private let strange = "a\u{1B}[31m\u{9B}2J\u{202E}\u{7}.png"
    private let shown = "a\\u001B[31m\\u009B2J\\u202E\\u0007.png"

    private func assertHarmless(_ text: String, line: UInt = #line) {
        for scalar in text.unicodeScalars where scalar != "\n" {
            XCTAssert(scalar.properties.generalCategory != .control && scalar != "\u{202E}", text, line: line)
        }
    }

    func testNamesOfFiles() throws {
        try assertHarmless(linwarp(["warp", strange, "--out", "out.png"]).error)
        try assertFails(["warp", strange, "--out", "out.png"], code: 1, naming: shown)
        try assertFails(["warp", "out.png", "--out", strange + "/x.png"], code: 1, naming: "out.png")
        try assertFails(["demo", "--family", strange], code: 64, naming: shown)
        try assertHarmless(linwarp(["demo", "--family", strange]).error)
        try assertHarmless(linwarp([strange]).error)
        try writeScene(strange)
        XCTAssertEqual(try succeed(["warp", strange, "--out", "b" + strange]), "b\(shown)\n")
        let result: WarpJSON = try json(["warp", strange, "--out", "b" + strange])
        XCTAssertEqual(result.out, "b" + strange)
        try assertHarmless(succeed(["warp", strange, "--out", "b" + strange, "--json"]))
    }

    func testTextInCheckpoints() throws {
        try succeed(training)
        let file = path("out/checkpoint.safetensors")
        var contents = try Safetensors(contentsOf: file)
        contents.metadata["setting.clip"] = strange
        try contents.write(to: file)
        let run = try linwarp(training + ["--resume"])
        assertReported(run, code: 1, naming: [shown], "a setting")
        assertHarmless(run.error)
    }
}
