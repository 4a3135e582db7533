import FileKinds

/// An array in a file, opened: its shape is known and checked, its elements are read when asked for.
///
/// The formats are NumPy's `.npy` and `.npz`, and IDX (the format of MNIST), the single-array ones also compressed by gzip.
/// What a file is follows from its first bytes, not from its name. Axis 0 counts the samples, so that a process reads only
/// those that it needs: from `.npy`, IDX and stored `.npz` members no more than the range asked for is read. Compressed
/// arrays are inflated into memory once (a gzip file when it is opened, a deflated member at the first read) and held.
///
/// Elements come out in row-major order (last axis fastest), whatever the file's order is.
public struct ArrayFile: Sendable {
  /// The extents, outermost axis first; empty for a single number.
  public let shape: [Int]
  /// The type of the elements in the file.
  public let elementType: ArrayElementType
  /// The extent of axis 0; 1 for an array without axes.
  public let sampleCount: Int
  /// The number of elements of one sample: the product of the other extents.
  public let elementsPerSample: Int

  let region: ByteRegion
  let layout: ArrayLayout
  let name: ArrayName

  init(region: ByteRegion, layout: ArrayLayout, name: ArrayName) {
    shape = layout.shape
    elementType = layout.elementType
    sampleCount = layout.sampleCount
    elementsPerSample = layout.elementsPerSample
    self.region = region
    self.layout = layout
    self.name = name
  }

  /// The file, as the caller named it.
  public var path: String { name.path }

  /// The name within the archive, or `nil` when the file holds this array alone.
  public var member: String? { name.member }

  /// Opens the array in a file and checks its header against the file's length.
  /// - Parameters:
  ///   - path: a `.npy`, `.npz`, IDX or gzip file.
  ///   - member: the array's name in an archive; it may be left out where there is only one.
  /// - Throws: `cannotBeRead` when the system refuses, `badContent` when the file is not sound or has no such member.
  public static func open(_ path: String, member: String? = nil) throws(ArrayFileError) -> ArrayFile {
    let file = try InputFile(path)
    let start = try file.bytes(in: 0..<min(4, file.byteCount))
    if start.starts(with: [0x50, 0x4b]) {
      let archive = try NumPyArchive(file)
      guard let member else { return try archive.onlyArray() }
      return try archive.array(named: member)
    }
    let name = ArrayName(path: path)
    if let member {
      throw name.badContent(expected: "an archive with an array named \(member)", found: "no zip archive")
    }
    guard start.starts(with: GzipFile.magic) else {
      return try single(.stored(file, at: 0..<file.byteCount, checksum: nil), name: name)
    }
    return try single(.inflated(try GzipFile.inflated(file, name: name)), name: name)
  }

  /// The array of a file that holds one.
  private static func single(_ region: ByteRegion, name: ArrayName) throws(ArrayFileError) -> ArrayFile {
    let start = try region.bytes(in: 0..<min(4, region.count))
    let layout: ArrayLayout
    if start.first == NPYHeader.magic.first {
      layout = try NPYHeader.layout(of: region, name: name)
    } else if start.count == 4, start[0] == 0, start[1] == 0, IDXHeader.elementType(code: start[2]) != nil {
      layout = try IDXHeader.layout(of: region, name: name)
    } else {
      throw name.badContent(
        expected: "a .npy, .npz or IDX file",
        found: FileKind.phrase(try region.bytes(in: 0..<min(FileKind.frontBytes, region.count))))
    }
    return ArrayFile(region: region, layout: layout, name: name)
  }
}
