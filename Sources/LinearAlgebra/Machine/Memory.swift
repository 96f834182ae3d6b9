import Glibc

/// The memory that this process may still have: asked for before large work, so that too little is an error instead of the program's end.
public enum Memory {
    /// Throws where the system has not so many bytes more.
    ///
    /// What is less than 16 MB is let pass, as asking takes longer than most work of that size. The answer holds for now alone: others may take
    /// the memory meanwhile. Storage that a tensor then does not get ends the program, with a line that says what was needed.
    public static func require(_ bytes: Int) throws(MemoryShortage) {
        guard bytes >= 16 << 20 else { return }
        // A quarter more, as much as the tensors' pool may round up.
        let needed = bytes.addingReportingOverflow(bytes / 4)
        if let shortage = shortage(of: needed.overflow ? .max : needed.partialValue, limits: limits()) { throw shortage }
    }

    /// The tightest of the limits, where it leaves less.
    package static func shortage(of bytes: Int, limits: [(free: Int, what: String)]) -> MemoryShortage? {
        guard let tightest = limits.min(by: { $0.free < $1.free }), tightest.free < bytes else { return nil }
        return MemoryShortage(needed: bytes, free: tightest.free, limit: tightest.what)
    }

    /// What each limit leaves.
    private static func limits() -> [(free: Int, what: String)] {
        var limits: [(free: Int, what: String)] = []
        let sizes = (systemFile("/proc/self/statm") ?? "").split(separator: " ").compactMap { Int($0) }
        func add(_ resource: __rlimit_resource, used pages: Int?, _ what: String) {
            var limit = rlimit()
            guard let pages, getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(Int.max) else {
                return
            }
            limits.append((max(0, Int(limit.rlim_cur) - pages * sysconf(CInt(_SC_PAGESIZE))), what))
        }
        add(RLIMIT_AS, used: sizes.first, "left by ulimit -v")
        add(RLIMIT_DATA, used: sizes.count > 5 ? sizes[5] : nil, "left by ulimit -d")
        if let free = ControlGroups().freeMemory { limits.append((free, "left by the container's limit")) }
        if let free = availableMemory(systemFile("/proc/meminfo") ?? "") { limits.append((free, "free on this machine")) }
        return limits
    }

    /// What the system could give without writing other memory to disk.
    package static func availableMemory(_ information: String) -> Int? {
        guard let line = information.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }) else { return nil }
        return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }

    /// Whether the address space has room for so many more bytes in one piece.
    static func canMap(bytes: Int) -> Bool {
        // Not by malloc and free: the compiler leaves out such a pair.
        guard let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), memory != MAP_FAILED else {
            return false
        }
        munmap(memory, bytes)
        return true
    }

    /// Ends the program where memory that cannot be done without is not to be had.
    package static func end(needed bytes: Int, for purpose: String) -> Never {
        fatalError("memory: needed \(megabytes(bytes)) for \(purpose), the system has no more")
    }
}

/// Too little memory for what was asked; `description` is a part of a line for the user.
public struct MemoryShortage: Error, Equatable, CustomStringConvertible {
    /// In bytes, about.
    public let needed: Int
    /// What is left, in bytes.
    public let free: Int
    /// By which limit.
    let limit: String

    public var description: String { "needed about \(megabytes(needed)) of memory, found \(megabytes(free)) \(limit)" }
}

/// Rounded up.
private func megabytes(_ bytes: Int) -> String { "\(bytes / 1_000_000 + (bytes % 1_000_000 > 0 ? 1 : 0)) MB" }
