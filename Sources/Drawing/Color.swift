/// A color to draw with, in the terms of image files: red, green and blue, each 0...1.
package struct Color: Equatable, Sendable {
    package var red, green, blue: Float

    package init(red: Float, green: Float, blue: Float) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// A grey from 0 (black) to 1 (white).
    package init(grey: Float) { self.init(red: grey, green: grey, blue: grey) }

    /// Eight bits a channel, as colors are usually published.
    private init(_ red: Float, _ green: Float, _ blue: Float) {
        self.init(red: red / 255, green: green / 255, blue: blue / 255)
    }

    package static let white = Color(grey: 1)
    package static let black = Color(grey: 0)

    // The palette of Okabe and Ito: its colors stay apart for the color-blind.
    package static let orange = Color(230, 159, 0)
    package static let skyBlue = Color(86, 180, 233)
    package static let bluishGreen = Color(0, 158, 115)
    package static let yellow = Color(240, 228, 66)
    package static let blue = Color(0, 114, 178)
    package static let vermillion = Color(213, 94, 0)
    package static let reddishPurple = Color(204, 121, 167)
    /// The palette of Okabe and Ito, black last: colors for one thing after the other.
    package static let okabeIto = [orange, skyBlue, bluishGreen, yellow, blue, vermillion, reddishPurple, black]

    /// The color on the way to `other`: this one at 0, `other` at 1.
    package func mixed(with other: Color, _ fraction: Float) -> Color {
        Color(
            red: red + (other.red - red) * fraction, green: green + (other.green - green) * fraction,
            blue: blue + (other.blue - blue) * fraction)
    }

    /// Red, green, blue.
    var channels: [Float] { [red, green, blue] }
}
