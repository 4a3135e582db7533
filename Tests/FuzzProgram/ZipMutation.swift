import CZlib
import Networks

/// Damage to archives: numbers in the records, and members whose content is damaged while the archive around it is sound.
enum ZipMutation {
  /// One member of an archive to be made.
  struct Member {
    var name: String
    var content: [UInt8]
    var isDeflated = false
  }

  /// An archive of members, or one with a few numbers of its records changed.
  static func changed(_ bytes: [UInt8], _ random: inout SplitMix64, others: [[UInt8]]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<random.smallCount(upTo: 4) {
      let records = places(of: bytes)
      guard let record = records.isEmpty ? nil : random.pick(records), random.below(5) > 0 else {
        bytes = ByteMutation.changed(bytes, &random, others: others)
        continue
      }
      // A number within the fixed part of a record.
      let place = min(record + 4 + random.below(44), bytes.count - 1)
      let width = min(random.pick([1, 2, 4, 4, 8]), bytes.count - place)
      var number = random.pick(ByteMutation.interesting)
      if random.oneIn(3) { number = UInt64(bytes[place]) &+ UInt64(random.below(5)) &- 2 }
      for index in 0..<width { bytes[place + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index)) }
    }
    return bytes
  }

  /// Where records begin: local headers, entries of the directory, ends of all kinds.
  private static func places(of bytes: [UInt8]) -> [Int] {
    guard bytes.count >= 4 else { return [] }
    return (0..<bytes.count - 3).filter { place in
      bytes[place] == 0x50 && bytes[place + 1] == 0x4B
        && [[1, 2], [3, 4], [5, 6], [6, 6], [6, 7]].contains([bytes[place + 2], bytes[place + 3]])
    }
  }

  /// An archive of these members with true sizes and checksums.
  static func archive(_ members: [Member]) -> [UInt8] {
    var (bytes, directory) = ([UInt8](), [UInt8]())
    for member in members {
      let name = Array(member.name.utf8)
      let stored = member.isDeflated ? deflated(member.content, windowBits: -15) : member.content
      let record =
        number(20, 2) + number(0, 2) + number(member.isDeflated ? 8 : 0, 2) + number(0, 4)
        + number(checksum(member.content), 4)
        + number(stored.count, 4) + number(member.content.count, 4) + number(name.count, 2) + number(0, 2)
      directory += [0x50, 0x4B, 1, 2] + number(20, 2) + record + number(0, 10) + number(bytes.count, 4) + name
      bytes += [0x50, 0x4B, 3, 4] + record + name + stored
    }
    let end =
      number(0, 4) + number(members.count, 2) + number(members.count, 2) + number(directory.count, 4)
      + number(bytes.count, 4)
    return bytes + directory + [0x50, 0x4B, 5, 6] + end + number(0, 2)
  }

  /// The lowest bytes of a number, the lowest first.
  static func number(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
  }

  private static func checksum(_ bytes: [UInt8]) -> Int { Int(crc32_z(0, bytes, bytes.count)) }

  /// Compressed bytes: bare (−15), or as a gzip file (31).
  static func deflated(_ bytes: [UInt8], windowBits: Int32) -> [UInt8] {
    var stream = z_stream()
    guard
      deflateInit2_(
        &stream, 9, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        == Z_OK
    else { return [] }
    defer { deflateEnd(&stream) }
    var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 1000 + 1024)
    let count = bytes.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        // Only read, but the interface is older than const.
        stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        deflate(&stream, Z_FINISH)
        return output.count - Int(stream.avail_out)
      }
    }
    return Array(output.prefix(count))
  }
}
