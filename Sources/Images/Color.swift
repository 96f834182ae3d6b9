/// A color to draw with, in the terms of image files: red, green and blue, each 0...1.
public struct Color: Equatable, Sendable {
    public var red, green, blue: Float

    public init(red: Float, green: Float, blue: Float) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// A grey from 0 (black) to 1 (white).
    public init(grey: Float) { self.init(red: grey, green: grey, blue: grey) }

    /// Eight bits a channel, as colors are usually published.
    private init(_ red: Float, _ green: Float, _ blue: Float) {
        self.init(red: red / 255, green: green / 255, blue: blue / 255)
    }

    public static let white = Color(grey: 1)
    public static let black = Color(grey: 0)

    // The palette of Okabe and Ito: its colors stay apart for the color-blind.
    public static let orange = Color(230, 159, 0)
    public static let skyBlue = Color(86, 180, 233)
    public static let bluishGreen = Color(0, 158, 115)
    public static let yellow = Color(240, 228, 66)
    public static let blue = Color(0, 114, 178)
    public static let vermillion = Color(213, 94, 0)
    public static let reddishPurple = Color(204, 121, 167)
    /// The palette of Okabe and Ito, black last: colors for one thing after the other.
    public static let okabeIto = [orange, skyBlue, bluishGreen, yellow, blue, vermillion, reddishPurple, black]

    /// The color on the way to `other`: this one at 0, `other` at 1.
    public func mixed(with other: Color, _ fraction: Float) -> Color {
        Color(
            red: red + (other.red - red) * fraction, green: green + (other.green - green) * fraction,
            blue: blue + (other.blue - blue) * fraction)
    }

    /// Red, green, blue.
    var channels: [Float] { [red, green, blue] }
}
