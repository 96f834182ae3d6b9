import Files
import Foundation
import LinWarp

/// What the trials of an experiment gave: a row for each, on the disk as soon as it is known. So an experiment that was interrupted goes on
/// behind the last row.
struct TrialTable {
    private let path: String
    private let seed: String
    /// The names of all columns, and how many of them tell the trials from each other.
    private let columns: [String]
    private let keyCount: Int
    private var rows: [[String]: [Double]] = [:]
    /// What the file is to hold before the next row, nil where it does: until a trial is done, a file from before stays as it is.
    private var start: String?

    /// - Parameters:
    ///   - name: Of the CSV file.
    ///   - keys: The columns that, with the seed before them, tell trials from each other.
    ///   - values: The columns of what a trial gives.
    ///   - isShared: Whether other experiments have rows in the same file, which then stay there in any case.
    ///   - settings: Where the file is, and whether its rows are taken for what they say.
    init(_ name: String, keys: [String], values: [String], isShared: Bool = false, _ settings: ExperimentSettings) throws {
        path = settings.path(name)
        seed = "\(settings.seed)"
        columns = ["seed"] + keys + values
        keyCount = 1 + keys.count
        let stored = settings.resumes || isShared ? try storedRows() : []
        // Of rows of the same trial the last one counts: it was done anew.
        rows = Dictionary(stored.map { ($0.key, $0.values) }) { $1 }
        var text = columns.joined(separator: ",") + "\n"
        var written: Set<[String]> = []
        for (key, _) in stored where written.insert(key).inserted { text += line(key, rows[key]!) }
        start = text
        if !settings.resumes { rows = [:] }
    }

    /// What a trial gave; nil where it has not been done.
    subscript(key: [String]) -> [Double]? { rows[[seed] + key] }

    /// What a trial gives: from the file where it was done before, else by doing it now.
    mutating func values(_ key: [String], _ trial: () throws -> [Double]) throws -> [Double] {
        let key = [seed] + key
        if let values = rows[key] { return values }
        let values = try trial()
        try append(line(key, values))
        rows[key] = values
        return values
    }

    /// What several trials give; those that are not in the file are done side by side.
    mutating func values(_ keys: [[String]], _ trial: @Sendable (_ index: Int) -> [Double]) throws -> [[Double]] {
        let missing = keys.indices.filter { rows[[seed] + keys[$0]] == nil }
        let found = [[Double]](unsafeUninitializedCapacity: missing.count) { results, count in
            let results = results.baseAddress!
            Threads.forEachPiece(of: missing.count, size: 1) { piece in
                for i in piece { (results + i).initialize(to: trial(missing[i])) }
            }
            count = missing.count
        }
        for (index, values) in zip(missing, found) { _ = try self.values(keys[index]) { values } }
        return keys.map { rows[[seed] + $0]! }
    }

    private func line(_ key: [String], _ values: [Double]) -> String {
        (key + values.map { "\($0)" }).joined(separator: ",") + "\n"
    }

    /// The rows of the file that is there; none where there is no file. A last line that was being written is left out.
    private func storedRows() throws -> [(key: [String], values: [Double])] {
        let text: String
        do throws(InputFileError) {
            text = try textOfFile(at: path, limit: sizeLimit)
        } catch {
            guard let reason = error.reason else { return [] }
            throw ExperimentError.cannotRead(path: path, reason: reason)
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        let expected = columns.joined(separator: ",")
        guard let header = lines.first, header == expected else {
            throw ExperimentError.otherTable(path: path, found: String(lines.first ?? ""), expected: expected)
        }
        return lines.dropFirst().compactMap { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            let values = fields.dropFirst(keyCount).compactMap { Double($0) }
            return fields.count == columns.count && values.count == columns.count - keyCount
                ? (Array(fields.prefix(keyCount)), values) : nil
        }
    }

    private mutating func append(_ text: String) throws {
        if let start {
            try writeFile(start + text, to: path)
            self.start = nil
            return
        }
        do throws(FileError) { try Files.append(text, toFile: path) } catch {
            throw ExperimentError.cannotWrite(path: path, reason: error.reason)
        }
    }
}

/// In bytes: more trials than any experiment has.
private let sizeLimit = 1 << 26

/// A short name for a protocol, by all that it is made of: a key of trials. After a change of a constant, or with other images, no row of
/// before is taken.
///
/// - Parameter parts: Numbers, texts and structures of them. Their descriptions count.
package func protocolName(_ parts: Any...) -> String {
    let text = laterOptions.reduce(parts.map { "\($0)" }.joined(separator: "; ")) { $0.replacing($1, with: "") }
    return String(stableHash(text), radix: 16)
}

/// Options that came after the first rows, as a description has them where they are at the values that those rows had. They do not count, so that the
/// rows stay good.
private let laterOptions = [
    ", noiseFrame: Sampling.LinearizedSampler.NoiseFrame.target", ", outside: Sampling.LinearizedSampler.OutsideSamples.leftOut",
    ", linearized: nil", ", scaleBound: nil", ", optimizer: TrainingRuns.TrainingRun.Optimizer.adam",
]

extension Tensor<Float> {
    /// A number for what an image shows, to tell other images from it.
    var digest: UInt32 { withScalars { stableHash($0.lazy.map { $0.bitPattern }) } }
}
