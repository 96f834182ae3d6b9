import Foundation
import LinearAlgebra
import NumPyFiles
import TestSupport
import Tensors
import XCTest

final class NumPyFilesTests: DirectoryTestCase {
    /// A `.npy` file with a header as given.
    private func array(_ header: String, _ elements: [UInt8], version: UInt8 = 1) throws -> String {
        let length = [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)] + (version == 1 ? [] : [0, 0])
        return try write([0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array(header.utf8) + elements, "array.npy")
    }

    private func header(_ type: String, _ shape: String, columnsFirst: Bool = false) -> String {
        "{'descr': '\(type)', 'fortran_order': \(columnsFirst ? "True" : "False"), 'shape': \(shape), }"
    }

    private func errorOfArray(_ path: String) -> NumPyFileError? {
        do throws(NumPyFileError) { _ = try Tensor<Float>(npyAt: path) } catch { return error }
        return nil
    }

    private func errorOfArchive(_ path: String) -> NumPyFileError? {
        do throws(NumPyFileError) { _ = try NumPyArchive<Float>(contentsOf: path) } catch { return error }
        return nil
    }

    func testArraysComeBack() throws {
        for shape in [[], [5], [2, 3], [0, 4], [2, 1, 3]] {
            let x = randomTensor(shape, seed: 3) as Tensor<Float>
            try x.write(npyTo: path("x.npy"))
            XCTAssertEqual(try Tensor(npyAt: path("x.npy")), x)
            XCTAssertEqual(try Tensor<Double>(npyAt: path("x.npy")), x.cast(to: Double.self))
            // As NumPy aligns it.
            XCTAssertEqual((try bytes("x.npy").count - 4 * x.count) % 64, 0)
        }
    }

    func testElementTypes() throws {
        let cases: [(String, [UInt8], [Double])] = [
            ("|u1", [0, 200], [0, 200]), ("|i1", [255, 5], [-1, 5]), ("|b1", [1, 0], [1, 0]), ("<i2", [0xFE, 0xFF, 1, 1], [-2, 257]),
            (">i2", [0xFF, 0xFE, 1, 2], [-2, 258]), ("<u2", [255, 255, 0, 1], [65535, 256]), ("<f2", [0, 0x3E, 0, 0xC0], [1.5, -2]),
            ("<u4", [255, 255, 255, 255, 1, 0, 0, 0], [4_294_967_295, 1]), ("<i4", [255, 255, 255, 255, 1, 0, 0, 0], [-1, 1]),
            (">f4", [0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0], [1, -2]), ("<f4", [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0], [1, -2]),
            (">f8", [0x3F, 0xF0, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0], [1, -2]),
            ("<i8", [1, 0, 0, 0, 0, 0, 0, 0, 254, 255, 255, 255, 255, 255, 255, 255], [1, -2]),
            ("<u8", [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128], [1, 9_223_372_036_854_775_808]),
        ]
        for (type, elements, expected) in cases {
            XCTAssertEqual(try Tensor<Double>(npyAt: array(header(type, "(2,)"), elements)), Tensor(expected), type)
            XCTAssertEqual(
                try Tensor<Float>(npyAt: array(header(type, "(2, )"), elements, version: 2)), Tensor(expected.map { Float($0) }), type)
        }
    }

    func testColumnsFirst() throws {
        let columns = try array(header("|u1", "(2, 3)", columnsFirst: true), [1, 4, 2, 5, 3, 6])
        XCTAssertEqual(try Tensor<Float>(npyAt: columns), Tensor([[1, 2, 3], [4, 5, 6]]))
    }

    func testDamagedArrays() throws {
        let cases: [(String, [UInt8], String)] = [
            (header("<f4", "(2,)"), [1, 2, 3], "expected 75"),
            (header("<f4", "(2,)"), [UInt8](repeating: 0, count: 9), "for the shape [2]"),
            (header("<c8", "(1,)"), [UInt8](repeating: 0, count: 8), "elements of the type <c8"), (header("|O", "(1,)"), [0], "|O"),
            ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", [0, 0, 0, 0], "a record"),
            ("{'descr': '<f4'}", [], "'shape'"),
            (header("<f4", "(-1,)"), [], "the header"), (header("<f4", "(2"), [], "the header"),
            (header("<f8", "(4611686018427387904, 4)"), [], "one that memory can hold"), ("{'other': 1}", [], "the header"),
        ]
        for (header, elements, part) in cases {
            let file = try array(header, elements)
            XCTAssert(errorOfArray(file)?.description.contains(part) == true, "\(header): \(String(describing: errorOfArray(file)))")
        }
        XCTAssertEqual(errorOfArray(path("none.npy")), .missing(path: path("none.npy")))
        try Tensor<Float>.ones([3]).write(npyTo: path("good.npy"))
        let good = try bytes("good.npy")
        for count in 0..<good.count {
            let part = try write(Array(good[..<count]), "part.npy")
            XCTAssertNotNil(errorOfArray(part), "\(count) bytes")
        }
        XCTAssertThrowsError(try Tensor<Float>.ones([3]).write(npyTo: path("none/x.npy"))) {
            XCTAssert("\($0)".contains("none/x.npy: cannot be written"), "\($0)")
        }
    }

    func testArchivesComeBack() throws {
        let archive = NumPyArchive<Float>(["a": randomTensor([3, 4], seed: 1), "b/c": Tensor(2), "leer, mit Umläuten": .zeros([0])])
        try archive.write(to: path("x.npz"))
        XCTAssertEqual(try NumPyArchive(contentsOf: path("x.npz")), archive)
        try NumPyArchive<Double>().write(to: path("none.npz"))
        XCTAssertEqual(try NumPyArchive<Double>(contentsOf: path("none.npz")).tensors, [:])
    }

    func testArchivesOfNumPy() throws {
        let file = try write([UInt8](Data(base64Encoded: deflated)!), "deflated.npz")
        let archive = try NumPyArchive<Double>(contentsOf: file)
        XCTAssertEqual(
            archive.tensors,
            [
                "weights": Tensor([[0, 0.5, 1], [1.5, 2, 2.5]]), "labels": Tensor([3, 1, 2]),
                "columns": Tensor([[0, 1], [2, 3], [4, 5]]),
            ])
        XCTAssertEqual(
            try NumPyArchive<Float>(contentsOf: write([UInt8](Data(base64Encoded: stored)!), "stored.npz")).tensors,
            ["x": Tensor([1.5, -2])])
    }

    func testDamagedArchives() throws {
        for archive in [deflated, stored] {
            let good = [UInt8](Data(base64Encoded: archive)!)
            for count in 0..<good.count {
                let part = try write(Array(good[..<count]), "part.npz")
                XCTAssertNotNil(errorOfArchive(part), "\(count) bytes")
            }
            // Whatever is changed, it ends with an array or an error.
            for place in good.indices {
                for bits: UInt8 in [0xFF, 1, 0x80] {
                    var bad = good
                    bad[place] ^= bits
                    _ = try? NumPyArchive<Float>(contentsOf: write(bad, "bad.npz"))
                }
            }
        }
        XCTAssertNotNil(errorOfArchive(try write([1, 2], "short.npz")))
    }

    /// numpy.savez_compressed of three arrays, one of them with columns first.
    private let deflated = """
        UEsDBC0AAAAIAAAAIQALwLB2//////////8LABQAd2VpZ2h0cy5ucHkBABAAmAAAAAAAAABXAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6Ce\
        ll9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CsaaOgq1CmQDLgYIsGdgaADiA0DM4MDAoOAAAFBLAwQtAAAACAAAACEA3+kMsv//////////CgAUAGxh\
        YmVscy5ucHkBABAAmAAAAAAAAABNAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TaaGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6mjoK\
        tQoUAC5mBghghNJMUBoAUEsDBC0AAAAIAAAAIQCy5W54//////////8LABQAY29sdW1ucy5ucHkBABAAsAAAAAAAAABWAAAAAAAAAJvsF+obEMnIUMZQrZ6S\
        WpxcpG6loG6TZqGuo6Cell9UUpSYF59flJIKEg8pKk0FChdnJBakArkaxjoKRpo6CrUK5AMuBlTgAKEEoPQHewjNAeWLOAAAUEsBAi0DLQAAAAgAAAAhAAvA\
        sHZXAAAAmAAAAAsAAAAAAAAAAAAAAIABAAAAAHdlaWdodHMubnB5UEsBAi0DLQAAAAgAAAAhAN/pDLJNAAAAmAAAAAoAAAAAAAAAAAAAAIABlAAAAGxhYmVs\
        cy5ucHlQSwECLQMtAAAACAAAACEAsuVueFYAAACwAAAACwAAAAAAAAAAAAAAgAEdAQAAY29sdW1ucy5ucHlQSwUGAAAAAAMAAwCqAAAAsAEAAAAA
        """

    /// numpy.savez of 16-bit numbers.
    private let stored = """
        UEsDBC0AAAAAAAAAIQCzwYIM//////////8FABQAeC5ucHkBABAAhAAAAAAAAACEAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxmMicsICdmb3J0cmFu\
        X29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg\
        ICAKAD4AwFBLAQItAy0AAAAAAAAAIQCzwYIMhAAAAIQAAAAFAAAAAAAAAAAAAACAAQAAAAB4Lm5weVBLBQYAAAAAAQABADMAAAC7AAAAAAA=
        """
}
