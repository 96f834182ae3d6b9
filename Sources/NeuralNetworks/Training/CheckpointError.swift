/// Why a safetensors file or a checkpoint was not read or not written. Each case names the file; `description` is one line for the user.
public enum CheckpointError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no file at the path.
    case missing(path: String)
    /// The system does not let the file be read, for the reason given.
    case unreadable(path: String, reason: String)
    /// The system does not let the file be written, for the reason given; the file from before is as it was.
    case cannotWrite(path: String, reason: String)
    /// The file has another number of bytes than its header asks for: it is truncated, or has something added.
    case wrongSize(path: String, found: Int, expected: Int)
    /// The header is not that of a safetensors file.
    case invalidHeader(path: String, found: String, expected: String)
    /// A tensor's data lie where they cannot.
    case invalidOffsets(path: String, tensor: String, found: String, expected: String)
    /// A tensor's shape has more elements than can be counted.
    case invalidShape(path: String, tensor: String, found: [Int])
    /// A tensor is of another element type.
    case wrongType(path: String, tensor: String, found: String, expected: String)
    /// A tensor of the network is not in the file. Here and below, names of tensors are those in the file.
    case missingTensor(path: String, tensor: String)
    /// A tensor in the file is not one of the network.
    case unknownTensor(path: String, tensor: String)
    /// A tensor has another shape than in the network.
    case wrongShape(path: String, tensor: String, found: [Int], expected: [Int])
    /// A tensor holds a NaN or an infinity.
    case notFinite(path: String, tensor: String, found: String)
    /// A safetensors file, but not a checkpoint that this version reads; `found` is its claim.
    case notACheckpoint(path: String, found: String)
    /// A checkpoint of another network; both as described by their programs.
    case otherNetwork(path: String, found: String, expected: String)
    /// A checkpoint's metadata lack an entry, or it is damaged.
    case invalidMetadata(path: String, key: String, found: String, expected: String)

    public var description: String {
        switch self {
        case .missing(let path): "\(path): found no such file, expected a checkpoint"
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .cannotWrite(let path, let reason): "\(path): cannot be written: \(reason)"
        case .wrongSize(let path, let found, let expected): "\(path): found \(found) bytes, expected \(expected)"
        case .invalidHeader(let path, let found, let expected): "\(path): found \(found) in the header, expected \(expected)"
        case .invalidOffsets(let path, let tensor, let found, let expected):
            "\(path): found the tensor \(quoted(tensor)) at \(found), expected it at \(expected)"
        case .invalidShape(let path, let tensor, let found):
            "\(path): found the shape \(shortened("\(found)")) for the tensor \(quoted(tensor)), expected fewer elements"
        case .wrongType(let path, let tensor, let found, let expected):
            "\(path): found the type \(quoted(found)) for the tensor \(quoted(tensor)), expected \(expected)"
        case .missingTensor(let path, let tensor): "\(path): found no tensor \(quoted(tensor)), expected one for the network"
        case .unknownTensor(let path, let tensor): "\(path): found a tensor \(quoted(tensor)), expected none but the network's"
        case .wrongShape(let path, let tensor, let found, let expected):
            "\(path): found the shape \(shortened("\(found)")) for the tensor \(quoted(tensor)), expected \(expected)"
        case .notFinite(let path, let tensor, let found):
            "\(path): found \(found) in the tensor \(quoted(tensor)), expected finite numbers"
        case .notACheckpoint(let path, let found): "\(path): found \(found), expected a LinWarp checkpoint"
        case .otherNetwork(let path, let found, let expected):
            "\(path): found a checkpoint of the network \(quoted(found)), expected \(quoted(expected))"
        case .invalidMetadata(let path, let key, let found, let expected):
            "\(path): found \(found) for \(quoted(key)) in the metadata, expected \(expected)"
        }
    }
}

/// A text from a file for a message: in quotes, line breaks and the like escaped, and not too long.
func quoted(_ text: String) -> String { shortened(String(reflecting: text)) }

private func shortened(_ text: String) -> String { text.count > 100 ? "\(text.prefix(80))... (\(text.count) characters)" : text }
