import Tensors

/// What random numbers are for, so that one seed gives unrelated ones for each.
enum RandomPurpose: UInt64 {
    case epochOrder = 1
    case validationSplit, signs, scenes, perturbation
}

extension RandomSource {
    /// The numbers for the thing at `index`, whatever was drawn for others.
    init(seed: UInt64, purpose: RandomPurpose, index: Int) {
        let high = UInt64(index) >> 32
        self.init(
            seed: seed &+ purpose.rawValue &* 0x9E37_79B9_7F4A_7C15 &+ high &* 0xD1B5_4A32_D192_ED03,
            stream: UInt32(truncatingIfNeeded: index))
    }
}
