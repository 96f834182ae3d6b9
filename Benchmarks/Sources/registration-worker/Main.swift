import Foundation
import LinWarp

/// Aligns one pair of images at a time, for a script that gives the same pair to other programs in turn.
///
/// Reads a request a line and answers with a line, both JSON.
@main
enum RegistrationWorker {
    struct Request: Decodable {
        var source, target: String
        var family: TransformationFamily
        /// The normalized matrix where the search starts; nil where nobody says.
        var initial: [Double]?
    }

    /// What `align` says of a pair; nil where it does not.
    struct Found: Encodable {
        var status: String
        /// From normalized target to normalized source coordinates, row by row.
        var matrix: [Double]?
        /// trusted, doubtful or failed.
        var verdict: String?
    }

    struct Answer: Encodable {
        var found: Found
        /// Of `align` alone: on the clock, and of all threads together.
        var seconds, processorSeconds: Double
        /// The most that the process held meanwhile, the two images among it.
        var peakMegabytes: Double?
    }

    static func main() throws {
        write("kernels \(KernelLevel.current), threads \(Threads.count), \(BLASInformation.configuration)")
        while let line = readLine() {
            let request = try JSONDecoder().decode(Request.self, from: Data(line.utf8))
            write(String(decoding: try JSONEncoder().encode(answer(request)), as: UTF8.self))
        }
    }

    /// The one place that uses the interface of `align`.
    static func found(_ source: Picture, _ target: Picture, _ request: Request) -> Found {
        let settings = AlignmentSettings(
            family: request.family, start: request.initial.map { .matrix(Matrix3($0)) } ?? .search, sourceMask: source.opacity,
            targetMask: target.opacity)
        do {
            let alignment = try align(source.colors, to: target.colors, settings)
            let matrix = alignment.matrix
            return Found(
                status: alignment.status.rawValue, matrix: matrix.isFinite ? matrix.elements : nil, verdict: alignment.verdict?.rawValue)
        } catch { return Found(status: "error: \(error)") }
    }

    static func answer(_ request: Request) throws -> Answer {
        let images = (try Tensor<Float>(imageAt: request.source), try Tensor<Float>(imageAt: request.target))
        let (source, target) = (Picture(images.0), Picture(images.1))
        forgetPeakMemory()
        let (start, processorStart) = (ContinuousClock.now, processorSeconds())
        let found = found(source, target, request)
        return Answer(
            found: found, seconds: start.duration(to: .now) / .seconds(1), processorSeconds: processorSeconds() - processorStart,
            peakMegabytes: peakMegabytes())
    }

    /// An image as the program reads it: grey or RGB; what is transparent does not count.
    struct Picture {
        let colors: Tensor<Float>
        let opacity: Tensor<Float>?

        init(_ image: Tensor<Float>) {
            let channels = image.shape[0]
            colors = image[0..<(channels < 3 ? 1 : 3)]
            opacity = channels % 2 == 0 ? image[channels - 1..<channels].reshaped(Array(image.shape[1...])) : nil
        }
    }

    /// Unlike `print`, without waiting for more.
    static func write(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }

    /// From here on the kernel counts this process's peak anew.
    static func forgetPeakMemory() { try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs")) }

    static func peakMegabytes() -> Double? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(separator: " ").compactMap { Double($0) }.first.map { $0 / 1024 }
    }
}
