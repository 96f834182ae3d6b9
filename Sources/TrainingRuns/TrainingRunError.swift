import LinWarp

/// Why a network can't be trained as asked; `description` is one line for the user.
package enum TrainingRunError: Error, Equatable, CustomStringConvertible {
    /// The images of a data set are not square, or those of its parts differ in size.
    case wrongSizes(path: String, found: [[Int]])
    /// A part of a data set is empty.
    case emptyPart(path: String, training: Int, validation: Int, test: Int)
    /// A checkpoint is that of another training; both described by what differs.
    case otherTraining(path: String, found: String, expected: String)
    /// Batches of so many images take more memory than there is.
    case tooLittleMemory(batch: Int, MemoryShortage)
    /// A file of an earlier run could not be read, for the reason given.
    case cannotRead(path: String, reason: String)
    /// A file could not be written.
    case cannotWrite(path: String, reason: String)

    package var description: String {
        switch self {
        case .wrongSizes(let path, let found): "\(path): found images of the sizes \(found), expected square ones of one size"
        case .emptyPart(let path, let training, let validation, let test):
            "\(path): found \(training) images to train, \(validation) to validate and \(test) to test with, expected at least one of each"
        case .otherTraining(let path, let found, let expected): "\(path): found a training with \(found), expected \(expected)"
        case .tooLittleMemory(let batch, let shortage): "batches of \(batch) images: \(shortage)"
        case .cannotRead(let path, let reason): "\(path): cannot be read: \(reason)"
        case .cannotWrite(let path, let reason): "\(path): cannot be written: \(reason)"
        }
    }
}
