/// A `.npz` file: a zip archive of named arrays, its directory read and checked once.
///
/// Members may be stored or deflated. A stored one is read by range from the file; a deflated one is inflated into memory
/// when its elements are first read, and held as long as the `ArrayFile` or a copy of it exists.
public struct NumPyArchive: Sendable {
  /// The file, as the caller named it.
  public let path: String
  /// The names of the arrays in the archive's order, without the ending `.npy` that members have.
  public let names: [String]
  private let file: InputFile
  private let entries: [[UInt8]: ZipEntry]

  static let ending = ".npy"

  /// Opens an archive.
  /// - Throws: when the file cannot be read or is no sound zip archive; broken arrays are found by `array(named:)`.
  public init(_ path: String) throws(ArrayFileError) {
    try self.init(InputFile(path))
  }

  init(_ file: InputFile) throws(ArrayFileError) {
    let directory = try ZipDirectory(of: file)
    var entries: [[UInt8]: ZipEntry] = [:]
    var names: [String] = []
    for entry in directory.entries where entry.nameBytes.suffix(4).elementsEqual(Self.ending.utf8) {
      entries[entry.nameBytes] = entry
      names.append(String(decoding: entry.nameBytes.dropLast(4), as: UTF8.self))
    }
    path = file.path
    self.names = names
    self.file = file
    self.entries = entries
  }

  /// The array of a name: "images" is the member `images.npy`. Its header is read and checked, its elements are not.
  /// - Throws: when there is no such member, or what it holds is no array.
  public func array(named member: String) throws(ArrayFileError) -> ArrayFile {
    let name = ArrayName(path: path, member: member)
    guard let entry = entries[Array((member + Self.ending).utf8)] ?? entries[Array(member.utf8)] else {
      throw ArrayFileError(
        .badContent, path: path, "expected an array named \(member), found \(listOfNames)")
    }
    let range = try entry.dataRange(in: file, name: name)
    let region: ByteRegion =
      switch entry.compression {
      case .stored: .stored(file, at: range, checksum: entry.checksum)
      case .deflated:
        .deflated(
          try DeflatedMember(
            file, range: range, inflatedCount: entry.inflatedCount, checksum: entry.checksum, name: name))
      }
    return ArrayFile(region: region, layout: try NPYHeader.layout(of: region, name: name), name: name)
  }

  /// The only array of the archive.
  func onlyArray() throws(ArrayFileError) -> ArrayFile {
    guard let only = names.first, names.count == 1 else {
      throw ArrayFileError(.badContent, path: path, "expected the name of the array to read, found \(listOfNames)")
    }
    return try array(named: only)
  }

  /// The arrays' names for error texts, the first few of them.
  private var listOfNames: String {
    guard !names.isEmpty else { return "an archive without arrays" }
    let shown = names.prefix(8).joined(separator: ", ")
    return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
  }
}
