import Foundation

/// JPEG files of 16 x 8 pixels, the left half of one color and the right half of another, written with libjpeg in ways that the
/// library reads but does not write; and EXIF data to insert into other files.
enum TestJPEG {
    /// Progressive, YCbCr.
    static let progressive = """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/
        2wBDAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wgARCAAIABADAREAAhEBAxEB/8QA
        FQABAQAAAAAAAAAAAAAAAAAABwj/xAAWAQEBAQAAAAAAAAAAAAAAAAAJBAr/2gAMAwEAAhADEAAAAZ3nTB8SDMP/AP/EABQQAQAAAAAAAAAAAAAAAAAAABD/
        2gAIAQEAAQUCP//EABQRAQAAAAAAAAAAAAAAAAAAABD/2gAIAQMBAT8BP//EABQRAQAAAAAAAAAAAAAAAAAAABD/2gAIAQIBAT8BP//EABQQAQAAAAAAAAAA
        AAAAAAAAABD/2gAIAQEABj8CP//EABQQAQAAAAAAAAAAAAAAAAAAABD/2gAIAQEAAT8hP//aAAwDAQACAAMAAAAQA//EABQRAQAAAAAAAAAAAAAAAAAAABD/
        2gAIAQMBAT8QP//EABQRAQAAAAAAAAAAAAAAAAAAABD/2gAIAQIBAT8QP//EABQQAQAAAAAAAAAAAAAAAAAAABD/2gAIAQEAAT8QP//Z
        """

    /// RGB without conversion, with an Adobe marker.
    static let rgb = """
        /9j/7gAOQWRvYmUAZAAAAAAA/9sAQwABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB/8AA
        EQgACAAQA1IRAEcRAEIRAP/EABYAAQEBAAAAAAAAAAAAAAAAAAoLCf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAMA1IARwBCAAA/AEgCfsz0g88BUAf/2Q==
        """

    /// Arithmetic coding.
    static let arithmetic = """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/
        2wBDAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/yQARCAAIABADAREAAhEBAxEB/8wA
        CgAQEAUBEBEF/9oADAMBAAIRAxEAPwD/AOx8dceMNxfhviSVL//Z
        """

    /// CMYK as amounts of ink.
    static let cmyk = """
        /9j/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wAAUCAAIABAEQxEATREAWREA
        SxEA/8QAFgABAQEAAAAAAAAAAAAAAAAACgsJ/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwB/Ay6f+MugDtmFmBjO/9k=
        """

    /// CMYK inverted, with an Adobe marker.
    static let adobeCMYK = """
        /9j/7gAOQWRvYmUAZAAAAAAA/9sAQwABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB/8AA
        FAgACAAQBEMRAE0RAFkRAEsRAP/EABYAAQEBAAAAAAAAAAAAAAAAAAoLCf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAOBEMATQBZAEsAAD8An/kwH8EwL/DG
        dGfbMP/Z
        """

    /// CMYK inverted, stored as YCCK, with an Adobe marker.
    static let ycck = """
        /9j/7gAOQWRvYmUAZAAAAAAC/9sAQwABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB/9sA
        QwEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB/8AAFAgACAAQBAERAAIRAQMRAQQRAP/E
        ABYAAQEBAAAAAAAAAAAAAAAAAAgJCv/EABQQAQAAAAAAAAAAAAAAAAAAAAD/xAAWAQEBAQAAAAAAAAAAAAAAAAALCQr/xAAUEQEAAAAAAAAAAAAAAAAAAAAA
        /9oADgQBAAIRAxEEAAA/ACeg+2oNMAjkABa6zD//2Q==
        """

    static func bytes(_ base64: String) -> [UInt8] { [UInt8](Data(base64Encoded: base64, options: .ignoreUnknownCharacters)!) }

    /// The data of an APP1 segment whose second entry is an orientation.
    static func exif(orientation: Int, isLittleEndian: Bool) -> [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            let bytes = (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) }
            return isLittleEndian ? bytes : bytes.reversed()
        }
        func entry(_ tag: Int, _ value: Int) -> [UInt8] { number(tag, 2) + number(3, 2) + number(1, 4) + number(value, 2) + [0, 0] }
        let directory = number(2, 2) + entry(0x0102, 8) + entry(0x0112, orientation) + number(0, 4)
        return Array("Exif\0\0".utf8) + Array((isLittleEndian ? "II" : "MM").utf8) + number(42, 2) + number(8, 4) + directory
    }

    /// A JPEG file with an APP1 segment of these data after its first marker.
    static func inserting(_ data: [UInt8], into jpeg: [UInt8]) -> [UInt8] {
        let length = data.count + 2
        return jpeg.prefix(2) + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + data + jpeg.dropFirst(2)
    }
}
