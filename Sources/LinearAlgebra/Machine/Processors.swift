import CProcessors

/// The processors that this process may use.
package enum Processors {
    /// Those that it may run on, at most as many as the container may use at once; at least one.
    package static let count: Int = {
        let allowed = Int(processor_count())
        return ControlGroups().processorTime.map { max(1, min(allowed, Int($0.rounded(.up)))) } ?? allowed
    }()
}
