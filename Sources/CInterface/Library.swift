import CLinWarp
import LinearAlgebra

@c @implementation public func linwarp_version() -> UnsafePointer<CChar>! { version }

@c @implementation public func linwarp_abi_version() -> CInt { LINWARP_ABI_VERSION }

@c @implementation public func linwarp_threads() -> CInt { CInt(clamping: Threads.count) }

@c @implementation public func linwarp_set_threads(_ count: CInt) -> linwarp_status {
    status {
        guard (1...1024).contains(count) else { throw Failure.invalid("count", found: "\(count)", expected: "1 to 1024") }
        Threads.count = Int(count)
    }
}

/// As C has it, for ever.
private nonisolated(unsafe) let version: UnsafePointer<CChar> = copied(LinWarpVersion.current)

/// A text as C has it; whoever takes it frees it.
func copied(_ text: String) -> UnsafePointer<CChar> {
    let characters = text.utf8CString
    let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: characters.count)
    _ = copy.initialize(from: characters)
    return UnsafePointer(copy.baseAddress!)
}
