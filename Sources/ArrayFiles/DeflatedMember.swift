import CZlib
import Synchronization

/// A deflated member of a zip archive.
///
/// Deflated data cannot be entered in the middle. So the member is inflated once, whole, when something behind its first
/// bytes is first asked for, and then held in memory; every range is copied from there. The first bytes alone are enough
/// for the header, so that looking at the shapes of an archive inflates nothing more. A class because copies of an array
/// share the inflated bytes; threads may read at the same time.
final class DeflatedMember: Sendable {
  /// The length that the archive states; `read` checks that it is true.
  let inflatedCount: Int
  private let file: InputFile
  private let range: Range<Int>
  private let checksum: UInt32
  private let name: ArrayName
  private let prefix: [UInt8]
  private let inflated = Mutex<[UInt8]?>(nil)

  private static let prefixBytes = 4096

  /// - Parameters:
  ///   - range: the deflated bytes in the file.
  ///   - inflatedCount: the length that the archive states.
  ///   - checksum: the CRC-32 of the inflated bytes.
  ///   - limit: the largest length that is accepted.
  init(
    _ file: InputFile, range: Range<Int>, inflatedCount: Int, checksum: UInt32, name: ArrayName,
    limit: Int = ArrayLimits.inflatedBytes
  ) throws(ArrayFileError) {
    // Compared by division: the product of a hostile length might overflow.
    guard inflatedCount / ArrayLimits.largestDeflateRatio <= range.count else {
      throw name.badContent(
        "\(range.count) compressed bytes cannot inflate to the \(inflatedCount) that the archive states")
    }
    guard inflatedCount <= limit else {
      throw ArrayLimits.excess("\(inflatedCount)", limit: limit, name: name)
    }
    self.file = file
    self.range = range
    self.inflatedCount = inflatedCount
    self.checksum = checksum
    self.name = name
    // A short member is always read whole, so that its checksum is compared.
    var prefix = [UInt8](repeating: 0, count: inflatedCount > Self.prefixBytes ? Self.prefixBytes : 0)
    var reader = try InflatingReader(file, range: range, wrapping: .none, name: name)
    let count = try prefix.withMutableBytes { (buffer) throws(ArrayFileError) in try reader.read(into: buffer) }
    guard count == prefix.count else {
      throw name.badContent(expected: "\(inflatedCount) inflated bytes as the archive states", found: "\(count)")
    }
    self.prefix = prefix
  }

  /// Fills a buffer from the given offset of the inflated bytes on; the buffer must end within them.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ArrayFileError) {
    let bytes = offset + buffer.count <= prefix.count ? prefix : try whole()
    bytes.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
    }
  }

  private func whole() throws(ArrayFileError) -> [UInt8] {
    try inflated.withLock { (bytes) throws(ArrayFileError) in
      if let bytes { return bytes }
      let fresh = try inflate()
      bytes = fresh
      return fresh
    }
  }

  private func inflate() throws(ArrayFileError) -> [UInt8] {
    var reader = try InflatingReader(file, range: range, wrapping: .none, name: name)
    var bytes = [UInt8](repeating: 0, count: inflatedCount)
    let (count, found) = try bytes.withMutableBytes { (buffer) throws(ArrayFileError) in
      let count = try reader.read(into: buffer)
      return (count, checksumOfBytes(UnsafeRawBufferPointer(buffer)))
    }
    // One byte more, to see whether there is more: this also walks over the end mark of the data.
    var surplus: [UInt8] = [0]
    let excess = try surplus.withMutableBytes { (buffer) throws(ArrayFileError) in try reader.read(into: buffer) }
    guard count == inflatedCount, excess == 0 else {
      throw name.badContent(
        expected: "\(inflatedCount) inflated bytes as the archive states", found: excess > 0 ? "more" : "\(count)")
    }
    guard found == checksum else { throw checksumMismatch(stated: checksum, found: found, name: name) }
    return bytes
  }
}
