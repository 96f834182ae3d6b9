import ArgumentParser
import Drawing
import Files
import LinWarp

struct InfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Prints versions, OpenBLAS's core and threads, and the kernels that this processor gets.",
        discussion: "Example: linwarp info --json")

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    private struct Report: Encodable {
        var version = LinWarpVersion.current
        var threads = Threads.count
        var kernels = KernelLevel.current.rawValue
        var openBLAS = BLASInformation.configuration
        var openBLASCore = BLASInformation.core
        var openBLASThreads = BLASInformation.threads
        var libpng = ImageLibraries.png
        var libjpeg = ImageLibraries.jpeg
        var libtiff = ImageLibraries.tiff
        var libwebp = ImageLibraries.webp
        var cairo = cairoVersion
    }

    mutating func run() throws {
        let report = Report()
        if json { return try printResults(try encodedJSON(report)) }
        try printResults([
            "linwarp \(report.version)",
            "kernels: \(report.kernels), threads: \(report.threads)",
            "OpenBLAS: \(report.openBLAS), core \(report.openBLASCore), threads \(report.openBLASThreads) (LinWarp spreads the work itself)",
            "libpng \(report.libpng), libjpeg \(report.libjpeg), libtiff \(report.libtiff), libwebp \(report.libwebp), cairo \(report.cairo)",
        ])
    }
}
