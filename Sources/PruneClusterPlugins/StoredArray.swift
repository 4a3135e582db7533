import ArrayFiles
import Configuration

/// An array of a request: its shape is known, its elements are read from their file when asked for.
public struct StoredArray: Hashable, Sendable {
  /// The extents, outermost axis first.
  public let shape: [Int]
  /// The file, relative to the folder of the request.
  package let file: String
  /// The folder of the request.
  private let folder: String

  /// An array that a search writes.
  /// - Parameter folder: that of the request; empty where the array is not read.
  package init(file: String, shape: [Int], in folder: String = "") {
    (self.file, self.shape, self.folder) = (file, shape, folder)
  }

  /// Reads what names an array.
  init(_ place: LocatedJSON, shape: [Int], in folder: String) throws(ConfigurationError) {
    let file = try place.string(expected: "the name of a file")
    guard !file.isEmpty, !file.hasPrefix("/"), !file.split(separator: "/").contains("..") else {
      throw place.error(expected: "the name of a file in the folder of the request")
    }
    self.init(file: file, shape: shape, in: folder)
  }

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// The number of elements of one row: the product of all extents but the first.
  public var rowLength: Int { shape.dropFirst().reduce(1, *) }

  /// All elements as float64, row by row.
  /// - Throws: `PluginError` when the file cannot be read, or is not what the request says.
  public func doubles() throws(PluginError) -> [Double] {
    try read { (file) throws(ArrayFileError) in try file.doubles() }
  }

  /// The elements of some rows (indices along the first axis) as float64; no others are read.
  /// - Precondition: `rows` lies in the first extent.
  public func doubles(in rows: Range<Int>) throws(PluginError) -> [Double] {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= shape.first ?? 0, "rows \(rows) of shape \(shape)")
    return try read { (file) throws(ArrayFileError) in try file.doubles(in: rows) }
  }

  /// All elements as float32, row by row: exact for weights of networks in float32, rounded where they are wider.
  /// - Throws: `PluginError` when the file cannot be read, or is not what the request says.
  public func floats() throws(PluginError) -> [Float] {
    try read { (file) throws(ArrayFileError) in try file.floats() }
  }

  /// The elements of some rows (indices along the first axis) as float32; no others are read.
  /// - Precondition: `rows` lies in the first extent.
  public func floats(in rows: Range<Int>) throws(PluginError) -> [Float] {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= shape.first ?? 0, "rows \(rows) of shape \(shape)")
    return try read { (file) throws(ArrayFileError) in try file.floats(in: rows) }
  }

  private func read<Element>(
    _ body: (ArrayFile) throws(ArrayFileError) -> [Element]
  ) throws(PluginError) -> [Element] {
    let path = "\(folder)/\(file)"
    let array: ArrayFile
    do { array = try ArrayFile.open(path) } catch { throw PluginError(error) }
    guard array.shape == shape else {
      throw PluginError(.badContent, "\(path): expected the shape \(shape), found \(array.shape)")
    }
    do { return try body(array) } catch { throw PluginError(error) }
  }
}
