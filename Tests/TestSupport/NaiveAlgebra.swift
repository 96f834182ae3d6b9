// Matrices as rows in Double, one loop a line: what everything fast is tested against.

public typealias NaiveMatrix = [[Double]]

public func naiveTransposed(_ a: NaiveMatrix) -> NaiveMatrix {
    guard let first = a.first else { return [] }
    return first.indices.map { column in a.map { $0[column] } }
}

public func naiveProduct(_ a: NaiveMatrix, _ b: NaiveMatrix) -> NaiveMatrix {
    let columns = naiveTransposed(b)
    return a.map { row in columns.map { column in zip(row, column).map(*).reduce(0, +) } }
}

/// X of A X = B by Gaussian elimination with pivoting.
public func naiveSolve(_ a: NaiveMatrix, _ b: NaiveMatrix) -> NaiveMatrix {
    let n = a.count
    var m = (0..<n).map { a[$0] + b[$0] }
    for column in 0..<n {
        let pivot = (column..<n).max { abs(m[$0][column]) < abs(m[$1][column]) }!
        m.swapAt(column, pivot)
        for row in 0..<n where row != column {
            let factor = m[row][column] / m[column][column]
            for j in column..<m[row].count { m[row][j] -= factor * m[column][j] }
        }
    }
    return (0..<n).map { row in m[row][n...].map { $0 / m[row][row] } }
}
