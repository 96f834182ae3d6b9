import LinearAlgebra

/// Einstein's summation: products of elements of which each axis is named by a letter, summed over the letters that the result does not name.
///
/// `einsum("ij,jk->ik", a, b)` is a product of matrices, `"bij,bjk->bik"` of a batch of them, `"ij->ji"` a transpose, `"ii->i"` a diagonal, `"i,j->ij"`
/// an outer product, `"ij->"` the sum of all. Operands are taken from left to right, two at a time, each time by a batched product of matrices.
///
/// - Parameters:
///   - subscripts: Letters for the axes of each operand, apart by commas, and after `->` those of the result, each once. Blanks do not matter.
///     Axes of one letter have one length; a letter twice in an operand takes its diagonal.
///   - operands: As many as the subscripts name.
/// - Returns: The sum; differentiable by all operands.
public func einsum<Scalar: FloatingScalar>(_ subscripts: String, _ operands: Tensor<Scalar>...) -> Tensor<Scalar> {
    let (names, resultNames) = parsed(subscripts, ranks: operands.map(\.rank))
    var lengths: [Character: Int] = [:]
    for (operand, names) in zip(operands, names) {
        for (length, name) in zip(operand.shape, names) {
            precondition(
                lengths.updateValue(length, forKey: name).map { $0 == length } ?? true,
                "einsum: found the shapes \(operands.map(\.shape)) for \(subscripts), expected one length for each \(name)")
        }
    }
    var terms = zip(operands, names).map { NamedTensor($0, $1).diagonal() }
    var product = terms.removeFirst()
    while true {
        // What nobody else needs is summed as soon as it can be.
        let needed = Set(terms.flatMap(\.names) + resultNames)
        product = product.summed(keeping: needed)
        guard !terms.isEmpty else { break }
        let factor = terms.removeFirst()
        let later = Set(terms.flatMap(\.names) + resultNames)
        product = product.contracted(with: factor.summed(keeping: later.union(product.names)), keeping: later)
    }
    return product.ordered(resultNames)
}

/// The letters of each operand and of the result.
private func parsed(_ subscripts: String, ranks: [Int]) -> (operands: [[Character]], result: [Character]) {
    let sides = subscripts.filter { $0 != " " }.split(separator: "->", omittingEmptySubsequences: false)
    precondition(sides.count == 2, "einsum: found the subscripts \"\(subscripts)\", expected some with one ->, as \"ij,jk->ik\"")
    let operands = sides[0].split(separator: ",", omittingEmptySubsequences: false).map { Array($0) }
    let result = Array(sides[1])
    precondition(
        operands.map(\.count) == ranks, "einsum: found operands of \(ranks) axes for \"\(subscripts)\", expected a letter for each axis")
    precondition(
        Set(result).count == result.count && Set(result).isSubset(of: operands.joined()) && operands.joined().allSatisfy(\.isLetter),
        "einsum: found the subscripts \"\(subscripts)\", expected letters, and in the result such as the operands have, each once")
    return (operands, result)
}

/// A tensor whose axes have names, each once but for `diagonal`.
private struct NamedTensor<Scalar: FloatingScalar> {
    let tensor: Tensor<Scalar>
    let names: [Character]

    init(_ tensor: Tensor<Scalar>, _ names: [Character]) { (self.tensor, self.names) = (tensor, names) }

    private func length(_ name: Character) -> Int { tensor.shape[names.firstIndex(of: name)!] }

    /// With each name once: its places are equal along all axes that had it.
    func diagonal() -> NamedTensor {
        var unique: [Character] = []
        var strides: [Character: Int] = [:]
        var stride = tensor.count
        for (name, length) in zip(names, tensor.shape) {
            stride /= max(1, length)
            if strides[name] == nil { unique.append(name) }
            strides[name, default: 0] += stride
        }
        guard unique.count < names.count else { return self }
        let shape = unique.map(length)
        let window = Window(shape: shape, start: 0, lengths: shape, strides: unique.map { strides[$0]! })
        return NamedTensor(tensor.elements(in: window), unique)
    }

    func summed(keeping kept: Set<Character>) -> NamedTensor {
        let axes = names.indices.filter { !kept.contains(names[$0]) }
        return axes.isEmpty ? self : NamedTensor(tensor.sum(axes: axes), names.filter(kept.contains))
    }

    func ordered(_ order: [Character]) -> Tensor<Scalar> { tensor.permuted(order.map { names.firstIndex(of: $0)! }) }

    /// The product, summed over what both have and nobody else needs.
    func contracted(with other: NamedTensor, keeping kept: Set<Character>) -> NamedTensor {
        let shared = names.filter(other.names.contains)
        let (batch, summed) = (shared.filter(kept.contains), shared.filter { !kept.contains($0) })
        let (mine, theirs) = (names.filter { !shared.contains($0) }, other.names.filter { !shared.contains($0) })
        func size(_ names: [Character], _ tensor: NamedTensor) -> Int { names.map(tensor.length).reduce(1, *) }
        let (b, m, n, k) = (size(batch, self), size(mine, self), size(theirs, other), size(summed, self))
        let product = matmul(
            ordered(batch + mine + summed).reshaped([b, m, k]), other.ordered(batch + theirs + summed).reshaped([b, n, k]), transposeB: true
        )
        let shape = (batch + mine).map(length) + theirs.map(other.length)
        return NamedTensor(product.reshaped(shape), batch + mine + theirs)
    }
}
