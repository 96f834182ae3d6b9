import ArgumentParser
import Files
import LinWarp
import Synchronization

struct StackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stack",
        abstract: "Aligns many frames of the same scene, and combines them.",
        discussion: """
            A frame that can't be read, is of another size or shows something else is named and left out.

            Writes into the output directory: the aligned frames (aligned/0001-NAME.png and so on) or their combination (stack.png); \
            frames.csv, a row for each frame: whether it was used, its matrix and verdict, how far its corners may be off; drift.png, a \
            picture of how the frames lie; and stack.jsonl, by which --resume goes on after an interruption.

            Examples:
              linwarp stack burst/*.jpg --combine mean --out night
              linwarp stack 'timelapse/*.png' --reference previous --crop common --out steady
            """)

    @Argument(
        help: "The frames, in order: image files, or quoted patterns such as 'burst/*.jpg'. Each page of a TIFF file is a frame.",
        transform: pathArgument)
    var frames: [String]

    @Option(
        parsing: .unconditional,
        help:
            "What they are brought to: first, previous (each to the one before), mean (of all, after a first pass), or the number of a frame.",
        transform: referenceArgument)
    var reference: Stack.Reference = .frame(0)

    @Option(help: "The kind of transformation: \(TransformationFamily.choices).", transform: choiceArgument)
    var family: TransformationFamily = .affine

    @Option(help: "How they become one image: \(FrameOutput.choices).", transform: choiceArgument)
    var combine: FrameOutput = .none

    @Option(
        help: "What is cut out: \(StackWindow.Crop.choices). With all, what a frame does not show is transparent.",
        transform: choiceArgument)
    var crop: StackWindow.Crop = .common

    @Option(help: "An image of the frames' size: its dark pixels leave out those of every frame.", transform: pathArgument)
    var mask: String?

    @OptionGroup var conventions: ConventionOptions

    @OptionGroup var writing: ImageOptions

    @Option(help: "The directory to write to.", transform: pathArgument)
    var out = "linwarp-out"

    @Flag(help: "Go on with the stack in the output directory, where there is one.")
    var resume = false

    @Flag(help: "Begin anew; what another stack has left in the output directory goes.")
    var overwrite = false

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @OptionGroup var quiet: QuietOption

    func validate() throws {
        if resume && overwrite { throw ValidationError("--overwrite: found together with --resume, expected either") }
        try conventions.check(family)
    }

    mutating func run() throws {
        let files = try FrameFiles(frames)
        if case .frame(let index) = reference, index >= files.count {
            throw ValidationError("--reference: found frame \(index + 1), expected one of 1 to \(files.count)")
        }
        let output = try OutputDirectory(out)
        try output.lock()
        let journal = try StackJournal(
            in: out, of: StackJournal.Setup(reference: reference, family: family, mask: mask, frames: files.stamps),
            resumes: resume, overwrites: overwrite)
        let stack = Stack(count: files.count) { try files.frame($0) }
        let progress = quiet.progress()
        defer { progress.clear() }
        let placed = try align(stack, files, journal, progress)
        let window = try namingOptions { try stack.window(crop, of: placed) }
        let like = try files.file(placed.first { $0.place != nil }!.index)
        let writing = self.writing.writing(like: like)
        let channels = like.pixels.shape[0] + 1
        try requireMemory(
            8 * MemoryLayout<Float>.stride * channels * window.width * window.height,
            for: "a stack of \(window.width)x\(window.height) pixels")
        let report = StackReport(
            names: files.names, frames: placed, size: PixelSize(of: like.pixels), window: window, conventions: conventions, out: out,
            combined: combine == .none ? nil : "stack.\(writing.format.fileExtension)")
        try report.write()
        if let combination = combine.combination {
            var pace = Pace("combining", of: report.used.count)
            let image = try namingOptions {
                try stack.combined(placed, as: combination, window: window, transparent: crop == .all, scratch: out) { _ in
                    progress.show(pace.next())
                }
            }
            try writing.write(image, to: "\(out)/\(report.combined!)")
        } else {
            try writeAligned(stack, files, report, writing, journal, progress)
        }
        progress.clear()
        if json { try printResults(try report.json()) } else { try quiet.print(report.lines) }
    }

    private func align(
        _ stack: Stack, _ files: FrameFiles, _ journal: StackJournal, _ progress: ProgressLine
    ) throws -> [StackedFrame] {
        let settings = StackSettings(reference: reference, family: family, mask: try mask.map(brightness(ofMask:)))
        var pace = Pace("aligning", of: files.count * (reference == .mean ? 2 : 1), from: journal.steps.count)
        progress.show("aligning")
        var refused = journal.steps.map(\.frame).filter { $0.reason != nil }.min { $0.index < $1.index }
        let placed: [StackedFrame]
        do {
            placed = try namingOptions {
                try stack.align(settings, known: journal.steps) { step in
                    if step.frame.reason != nil, step.frame.index <= refused?.index ?? .max { refused = step.frame }
                    try journal.append(step)
                    progress.show(pace.next())
                }
            }
        } catch let failure as Failure {
            // Where all are left out, one of the reasons may be that of all.
            guard let one = refused.flatMap({ why($0, files) }) else { throw failure }
            throw Failure(description: "\(failure.description); \(one)")
        }
        progress.clear()
        for frame in placed { if let why = why(frame, files) { notice("\(why); left out") } }
        return placed
    }

    /// The name of a frame that is left out, and the reason.
    private func why(_ frame: StackedFrame, _ files: FrameFiles) -> String? {
        let name = files.names[frame.index]
        return frame.reason.map { $0.hasPrefix(name) ? $0 : "\(name): \($0)" }
    }

    private func writeAligned(
        _ stack: Stack, _ files: FrameFiles, _ report: StackReport, _ writing: ImageWriting, _ journal: StackJournal,
        _ progress: ProgressLine
    ) throws {
        let directory = try OutputDirectory("\(out)/aligned").path
        func file(_ frame: StackedFrame) -> StackJournal.Written {
            .init(
                name: files.alignedName(frame.index, writing.format), crop: crop, depth: writing.depth.rawValue, quality: writing.quality)
        }
        let missing = report.used.filter { !journal.written.contains(file($0)) }
        let pace = Mutex(Pace("writing", of: report.used.count, from: report.used.count - missing.count))
        // Each with the image that was read: four in memory.
        try missing.forEachConcurrently(atOnce: 2) { frame in
            let file = file(frame)
            try writing.write(stack.aligned(frame, window: report.window, transparent: crop == .all), to: "\(directory)/\(file.name)")
            try pace.withLock {
                try journal.append(written: file)
                progress.show($0.next())
            }
        }
    }

    /// What a stack fails for names the option that it comes from.
    private func namingOptions<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as StackError {
            switch error {
            case .noSuchReference, .unusableReference, .noFrameLeft: throw Failure(description: "--reference: \(error)")
            case .wrongMaskSize, .nothingCounts: throw Failure(description: "--mask \(mask ?? ""): \(error)")
            case .nothingInCommon, .tooLarge: throw Failure(description: "--crop: \(error)")
            case .scratch: throw Failure(description: "\(error)")
            }
        }
    }
}

/// What becomes of aligned frames.
enum FrameOutput: String, Choosable {
    /// Each is written.
    case none
    case mean, median, sharpest

    var combination: Stack.Combination? { Stack.Combination(rawValue: rawValue) }
}

extension StackWindow.Crop: Choosable {}

/// What frames are brought to: by name, or the number of a frame.
private func referenceArgument(_ text: String) throws -> Stack.Reference {
    switch text {
    case "first": return .frame(0)
    case "previous": return .previous
    case "mean": return .mean
    default:
        guard let number = Int(text), number >= 1 else {
            throw ValidationError("expected first, previous, mean or the number of a frame, from 1 on")
        }
        return .frame(number - 1)
    }
}
