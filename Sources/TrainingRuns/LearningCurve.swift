import LinWarp
import Plots

/// The picture of a training's log, drawn anew as training goes on, but not so often that it takes time from it.
struct LearningCurve {
    private let log: TrainingLog
    private let path: String
    private let clock = ContinuousClock()
    private var last: ContinuousClock.Instant

    init(of log: TrainingLog, _ path: String) {
        self.log = log
        self.path = path
        last = clock.now
    }

    mutating func update() throws(PlotError) {
        guard clock.now - last >= .seconds(10) else { return }
        try draw()
        last = clock.now
    }

    func draw() throws(PlotError) {
        // That the log can't be read is an error of the run; here there is then nothing to draw.
        let rows = ((try? log.entries) ?? []).map { "\($0.iteration),\($0.loss),\(100 * $0.validationError)\n" }
        let style = rows.count > 50 ? "lines" : "linespoints"
        let plot = Plot(
            table: "iteration,training loss,validation error\n" + rows.joined(),
            commands: """
                set border 11
                set xlabel "iterations"
                set ylabel "training loss (cross-entropy, nats)" textcolor linetype 1
                set y2label "validation error (%)" textcolor linetype 2
                set y2tics
                set xrange [0:]
                set yrange [0:]
                set y2range [0:]
                plot data using 1:2 with \(style) linetype 1 title "training loss", \\
                    data using 1:3 axes x1y2 with \(style) linetype 2 title "validation error"

                """)
        try plot.draw(to: path)
    }
}
