/// The 2x2 tiles of outputs that Winograd's algorithm computes, row by row of all images, and how they lie in memory on the way.
struct WinogradTiles: Sendable {
    private let rows, columns: Int
    let count: Int
    /// Matrices in the space of products: a tile's side, squared.
    let planes: Int
    /// Tiles that are transformed together, and so the size of a piece of work: as many as a part of the second cache holds.
    let block: Int
    var blocks: Int { (count + block - 1) / block }

    init(_ shape: ConvolutionShape, channels: Int) {
        (rows, columns) = ((shape.outHeight + 1) / 2, (shape.outWidth + 1) / 2)
        count = shape.batch * rows * columns
        planes = shape.tileSide * shape.tileSide
        let most = min(64, max(16, 131_072 / (planes * channels)))
        // Whole rows where they are short.
        block = columns <= most ? most / columns * columns : most
    }

    subscript(block index: Int) -> Range<Int> { index * block..<min(count, (index + 1) * block) }

    /// Calls `body` with the runs of tiles of one row of an image: their place in the range, the image, the first tile's upper left output, and
    /// how many they are.
    func forEachRun(_ tiles: Range<Int>, _ body: (_ place: Int, _ image: Int, _ y: Int, _ x: Int, _ count: Int) -> Void) {
        var tile = tiles.lowerBound
        while tile < tiles.upperBound {
            let (row, column) = (tile / columns, tile % columns)
            let length = min(columns - column, tiles.upperBound - tile)
            body(tile - tiles.lowerBound, row / rows, row % rows * 2, column * 2, length)
            tile += length
        }
    }
}

/// What a block of tiles is in the space of products: matrices [tiles, channels]. Neighbours in two directions are an odd number of the cache's
/// lines apart, so that they do not take each other's place in it.
struct WinogradLayout: Sendable {
    let tileStride, planeStride: Int
    let count: Int

    init(_ tiles: WinogradTiles, channels: Int) {
        tileStride = oddLines(channels)
        planeStride = oddLines(tiles.block * tileStride)
        count = tiles.planes * planeStride
    }
}

extension ConvolutionShape {
    /// The side of a tile's inputs, and of its products.
    var tileSide: Int { kernelHeight + 1 }
}
