import LinearAlgebra

extension ConvolutionShape {
    /// What the taps see at a range of output pixels: a row a tap, a column a pixel; 0 where they see padding.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    func copyPatches<Scalar: FloatingScalar>(
        _ channels: UnsafePointer<Scalar>, _ pixels: Range<Int>, to patches: UnsafeMutablePointer<Scalar>
    ) {
        var row = patches
        for channel in 0..<groupChannels {
            let plane = channels + channel * height * width
            for ky in 0..<kernelHeight {
                for kx in 0..<kernelWidth {
                    forEachRun(ky, kx, pixels) { place, y, x, count, inside in
                        let target = row + place
                        guard let inside else { return target.update(repeating: 0, count: count) }
                        target.update(repeating: 0, count: inside.lowerBound)
                        let source = plane + y * width + x
                        if stride == 1 {
                            for i in inside { target[i] = source[i] }
                        } else {
                            for i in inside { target[i] = source[i * stride] }
                        }
                        (target + inside.upperBound).update(repeating: 0, count: count - inside.upperBound)
                    }
                    row += pixels.count
                }
            }
        }
    }

    /// The adjoint: adds each tap's column entries to the pixel that it saw.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    func addPatches<Scalar: FloatingScalar>(
        _ patches: UnsafePointer<Scalar>, _ pixels: Range<Int>, to channels: UnsafeMutablePointer<Scalar>
    ) {
        var row = patches
        for channel in 0..<groupChannels {
            let plane = channels + channel * height * width
            for ky in 0..<kernelHeight {
                for kx in 0..<kernelWidth {
                    forEachRun(ky, kx, pixels) { place, y, x, _, inside in
                        guard let inside else { return }
                        let source = row + place
                        let target = plane + y * width + x
                        for i in inside { target[i * stride] += source[i] }
                    }
                    row += pixels.count
                }
            }
        }
    }

    /// Cuts a range of output pixels into runs within one output row. For each: its place in the range, the image row and the image column
    /// that tap (ky, kx) sees for its first pixel, its length, and which of its pixels see the image; nil where none does.
    @inline(__always)
    private func forEachRun(
        _ ky: Int, _ kx: Int, _ pixels: Range<Int>,
        _ body: (_ place: Int, _ y: Int, _ x: Int, _ count: Int, _ inside: Range<Int>?) -> Void
    ) {
        var pixel = pixels.lowerBound
        while pixel < pixels.upperBound {
            let (outY, outX) = (pixel / outWidth, pixel % outWidth)
            let count = min(outWidth - outX, pixels.upperBound - pixel)
            let y = outY * stride + ky * dilation - paddingY
            let x = outX * stride + kx * dilation - paddingX
            var inside: Range<Int>?
            if y >= 0 && y < height {
                let first = x >= 0 ? 0 : (-x + stride - 1) / stride
                let end = x >= width ? 0 : min(count, (width - 1 - x) / stride + 1)
                if first < end { inside = first..<end }
            }
            body(pixel - pixels.lowerBound, y, x, count, inside)
            pixel += count
        }
    }
}
