import Foundation
import NeuralNetworks
import TestSupport
import Tensors
import XCTest

final class SafetensorsTests: CheckpointTestCase {
    /// A file of this header, as it stands, and `data` bytes behind it.
    private func error(_ header: String, data: Int = 0, file: StaticString = #filePath, line: UInt = #line) throws -> CheckpointError? {
        try error(bytes: Array(header.utf8), data: data, file: file, line: line)
    }

    private func error(
        bytes header: [UInt8], length: UInt64? = nil, data: Int = 0, file: StaticString = #filePath, line: UInt = #line
    ) throws -> CheckpointError? {
        let path = try write(lengthBytes(length ?? UInt64(header.count)) + header + [UInt8](repeating: 0, count: data))
        return thrownError({ () throws(CheckpointError) in _ = try Safetensors(contentsOf: path) }, file: file, line: line)
    }

    private func lengthBytes(_ length: UInt64) -> [UInt8] { withUnsafeBytes(of: length.littleEndian) { Array($0) } }

    private func entry(_ dtype: String = "F32", _ shape: String = "[2]", _ offsets: String = "[0,8]") -> String {
        #"{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
    }

    func testRoundTrip() throws {
        let bits: [UInt32] = [0x8000_0000, 1, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0001, 0x7F7F_FFFF]
        let special = Tensor(bits.map { Float(bitPattern: $0) }, shape: [2, 3, 1])
        let written = Safetensors(
            tensors: [
                "special": StoredTensor(special), "a scalar": .double(Tensor(0.1)), "empty": .float(.zeros([3, 0])),
                "quote \" backslash \\ tab \t zero \0 é 😀": .double(randomTensor([7, 3])), "": .float(.ones([1])),
            ], metadata: ["line\nbreak": "€ \u{1F} \u{7F} /", "empty": "", "": "😀"])
        try written.write(to: path())
        let read = try Safetensors(contentsOf: path())
        XCTAssertEqual(read.metadata, written.metadata)
        XCTAssertEqual(read.tensors.filter { $0.key != "special" }, written.tensors.filter { $0.key != "special" })
        XCTAssertEqual(read.tensors["special"]?.tensor(as: Float.self)?.scalars.map(\.bitPattern), bits)
        XCTAssertEqual(read.tensors["special"]?.shape, [2, 3, 1])
        XCTAssertNil(read.tensors["special"]?.tensor(as: Double.self))
        // The same contents, the same bytes.
        let first = try bytes("checkpoint")
        try read.write(to: path("again"))
        XCTAssertEqual(try bytes("again"), first)
    }

    func testNothingIsAFileToo() throws {
        try Safetensors().write(to: path())
        XCTAssertEqual(try bytes("checkpoint"), lengthBytes(8) + Array("{}      ".utf8))
        XCTAssertEqual(try Safetensors(contentsOf: path()), Safetensors())
    }

    /// Bytes as Python's `safetensors.numpy.save` makes them of {"b": float32 [[1, 2]], "a": float64 3} and the metadata {"k": "é"}.
    func testBytesOfThePythonPackage() throws {
        let header =
            #"{"__metadata__":{"k":"é"},"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"#
            + #""b":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]}}"#
        var headerBytes = Array(header.utf8)
        while headerBytes.count % 8 != 0 { headerBytes.append(0x20) }
        let data: [UInt8] = [0, 0, 0, 0, 0, 0, 8, 0x40, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]
        let expected = Safetensors(
            tensors: ["a": .double(Tensor(3)), "b": .float(Tensor([1, 2], shape: [1, 2]))], metadata: ["k": "é"])
        let file = lengthBytes(UInt64(headerBytes.count)) + headerBytes + data
        XCTAssertEqual(try Safetensors(contentsOf: write(file)), expected)
        try expected.write(to: path("own"))
        XCTAssertEqual(try bytes("own"), file)
    }

    func testOtherOrderBlanksAndEscapes() throws {
        let header = " {\n\"\\u0041\\n\\ud83d\\ude00\\/\" : { \"data_offsets\":[ 0 , 4 ],\t\"shape\" : [ ] , \"dtype\":\"F32\" } } \r\n"
        let path = try write(lengthBytes(UInt64(header.utf8.count)) + Array(header.utf8) + [0, 0, 0x80, 0x3F])
        XCTAssertEqual(try Safetensors(contentsOf: path), Safetensors(tensors: ["A\n😀/": .float(Tensor(1))]))
    }

    func testLengths() throws {
        let small = Array(#"{"a":\#(entry())}"#.utf8)
        XCTAssertEqual(try error(bytes: small, length: 1000, data: 8), .wrongSize(path: path(), found: small.count + 16, expected: 1008))
        for length in [100_000_001, UInt64(Int64.max), UInt64(Int64.max) + 1, UInt64.max] {
            XCTAssertEqual(
                try error(bytes: small, length: length, data: 8),
                .invalidHeader(path: path(), found: "a length of \(length) bytes", expected: "at most 100000000"))
        }
        XCTAssertEqual(try error(bytes: small, data: 7), .wrongSize(path: path(), found: small.count + 15, expected: small.count + 16))
        XCTAssertEqual(try error(bytes: small, data: 9), .wrongSize(path: path(), found: small.count + 17, expected: small.count + 16))
        try write([1, 2, 3])
        XCTAssertEqual(
            thrownError { () throws(CheckpointError) in _ = try Safetensors(contentsOf: path()) },
            .wrongSize(path: path(), found: 3, expected: 8))
    }

    func testOffsetsAndShapes() throws {
        for entries in [
            [entry("F32", "[2]", "[0,12]")], [entry("F32", "[2]", "[0,4]")], [entry("F64", "[2]", "[0,8]")], [entry("F32", "[2]", "[8,0]")],
            [entry("F32", "[2]", "[4,12]")], [entry("F32", "[2]", "[0]")], [entry("F32", "[2]", "[0,4,8]")], [entry("F32", "[2]", "[]")],
            [entry("F32", "[2]", "[0,9223372036854775807]")], [entry("F32", "[2]", "[9223372036854775800,9223372036854775807]")],
            [entry(), entry()], [entry(), entry("F32", "[2]", "[4,12]")], [entry(), entry("F32", "[2]", "[12,20]")],
        ] {
            let members = entries.enumerated().map { "\"\($0)\":\($1)" }.joined(separator: ",")
            guard case .invalidOffsets = try error("{\(members)}", data: 16) else {
                XCTFail(members)
                continue
            }
        }
        for shape in ["[4294967296,4294967296]", "[9223372036854775807]", "[2,9223372036854775807,0]", "[65536,65536,65536,65536]"] {
            guard case .invalidShape = try error(#"{"a":\#(entry("F32", shape))}"#, data: 8) else {
                XCTFail(shape)
                continue
            }
        }
        // More than the file has, but not more than can be counted: before any memory is taken for it.
        let huge = #"{"a":\#(entry("F32", "[\(1 << 40)]", "[0,\(4 << 40)]"))}"#
        let headerEnd = 8 + huge.utf8.count
        XCTAssertEqual(try error(huge, data: 8), .wrongSize(path: path(), found: headerEnd + 8, expected: headerEnd + (4 << 40)))
    }

    func testOtherTypes() throws {
        for dtype in ["F16", "BF16", "I64", "f32", "", "F8_E4M3"] {
            XCTAssertEqual(
                try error(#"{"a":\#(entry(dtype))}"#, data: 8),
                .wrongType(path: path(), tensor: "a", found: dtype, expected: "F32 or F64"))
        }
    }

    func testHeadersThatAreNotOnes() throws {
        let headers = [
            "", " ", "null", "[]", "{", "{}}", "{} {}", "{\"a\"}", "{\"a\":}", "{\"a\":1}", "{,}", "{\"a\":{}}", "{\"a\":{},}",
            "{\"a\":\(entry()),}", "{\"a\":\(entry()) \"b\":\(entry())}", "{'a':\(entry())}", "{\"a\":\(entry()),\"a\":\(entry())}",
            "{\"a\":\(entry()),\"\\u0061\":\(entry())}",
            "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}",
            "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", "{\"a\":{\"more\":1,\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
            "{\"__metadata__\":{\"a\":1}}", "{\"__metadata__\":{\"a\":\"b\",\"a\":\"b\"}}", "{\"__metadata__\":{},\"__metadata__\":{}}",
            "{\"__metadata__\":[]}", "{\"a\":{\"dtype\":1,\"shape\":[2],\"data_offsets\":[0,8]}}",
            "{\"a\n\":\(entry())}", "{\"\\x\":\(entry())}", "{\"\\u12\":\(entry())}", "{\"\\u+123\":\(entry())}",
            "{\"\\ud800\":\(entry())}", "{\"\\ude00\":\(entry())}", "{\"\\ud800\\u0041\":\(entry())}", "{\"\\", "{\"\\u",
            String(repeating: "{\"a\":", count: 200_000), String(repeating: "[", count: 200_000),
        ]
        let shapes = ["[-2]", "[2.0]", "[2e0]", "[02]", "[\"2\"]", "[[2]]", "[2,]", "[9223372036854775808]", "[+2]", "2", "[true]", "[2"]
        for header in headers + shapes.map({ "{\"a\":\(entry("F32", $0))}" }) + ["{\"a\":\(entry("F32", "[2]", "[-8,0]"))}"] {
            let error = try error(header, data: 8)
            guard case .invalidHeader = error else {
                XCTFail("\(header.prefix(100)): \(String(describing: error))")
                continue
            }
        }
    }

    func testTextThatIsNotUTF8() throws {
        let end = Array("\":\(entry())}".utf8)
        for name: [UInt8] in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]] {
            guard case .invalidHeader(_, _, "one in UTF-8") = try error(bytes: Array("{\"".utf8) + name + end, data: 8) else {
                XCTFail("\(name)")
                continue
            }
        }
    }

    func testDescriptionIsOneLineWhateverTheNames() throws {
        let name = #"\n\r"# + String(repeating: "x", count: 10_000)
        let description = try error(#"{"\#(name)":\#(entry("F16\\n"))}"#, data: 8)?.description ?? ""
        XCTAssert(description.hasPrefix("\(path()): found the type \"F16\\n\" for the tensor \"\\n\\rxxx"), description)
        XCTAssertLessThan(description.count, directory.count + 300)
    }

    func testOtherThings() throws {
        func error(_ path: String) -> CheckpointError? {
            thrownError { () throws(CheckpointError) in _ = try Safetensors(contentsOf: path) }
        }
        XCTAssertEqual(error(path("missing")), .missing(path: path("missing")))
        XCTAssertEqual(error(directory), .unreadable(path: directory, reason: "it is a directory"))
        XCTAssertEqual(error("/dev/zero"), .unreadable(path: "/dev/zero", reason: "it is not a regular file"))
        try write([])
        XCTAssertEqual(error(path()), .wrongSize(path: path(), found: 0, expected: 8))
    }
}
