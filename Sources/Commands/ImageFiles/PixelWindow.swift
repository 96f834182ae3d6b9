import ArgumentParser
import LinWarp

/// A part of an image: whole pixels, such as 320x240+10+20.
struct PixelWindow {
    var x, y: Int
    var size: PixelSize

    init(argument text: String) throws {
        let parts = text.split(separator: "+", omittingEmptySubsequences: false)
        guard parts.count == 3, let x = Int(parts[1]), let y = Int(parts[2]), x >= 0, y >= 0,
            let size = try? PixelSize(argument: String(parts[0]))
        else { throw ValidationError("expected a size and the upper left pixel, such as 320x240+10+20") }
        (self.x, self.y, self.size) = (x, y, size)
    }

    /// Whether it lies within an image of a size.
    func isPart(of whole: PixelSize) -> Bool { x <= whole.width - size.width && y <= whole.height - size.height }
}
