import Files
import Glibc

/// A process that has written a file and waits before the file takes its place, for tests of what happens to it meanwhile:
/// `staging-process PATH [named]`. It says "staged", and goes on when its standard input has a line or an end.
@main
enum Main {
    static func main() throws {
        removeFilesOnSignals()
        let file = try StagedFile(at: CommandLine.arguments[1], usesName: CommandLine.arguments.contains("named"))
        try [UInt8]("staged\n".utf8).withUnsafeBufferPointer { try file.write(UnsafeRawBufferPointer($0)) }
        try printOutput(["staged"])
        _ = readLine()
        try file.commit()
    }
}
