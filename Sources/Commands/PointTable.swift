import Foundation
import LinWarp

/// Rows of a CSV file, two fields of each of which are a point.
struct PointTable {
    private var header: String?
    private var rows: [[Substring]] = []
    private var points: [(x: Double, y: Double)] = []
    private var columns = (x: 0, y: 1)

    /// - Parameters:
    ///   - name: Of the file, for errors.
    ///   - text: Its lines; the first may be a header.
    init(_ name: String, text: String) throws {
        for (i, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            if line.allSatisfy(\.isWhitespace) { continue }
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            if header == nil, rows.isEmpty, PointTable.number(fields[0]) == nil {
                let names = fields.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
                guard let x = names.firstIndex(of: "x"), let y = names.firstIndex(of: "y") else {
                    throw Failure(description: "\(name): line \(i + 1): found “\(line)”, expected two numbers, or a header with x and y")
                }
                (header, columns) = (String(line), (x, y))
                continue
            }
            guard fields.count > max(columns.x, columns.y), let x = PointTable.number(fields[columns.x]),
                let y = PointTable.number(fields[columns.y])
            else {
                throw Failure(
                    description: "\(name): line \(i + 1): found “\(line)”, expected finite numbers in the columns "
                        + "\(columns.x + 1) and \(columns.y + 1)")
            }
            rows.append(fields)
            points.append((x, y))
        }
    }

    private static func number(_ field: Substring) -> Double? {
        Double(field.trimmingCharacters(in: .whitespaces)).flatMap { $0.isFinite ? $0 : nil }
    }

    /// All lines, with other points; `nan` for one that a homography maps to no place.
    func mapped(_ map: (Double, Double) -> (x: Double, y: Double)) -> [String] {
        let lines = zip(rows, points).map { row, point in
            var fields = row.map(String.init)
            let place = map(point.x, point.y)
            let isPlace = place.x.isFinite && place.y.isFinite
            (fields[columns.x], fields[columns.y]) = isPlace ? ("\(place.x)", "\(place.y)") : ("nan", "nan")
            return fields.joined(separator: ",")
        }
        return (header.map { [$0] } ?? []) + lines
    }
}
