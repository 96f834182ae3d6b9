import Files
import Foundation
import LinWarp

/// A file of JSON objects, one a line.
package struct TrainingLog {
    private let path: String

    /// - Parameter path: The file; it is made with the first entry.
    init(_ path: String) { self.path = path }

    /// Keeps the entries up to an iteration; later ones come from a run that was interrupted after its last checkpoint.
    func keep(upTo iteration: Int) throws {
        let text = try entries.prefix { $0.iteration <= iteration }.map { try encodedJSON($0) + "\n" }.joined()
        do throws(FileError) { try replaceFile(at: path, with: Array(text.utf8)) } catch {
            throw TrainingRunError.cannotWrite(path: path, reason: error.reason)
        }
    }

    /// Those in the file, up to the first that is damaged; none where there is no file.
    var entries: [Entry] {
        get throws(TrainingRunError) {
            let text: String
            do throws(InputFileError) {
                text = try textOfFile(at: path, limit: sizeLimit)
            } catch {
                guard let reason = error.reason else { return [] }
                throw .cannotRead(path: path, reason: reason)
            }
            var entries: [Entry] = []
            for line in text.split(separator: "\n") {
                guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(line.utf8)) else { break }
                entries.append(entry)
            }
            return entries
        }
    }

    package struct Entry: Codable, Sendable {
        package var iteration: Int
        package var loss, validationError, imagesPerSecond: Double
        /// What exchanging gradients takes in an iteration; nil for a single process.
        package var communicationSeconds: Double?
        /// How large a view the transformer shows of the images of the last batch, along a side: `meanScale`. Nil where there is none.
        package var scale: Double?
    }

    func append(_ entry: Entry) throws {
        let line = try encodedJSON(entry) + "\n"
        do throws(FileError) { try Files.append(line, toFile: path) } catch {
            throw TrainingRunError.cannotWrite(path: path, reason: error.reason)
        }
    }
}

/// In bytes: a million entries.
private let sizeLimit = 1 << 28

/// How fast training goes, and how the loss has been since the last entry of the log.
struct Pace {
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private let first: Int
    /// The end of the last iteration or validation.
    private var mark: ContinuousClock.Instant
    /// Without validation.
    private var training = Duration.zero
    private var images = 0
    private var losses: [Double] = []
    private var communication = Duration.zero

    init(from iteration: Int) {
        start = clock.now
        mark = start
        first = iteration
    }

    mutating func add(loss: Double, images count: Int) {
        losses.append(loss)
        images += count
        training += clock.now - mark
        mark = clock.now
    }

    private var seconds: Double { (clock.now - start) / .seconds(1) }
    private var imagesPerSecond: Double { Double(images) / (training / .seconds(1)) }
    private var meanLoss: Double { losses.reduce(0, +) / Double(max(1, losses.count)) }

    func line(_ iteration: Int, of all: Int, _ validationError: Double?) -> String {
        let left = seconds / Double(max(1, iteration - first)) * Double(all - iteration)
        let validation = validationError.map { ", best validation error \(percent($0))" } ?? ""
        return "iteration \(iteration) of \(all), loss \(fixed(meanLoss, 4))\(validation), \(fixed(imagesPerSecond, 0)) images/s, "
            + "\(fixed(left, 0)) s left"
    }

    /// - Parameter all: How long exchanging gradients has taken since training began; nil for a single process.
    mutating func entry(_ iteration: Int, validationError: Double, scale: Double?, communication all: Duration?) -> TrainingLog.Entry {
        let exchanges = all.map { ($0 - communication) / .seconds(1) / Double(max(1, losses.count)) }
        (communication, mark) = (all ?? .zero, clock.now)
        defer { losses = [] }
        return .init(
            iteration: iteration, loss: meanLoss, validationError: validationError, imagesPerSecond: imagesPerSecond,
            communicationSeconds: exchanges, scale: scale)
    }
}
