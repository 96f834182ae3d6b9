import Glibc
import Sampling

/// How well two images agree tile by tile at one level.
struct Agreement: Sendable {
    /// The share of the target's structure that the source explains: squared correlations, weighed by pixels.
    var explained = 0.0
    /// The share of tiles with structure that correlate and would not move on their own.
    var steady = 0.0
    /// Tiles with structure.
    var tiles = 0
    /// The share of the target's pixels that count.
    var overlap = 0.0
    /// The evidence of as many pixels as are independent of each other.
    var evidence = 0.0

    init(_ moments: [PairMoments], _ pair: TiledPair) {
        var (weights, pixels) = (0.0, 0.0)
        for (index, tile) in moments.enumerated() {
            let rectangle = pair.tiles[index / pair.source.channels]
            pixels += Double((rectangle.right - rectangle.left) * (rectangle.bottom - rectangle.top))
            overlap += tile.weight
            guard tile.counts, tile.total > 4 * tile.weight * pair.noiseFloor else { continue }
            tiles += 1
            weights += tile.weight
            explained += tile.weight * tile.correlation
            evidence += tile.evidence / 12
            let move = tile.ownMove(pair.source)
            if tile.correlation > 0.25 && move < 1 { steady += 1 }
        }
        overlap /= max(1, pixels)
        explained /= max(1, weights)
        steady /= max(1, Double(tiles))
    }
}
