import FoundationEssentials
import Glibc

/// What the control groups of this process, and those that hold them, leave it: the limits of a container. Of both versions.
package struct ControlGroups {
    private let root: String
    /// Each is a version, 2 or 1, with the controllers that it has, and a path.
    private let memberships: [(version: Int, controllers: [Substring], path: String)]

    /// - Parameters:
    ///   - root: Where the groups are mounted.
    ///   - membership: The text that says which groups the process is in.
    package init(root: String = "/sys/fs/cgroup", membership: String? = systemFile("/proc/self/cgroup")) {
        self.root = root
        memberships = (membership ?? "").split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            return (parts[1].isEmpty ? 2 : 1, parts[1].split(separator: ","), String(parts[2]))
        }
    }

    /// How many processors it may use at once, where that is limited.
    package var processorTime: Double? {
        let shares = directories("cpu").compactMap { directory, version -> Double? in
            let numbers: [Double?]
            if version == 2 {
                numbers = (systemFile("\(directory)/cpu.max") ?? "").split(whereSeparator: \.isWhitespace).map { Double($0) }
            } else {
                numbers = ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map { number("\(directory)/\($0)").map(Double.init) }
            }
            guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else { return nil }
            return quota / period
        }
        return shares.min()
    }

    /// How many bytes more it may have, where that is limited. What holds files can be had back.
    package var freeMemory: Int? {
        let free = directories("memory").compactMap { directory, version -> Int? in
            let names =
                version == 2
                ? ("memory.max", "memory.current", ["inactive_file", "active_file"])
                : ("memory.limit_in_bytes", "memory.usage_in_bytes", ["total_inactive_file", "total_active_file"])
            guard let limit = number("\(directory)/\(names.0)"), let used = number("\(directory)/\(names.1)") else { return nil }
            let files = (systemFile("\(directory)/memory.stat") ?? "").split(separator: "\n").reduce(0) { sum, line in
                let words = line.split(separator: " ")
                return words.count == 2 && names.2.contains(String(words[0])) ? sum + (Int(words[1]) ?? 0) : sum
            }
            return max(0, limit - max(0, used - files))
        }
        return free.min()
    }

    /// Those of a controller, from the process's own group up.
    private func directories(_ controller: Substring) -> [(path: String, version: Int)] {
        memberships.flatMap { membership -> [(path: String, version: Int)] in
            let mounts: [String]
            if membership.version == 2 {
                mounts = [root, "\(root)/unified"]
            } else {
                guard membership.controllers.contains(controller) else { return [] }
                mounts = ["\(root)/\(controller)", "\(root)/\(membership.controllers.joined(separator: ","))"]
            }
            let names = membership.path.split(separator: "/")
            return Set(mounts).flatMap { mount in
                (0...names.count).map { (([Substring(mount)] + names.dropLast($0)).joined(separator: "/"), membership.version) }
            }
        }
    }

    /// The one number in a file; nil where there is none, or "max".
    private func number(_ path: String) -> Int? { systemFile(path).flatMap { Int($0.split(whereSeparator: \.isWhitespace).first ?? "") } }
}

/// A file in which the system tells something; nil where there is none.
package func systemFile(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
