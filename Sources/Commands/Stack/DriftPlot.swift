import Foundation
import LinWarp
import Plots

/// Where the frames of a stack lie: how far the middle of the reference has moved in each, and by how much it is turned and larger.
struct DriftPlot {
    private let frames: [StackedFrame]
    private let size: PixelSize

    init(_ frames: [StackedFrame], size: PixelSize) { (self.frames, self.size) = (frames, size) }

    var plot: Plot {
        let rows = frames.map { frame in
            let place = frame.place.map(drift)
            let numbers = place.map { [$0.x, $0.y, $0.degrees, $0.scale] }?.map { "\($0)" } ?? ["", "", "", ""]
            let deviation = frame.place == nil ? nil : frame.cornerDeviations?.max()
            return ([String(frame.index + 1)] + numbers + [deviation.map { "\($0)" } ?? "", frame.place == nil ? "0" : ""])
                .joined(separator: ",") + "\n"
        }
        let style = frames.count > 60 ? "lines" : "linespoints"
        return Plot(
            table: "frame,x,y,turn,scale,deviation,left out\n" + rows.joined(),
            commands: """
                set xrange [0.5:\(frames.count).5]
                set multiplot layout 2,1
                set ylabel "shift of the middle (pixels)"
                plot data using 1:2:6 with yerrorbars linetype 1 notitle, \\
                    data using 1:3:6 with yerrorbars linetype 2 notitle, \\
                    data using 1:2 with \(style) linetype 1 title "to the right", \\
                    data using 1:3 with \(style) linetype 2 title "down", \\
                    data using 1:7 with points linetype 7 pointtype 2 pointsize 2 title "left out"
                set xlabel "frame"
                set border 11
                set ylabel "turn (degrees)"
                set y2label "scale (%)"
                set y2tics
                plot data using 1:4 with \(style) linetype 3 title "turn, clockwise", \\
                    data using 1:(100*$5) axes x1y2 with \(style) linetype 4 title "scale"
                unset multiplot

                """, height: 900)
    }

    private func drift(_ place: Matrix3) -> (x: Double, y: Double, degrees: Double, scale: Double) {
        let pixels = Matrix3.pixels(size.sides) * place * Matrix3.pixels(size.sides).inverse!
        let (x, y) = (Double(size.width - 1) / 2, Double(size.height - 1) / 2)
        let (middle, right, below) = (pixels.apply(x, y), pixels.apply(x + 0.5, y), pixels.apply(x, y + 0.5))
        let (left, above) = (pixels.apply(x - 0.5, y), pixels.apply(x, y - 0.5))
        let (a, b, c, d) = (right.x - left.x, below.x - above.x, right.y - left.y, below.y - above.y)
        return (middle.x - x, middle.y - y, atan2(c - b, a + d) * 180 / .pi, abs(a * d - b * c).squareRoot())
    }
}
