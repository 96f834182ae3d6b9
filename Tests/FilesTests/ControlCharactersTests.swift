import Files
import Foundation
import XCTest

final class ControlCharactersTests: XCTestCase {
    func testWhatActsOnATerminalIsShownAsNumbers() {
        for (text, expected) in [
            ("plain, Umläute, 漢字 👩‍👩‍👧", "plain, Umläute, 漢字 👩‍👩‍👧"), ("\u{1B}[31mred", "\\u001B[31mred"),
            ("a\r\nb\tc", "a\\u000D\\u000Ab\\u0009c"),
            ("\0\u{7F}\u{80}\u{9B}\u{9F}\u{A0}", "\\u0000\\u007F\\u0080\\u009B\\u009F\u{A0}"), ("e\u{301}\u{9B}", "e\u{301}\\u009B"),
            ("\u{202A}\u{202E}\u{2066}\u{2069}\u{2028}", "\\u202A\\u202E\\u2066\\u2069\\u2028"), ("", ""),
        ] {
            XCTAssertEqual(Array(text.escapingControls.unicodeScalars), Array(expected.unicodeScalars))
        }
    }

    func testJSONRemainsTheSame() throws {
        let text = String(String.UnicodeScalarView((0...0x2100).compactMap(Unicode.Scalar.init)))
        let json = try encodedJSON([text])
        XCTAssertNotEqual(json.escapingControls, json)
        XCTAssertEqual(try JSONDecoder().decode([String].self, from: Data(json.escapingControls.utf8)), [text])
    }
}
