/// Why a `.npy` or `.npz` file could not be read or written.
public enum NumPyFileError: Error, Equatable {
    /// There is no file at the path.
    case missing(path: String)
    /// The file is there but was not read.
    case unreadable(path: String, reason: String)
    /// What it holds is not such a file, or not a whole one; `found` and `expected` say where they differ.
    case damaged(path: String, found: String, expected: String)
    /// Elements that are no numbers: text, objects, records, complex numbers.
    case unsupportedElements(path: String, found: String)
    /// The file could not be written; the one from before is as it was.
    case cannotWrite(path: String, reason: String)
}

extension NumPyFileError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missing(let path): "\(path): there is no such file"
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .damaged(let path, let found, let expected): "\(path): found \(found), expected \(expected)"
        case .unsupportedElements(let path, let found):
            "\(path): found elements of the type \(found), expected whole numbers, floating-point numbers or truth values"
        case .cannotWrite(let path, let reason): "\(path): cannot be written: \(reason)"
        }
    }
}
