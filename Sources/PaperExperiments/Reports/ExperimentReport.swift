import Files

/// What an experiment says about its data: a section of the page of results.
struct ExperimentReport {
    /// A claim beside what was found.
    struct Finding {
        enum Source: String {
            case paper = "The paper"
            case goal = "Our goal"
        }

        var source = Source.paper
        var claim, found: String
        /// What becomes of the claim here; nil where it is no matter of yes or no.
        var verdict: Verdict?
    }

    /// Which figure or table of the paper, and what it shows.
    var title: String
    /// How the experiment was done.
    var setUp: String
    /// Files of pictures in the output directory, each with what is to be seen.
    var pictures: [(file: String, caption: String)]
    /// Numbers that a reader wants to see in the text: a table in Markdown, or nothing.
    var table = ""
    var findings: [Finding]

    /// Writes `NAME.md`.
    func write(_ name: ExperimentName, _ settings: ExperimentSettings) throws {
        var text = "## \(title)\n\n\(setUp)\n\n"
        if settings.isQuick {
            text += "*The quick version, on images drawn from formulas: it shows that all works, not what the paper shows.*\n\n"
        }
        for picture in pictures { text += "![\(picture.caption)](\(picture.file))\n\n*\(picture.caption)*\n\n" }
        if !table.isEmpty { text += table + "\n" }
        for finding in findings {
            let verdict = finding.verdict.map { " **\($0.rawValue).**" } ?? ""
            text += "- \(finding.source.rawValue): \(finding.claim). Here: \(finding.found).\(verdict)\n"
        }
        try writeFile(text, to: settings.path("\(name.rawValue).md"))
    }
}

extension ExperimentReport.Finding {
    /// That a number is above zero in each of some conditions.
    ///
    /// - Parameters:
    ///   - claim: The paper's.
    ///   - gains: The number by condition, as "at 8×".
    ///   - digits: Of the number, behind the point.
    ///   - note: What the number is.
    init(claim: String, gains: [(condition: String, gain: Estimate)], digits: Int, note: String) {
        self.init(
            claim: claim, found: "\(note): " + gains.map { "\($0.gain.text(digits)) \($0.condition)" }.joined(separator: ", "),
            verdict: .all(of: gains.map(\.gain.isPositive)))
    }

    /// That a number grows over conditions: from the first to the last one, and on no step between them does it fall.
    ///
    /// - Parameters:
    ///   - claim: The paper's.
    ///   - conditions: As "σ = 1".
    ///   - growth: From one condition to another.
    ///   - digits: Of the number, behind the point.
    ///   - note: What the number is.
    init(claim: String, conditions: [String], growth: (_ from: Int, _ to: Int) -> Estimate, digits: Int, note: String) {
        func step(_ from: Int, _ to: Int) -> (condition: String, gain: Estimate) {
            ("from \(conditions[from]) to \(conditions[to])", growth(from, to))
        }
        let whole = step(0, conditions.count - 1)
        let steps = conditions.count == 2 ? [] : (1..<conditions.count).map { step($0 - 1, $0) }
        self.init(claim: claim, gains: [whole] + steps, digits: digits, note: note)
        verdict = steps.contains { $0.gain.isPositive == .doesNotHold } ? .doesNotHold : whole.gain.isPositive
    }
}

/// Replaces a file of results as a whole or not at all.
func writeFile(_ text: String, to path: String) throws {
    do throws(FileError) {
        try replaceFile(at: path, with: Array(text.utf8))
    } catch {
        throw ExperimentError.cannotWrite(path: path, reason: error.reason)
    }
}

/// Rows of a table in Markdown, the first of them its head.
func markdownTable(_ rows: [[String]]) -> String {
    let lines = rows.map { "| " + $0.joined(separator: " | ") + " |\n" }
    return lines[0] + "|" + String(repeating: "---|", count: rows[0].count) + "\n" + lines.dropFirst().joined()
}
