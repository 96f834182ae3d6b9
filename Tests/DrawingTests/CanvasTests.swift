import Drawing
import Tensors
import XCTest

final class CanvasTests: XCTestCase {
    private func canvas(_ width: Int, _ height: Int) -> Canvas { Canvas(width: width, height: height, color: .black) }

    /// Equal but for the rounding to eight bits.
    private func assertSame(_ found: [Float], _ expected: [Float], _ message: String = "", line: UInt = #line) {
        XCTAssertEqual(found.count, expected.count, line: line)
        for (a, b) in zip(found, expected) { XCTAssertEqual(a, b, accuracy: 1.01 / 255, message, line: line) }
    }

    /// The sum of coverage is the area.
    private func area(_ canvas: Canvas) -> Float { canvas.image.withScalars { $0.prefix(canvas.width * canvas.height).reduce(0, +) } }

    func testLineCoversItsPixels() {
        let level = canvas(20, 9)
        level.line(from: [4, 4.5], to: [15, 4.5], width: 3, color: .white)
        for x in 5..<14 {
            assertSame((0..<9).map { level.image[1, $0, x] }, [0, 0, 0, 1, 1, 1, 0, 0, 0], "column \(x)")
        }
        XCTAssertEqual(level.image[1, 4, 1], 0)

        // Ends are round, so the area is that of a rectangle and a disc.
        let slanted = canvas(100, 100)
        slanted.line(from: [20, 30], to: [80, 60], width: 5, color: .white)
        XCTAssertEqual(area(slanted), 5 * 67.08 + 19.63, accuracy: 3)
        let hairline = canvas(100, 100)
        hairline.line(from: [20, 30], to: [80, 60], width: 0.5, color: .white)
        XCTAssertEqual(area(hairline), 0.5 * 67.08, accuracy: 2)
    }

    func testShapes() {
        let disc = canvas(41, 41)
        disc.disc(center: [20.5, 20.5], radius: 10, color: .white)
        XCTAssertEqual(area(disc), 314.16, accuracy: 2)

        let square = canvas(40, 40)
        square.polygon([[10, 10], [30, 10], [30, 30], [10, 30]], width: 2, color: Color(red: 1, green: 0.5, blue: 0.25))
        assertSame([0, 1, 2].map { square.image[$0, 20, 10] }, [1, 0.5, 0.25])
        assertSame([0, 1, 2].map { square.image[$0, 30, 15] }, [1, 0.5, 0.25])
        XCTAssertEqual(square.image[0, 20, 20], 0, "the inside is filled")
        XCTAssertEqual(area(square), 22 * 22 - 18 * 18, accuracy: 2)

        let arrow = canvas(60, 40)
        arrow.arrow(from: [5, 20], to: [50, 20], width: 2, color: .white)
        XCTAssertEqual(arrow.image[0, 20, 10], 1)
        XCTAssertEqual(arrow.image[0, 16, 10], 0)
        XCTAssertEqual(arrow.image[0, 17, 41], 1, "no head")
        XCTAssertEqual(arrow.image[0, 20, 52], 0, "beyond the tip")
    }

    func testWhatIsOutsideIsNotDrawn() {
        let canvas = canvas(10, 10)
        canvas.line(from: [-1000, 5.5], to: [1000, 5.5], width: 1, color: .white)
        canvas.line(from: [.nan, 0], to: [5, 5], width: 1, color: .white)
        canvas.polygon([[0, 0], [.infinity, 0], [1e300, 7]], width: 2, color: .white)
        canvas.polygon([], width: 2, color: .white)
        canvas.arrow(from: [3, 3], to: [3, 3], width: 2, color: .white)
        canvas.disc(center: [-50, 500], radius: 20, color: .white)
        canvas.fill(at: (-5, 20), size: (100, 100), color: .white)
        canvas.text("outside", at: (-400, -200), color: .white)
        canvas.paste(Tensor.ones([1, 3, 3]), at: (9, 9))
        XCTAssertEqual(area(canvas), 11, accuracy: 0.01)
        XCTAssertEqual(canvas.image[0, 5, 0], 1)
        XCTAssertEqual(canvas.image[0, 9, 9], 1)
    }

    func testPaste() {
        let canvas = canvas(12, 8)
        let grey = Tensor<Float>([0.25, 0.5, 0.75, 1], shape: [1, 2, 2])
        canvas.paste(grey, at: (1, 2), scale: 2)
        assertSame((0..<6).map { canvas.image[2, 3, $0] }, [0, 0.25, 0.25, 0.5, 0.5, 0])
        assertSame((0..<6).map { canvas.image[0, 4, $0] }, [0, 0.75, 0.75, 1, 1, 0])
        // Half-transparent, and transparent with a color that must not show.
        let alpha = Tensor<Float>([1, 1, 0.5, 0], shape: [2, 1, 2])
        canvas.fill(at: (0, 0), size: (12, 8), color: Color(grey: 0.5))
        canvas.paste(alpha, at: (0, 0))
        assertSame((0..<3).map { canvas.image[1, 0, $0] }, [0.75, 0.5, 0.5])
    }

    func testPasteToSize() {
        let ramp = Tensor<Float>((0..<3 * 8 * 8).map { Float($0 % 8) / 7 }, shape: [3, 8, 8])
        let smaller = canvas(8, 8)
        smaller.paste(ramp, at: (0, 0), size: (3, 3))
        // Areas of 8/3 pixels: 0, 1 and two thirds of 2.
        let first: Float = (0 + 1 + 2 * 2 / 3) / 7 / (8 / 3)
        for (found, expected) in zip((0..<4).map { smaller.image[1, 1, $0] }, [first, 0.5, 1 - first, 0]) {
            XCTAssertEqual(found, expected, accuracy: 1.01 / 255)
        }
        let larger = canvas(16, 16)
        larger.paste(ramp, at: (0, 0), size: (16, 16))
        let row = (0..<16).map { larger.image[0, 9, $0] * 7 }
        XCTAssertEqual(row[0], 0)
        XCTAssertEqual(row[15], 7, accuracy: 1.01 / 255 * 7)
        for x in 1..<15 { XCTAssertEqual(row[x], (Float(x) + 0.5) / 2 - 0.5, accuracy: 1.01 / 255 * 7) }
    }

    /// What is drawn of a text lies in its box, at the place that its anchor says.
    func testText() {
        let (string, size) = ("Wg|_ 100 %", 20.0)
        let (width, height) = (Canvas.width(of: string, size: size), Canvas.lineHeight(size: size))
        XCTAssertGreaterThan(width, 80)
        XCTAssertGreaterThanOrEqual(height, 20)
        for (anchor, left) in [(Canvas.Anchor.left, 200), (.middle, 200 - width / 2), (.right, 200 - width)] {
            let canvas = canvas(400, height + 20)
            canvas.text(string, at: (200, 10), size: size, anchor: anchor, color: .white)
            let image = canvas.image.scalars
            let columns = (0..<400).filter { x in (0..<canvas.height).contains { image[$0 * 400 + x] > 0.2 } }
            let rows = (0..<canvas.height).filter { y in (0..<400).contains { image[y * 400 + $0] > 0.2 } }
            XCTAssertEqual(Double(columns.first!), Double(left), accuracy: 3, "\(anchor)")
            XCTAssertEqual(Double(columns.last!), Double(left + width), accuracy: 4, "\(anchor)")
            XCTAssertTrue(rows.first! >= 10 && rows.last! <= 10 + height, "\(anchor)")
            XCTAssertGreaterThan(rows.count, 18)
        }
        XCTAssertEqual(Canvas.width(of: ""), 0)
        XCTAssertGreaterThan(Canvas.width(of: "é"), 5)
    }

    /// No two characters look the same, and none but the blank is empty.
    func testCharactersDiffer() {
        var looks: [[Float]: Character] = [:]
        for code in UInt8(32)..<127 {
            let canvas = canvas(24, 30)
            let character = Character(Unicode.Scalar(code))
            canvas.text(String(character), at: (2, 2), color: .white)
            XCTAssertNil(looks.updateValue(character, forKey: canvas.image.scalars), "\(character)")
            XCTAssertEqual(area(canvas) == 0, character == " ", "\(character)")
        }
    }
}
