/// The version of this library, its program and all that is built of them: the one place that names it.
public enum LinWarpVersion {
    /// Major, minor and patch, as semantic versioning (semver.org) has them.
    public static let current = "0.2.0"
}
