import Foundation
import Plots
import TestSupport
import XCTest

final class PlotTests: DirectoryTestCase {
    private let plot = Plot(
        table: "x,y\n1,2\n2,3\n3,5\n", commands: "plot data using 1:2 with linespoints title 'squares'\n", width: 300, height: 200)

    func testPicturesWithDataAndScript() throws {
        for (format, start) in [("png", [0x89] + Array("PNG".utf8)), ("svg", Array("<?xml".utf8))] {
            try plot.draw(to: path("a plot's.\(format)"))
            XCTAssertEqual(Array(try bytes("a plot's.\(format)").prefix(start.count)), start)
        }
        XCTAssert(String(decoding: try bytes("a plot's.svg"), as: UTF8.self).contains("squares"))
        XCTAssertEqual(try bytes("a plot's.csv"), Array(plot.table.utf8))
        XCTAssertEqual(try files, ["a plot's.csv", "a plot's.gnuplot", "a plot's.png", "a plot's.svg"])
    }

    private func error(_ plot: Plot, _ name: String) -> PlotError? {
        do throws(PlotError) {
            try plot.draw(to: path(name))
            return nil
        } catch {
            XCTAssertFalse(error.description.contains("\n"), "more than a line: \(error)")
            return error
        }
    }

    func testScriptsThatFail() throws {
        try plot.draw(to: path("plot.png"))
        let before = try bytes("plot.png")
        var wrong = plot
        // Messages first, more than a pipe holds.
        wrong.commands = "do for [i=1:20000] { print 'a line of text' }\nplot nothing\n"
        guard case .failed(path("plot.gnuplot"), let reason) = error(wrong, "plot.png") else { return XCTFail("no such error") }
        XCTAssert(reason.contains("undefined variable: nothing"), reason)
        XCTAssertEqual(try bytes("plot.png"), before)
        XCTAssertEqual(try files, ["plot.csv", "plot.gnuplot", "plot.png"])
    }

    func testPlacesWhereNothingCanBeWritten() throws {
        guard case .cannotWrite(path("missing/plot.csv"), _) = error(plot, "missing/plot.png") else { return XCTFail("no such error") }
        try FileManager.default.createDirectory(atPath: path("plot.png"), withIntermediateDirectories: true)
        guard case .cannotWrite(path("plot.png"), _) = error(plot, "plot.png") else { return XCTFail("no such error") }
    }
}
