import Foundation
import LinearAlgebra
import TestSupport
import XCTest

/// What the system says of the limits of a process, as files that are made up.
final class MachineTests: DirectoryTestCase {
    private func groups(_ membership: String) -> ControlGroups { ControlGroups(root: directory, membership: membership) }

    func testMemoryOfTheSecondVersion() throws {
        let groups = groups("0::/outer/inner\n")
        XCTAssertNil(groups.freeMemory)
        try write("max\n", "outer/inner/memory.max")
        try write("5000\n", "outer/inner/memory.current")
        XCTAssertNil(groups.freeMemory)
        try write("9000\n", "outer/inner/memory.max")
        XCTAssertEqual(groups.freeMemory, 4000)
        // What holds files can be had back.
        try write("anon 100\nactive_file 300\ninactive_file 1000\n", "outer/inner/memory.stat")
        XCTAssertEqual(groups.freeMemory, 5300)
        // A group around it leaves less.
        try write("7000\n", "outer/memory.max")
        try write("6000\n", "outer/memory.current")
        XCTAssertEqual(groups.freeMemory, 1000)
        try write("8000\n", "outer/memory.current")
        XCTAssertEqual(groups.freeMemory, 0)
    }

    /// In a container the path may be that outside of it, which is not there: what is mounted counts.
    func testMemoryWithinAContainer() throws {
        try write("3000\n", "memory.max")
        try write("1000\n", "memory.current")
        XCTAssertEqual(groups("0::/far/away").freeMemory, 2000)
        try write("500\n", "memory/memory.limit_in_bytes")
        try write("400\n", "memory/memory.usage_in_bytes")
        XCTAssertEqual(groups("4:memory:/far/away\n0::/\n").freeMemory, 100)
    }

    func testMemoryOfTheFirstVersion() throws {
        let groups = groups("9:cpuset:/x\n4:cpu,memory:/a\n")
        for (place, limit) in [("memory", 9_223_372_036_854_771_712), ("memory/a", 6000)] {
            try write("\(limit)\n", "\(place)/memory.limit_in_bytes")
            try write("5000\n", "\(place)/memory.usage_in_bytes")
        }
        try write("total_inactive_file 700\ninactive_file 20\n", "memory/a/memory.stat")
        XCTAssertEqual(groups.freeMemory, 1700)
    }

    func testProcessorTime() throws {
        XCTAssertNil(groups("0::/a").processorTime)
        try write("max 100000\n", "a/cpu.max")
        XCTAssertNil(groups("0::/a").processorTime)
        try write("150000 100000\n", "a/cpu.max")
        try write("50000 100000\n", "cpu.max")
        XCTAssertEqual(groups("0::/a").processorTime, 0.5)
        try write("-1\n", "cpu/a/cpu.cfs_quota_us")
        try write("100000\n", "cpu/a/cpu.cfs_period_us")
        XCTAssertNil(groups("1:cpu:/a").processorTime)
        try write("300000\n", "cpu/a/cpu.cfs_quota_us")
        XCTAssertEqual(groups("1:cpu:/a").processorTime, 3)
    }

    func testMembershipThatSaysNothing() {
        for text in ["", "\n", "words", "::", "0:", "x:y:z"] {
            XCTAssertNil(groups(text).freeMemory, text)
            XCTAssertNil(groups(text).processorTime, text)
        }
    }

    func testAvailableMemory() {
        XCTAssertEqual(Memory.availableMemory("MemTotal:  9 kB\nMemAvailable:     8 kB\nBuffers: 7 kB\n"), 8192)
        for text in ["", "MemTotal: 9 kB\n", "MemAvailable:\n", "MemAvailable: x kB\n"] { XCTAssertNil(Memory.availableMemory(text), text) }
    }

    func testTheTightestLimitCounts() {
        let limits = [(free: 5_000_000, what: "by a"), (free: 3_000_000, what: "by b")]
        XCTAssertNil(Memory.shortage(of: 3_000_000, limits: limits))
        XCTAssertNil(Memory.shortage(of: 3, limits: []))
        XCTAssertEqual(
            Memory.shortage(of: 3_000_001, limits: limits)?.description, "needed about 4 MB of memory, found 3 MB by b")
    }

    func testWhatNoMachineHas() {
        let shortage = thrownError { () throws(MemoryShortage) in try Memory.require(.max) }
        XCTAssertEqual(shortage?.needed, .max)
        XCTAssertNoThrow(try Memory.require(0))
    }

    func testEnvironmentThatIsRight() throws {
        XCTAssertNil(try Environment.kernels([:]))
        XCTAssertNil(try Environment.threads([:]))
        XCTAssertNil(try Environment.data([:]))
        XCTAssertEqual(try Environment.kernels(["LINWARP_KERNELS": "baseline"]), .baseline)
        XCTAssertEqual(try Environment.threads(["LINWARP_THREADS": "12"]), 12)
        XCTAssertEqual(try Environment.data(["LINWARP_DATA": "a b"]), "a b")
    }

    func testEnvironmentThatIsWrong() {
        func assertWrong(_ variable: String, _ value: String, _ read: ([String: String]) throws(EnvironmentError) -> Void) {
            let error = thrownError { () throws(EnvironmentError) in try read([variable: value]) }
            XCTAssertEqual(error?.variable, variable)
            XCTAssertEqual(error?.found, value)
        }
        for value in ["", "foo", "AVX2", "avx2 "] {
            assertWrong("LINWARP_KERNELS", value) { (variables) throws(EnvironmentError) in _ = try Environment.kernels(variables) }
        }
        for value in ["", "0", "-1", "abc", "1.5", "99999999999999999999"] {
            assertWrong("LINWARP_THREADS", value) { (variables) throws(EnvironmentError) in _ = try Environment.threads(variables) }
        }
        assertWrong("LINWARP_DATA", "") { (variables) throws(EnvironmentError) in _ = try Environment.data(variables) }
    }
}
