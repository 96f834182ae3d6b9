import Files
import LinearAlgebra
import Synchronization
import Tensors

/// Puts aligned frames on the disk, then takes the median of a few pixels of all of them at a time.
struct MedianCombiner: FrameCombiner {
    private let window: StackWindow
    private let scratch: ScratchFile
    private let directory: String
    private let count: Int
    private(set) var hasAlpha = false
    private var colors = 1

    init(_ window: StackWindow, frames count: Int, scratch directory: String) throws(StackError) {
        (self.window, self.count, self.directory) = (window, count, directory)
        do throws(FileError) { scratch = try ScratchFile(in: directory) } catch {
            throw .scratch(directory: directory, reason: error.reason)
        }
    }

    mutating func add(_ frame: AlignedFrame) throws {
        (hasAlpha, colors) = (frame.hasAlpha, frame.colors)
        let (width, plane) = (window.width, window.width * window.height)
        // NaN is what a frame does not show.
        let shown = Tensor<Float>(shape: [colors, window.height, width]) { out in
            let out = out.baseAddress!
            frame.forEachRow { y, columns, pixels, opacity in
                for color in 0..<frame.colors {
                    let (row, values) = (out + color * plane + y * width, pixels + color * plane)
                    row.update(repeating: .nan, count: width)
                    for x in columns where opacity.map({ $0[x] > 0.5 }) ?? true { row[x] = values[x] }
                }
            }
        }
        try shown.withScalars { numbers in
            do throws(FileError) { try scratch.append(UnsafeRawBufferPointer(numbers)) } catch {
                throw StackError.scratch(directory: directory, reason: error.reason)
            }
        }
    }

    mutating func result() throws -> Tensor<Float> {
        let (colors, count, plane) = (colors, count, window.width * window.height)
        // As many pixels at a time as make, of all frames, one frame.
        let run = max(64, plane / count)
        let runs = (plane + run - 1) / run
        let failure: Mutex<FileError?> = Mutex(nil)
        let result = Tensor<Float>(shape: [colors + 1, window.height, window.width]) { out in
            let out = out.baseAddress!
            Threads.forEachPiece(of: colors * runs, size: 1) { pieces in
                var band = [Float](repeating: 0, count: run * count)
                var column = [Float](repeating: 0, count: count)
                for piece in pieces {
                    let (color, start) = (piece / runs, piece % runs * run)
                    let length = min(run, plane - start)
                    do throws(FileError) {
                        for n in 0..<count {
                            let place = 4 * ((n * colors + color) * plane + start)
                            try band.withUnsafeMutableBufferPointer { (band) throws(FileError) in
                                let part = UnsafeMutableBufferPointer(rebasing: band[n * run..<n * run + length])
                                try scratch.read(into: UnsafeMutableRawBufferPointer(part), at: place)
                            }
                        }
                    } catch {
                        failure.withLock { $0 = error }
                        return
                    }
                    for i in 0..<length {
                        let middle = median(of: count, &column) { band[$0 * run + i] }
                        (out + color * plane + start + i).initialize(to: middle ?? 0)
                        if color == 0 { (out + colors * plane + start + i).initialize(to: middle == nil ? 0 : 1) }
                    }
                }
            }
        }
        if let error = failure.withLock({ $0 }) { throw StackError.scratch(directory: directory, reason: error.reason) }
        return result
    }
}

/// Of the values that are numbers; of an even number of them, the mean of the two in the middle. Nil where none is.
private func median(of count: Int, _ column: inout [Float], _ value: (Int) -> Float) -> Float? {
    var numbers = 0
    for n in 0..<count {
        let value = value(n)
        guard !value.isNaN else { continue }
        column[numbers] = value
        numbers += 1
    }
    guard numbers > 0 else { return nil }
    return column.withUnsafeMutableBufferPointer { column in
        let middle = numbers / 2
        select(middle, of: column[0..<numbers])
        guard numbers.isMultiple(of: 2) else { return column[middle] }
        return (column[middle] + column[0..<middle].max()!) / 2
    }
}

/// Brings the value of rank `rank` to its place, lower ones before it (Hoare, 1961).
private func select(_ rank: Int, of values: Slice<UnsafeMutableBufferPointer<Float>>) {
    let base = values.base
    var (low, high) = (values.startIndex, values.endIndex - 1)
    while low < high {
        let pivot = base[rank]
        var (i, j) = (low, high)
        while i <= j {
            while base[i] < pivot { i += 1 }
            while base[j] > pivot { j -= 1 }
            if i <= j {
                base.swapAt(i, j)
                i += 1
                j -= 1
            }
        }
        if j < rank { low = i }
        if i > rank { high = j }
    }
}
