import CImageCodecs

/// The ICC profile in a file; nil if there is none, or if it is not one of an image with so many channels.
func colorProfile(_ block: cimage_block, channels: Int) -> [UInt8]? {
    let profile = Array(UnsafeBufferPointer(start: block.bytes, count: block.count))
    return isColorProfile(profile, channels: channels) ? profile : nil
}

/// Whether the header is that of an ICC profile of this size for the colors of an image with so many channels.
func isColorProfile(_ profile: [UInt8], channels: Int) -> Bool {
    let headerLength = 128
    // JPEG files have them in at most 255 pieces, and no other format has larger ones in practice.
    guard (headerLength...255 * 65519).contains(profile.count) else { return false }
    let size = profile[0..<4].reduce(0) { $0 << 8 | Int($1) }
    return size == profile.count && profile[16..<20].elementsEqual((channels < 3 ? "GRAY" : "RGB ").utf8)
        && profile[36..<40].elementsEqual("acsp".utf8)
}
