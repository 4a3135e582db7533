import ArrayFiles
import Networks

/// Arrays: `.npy`, `.npz`, IDX and gzip files.
extension FuzzReader {
  static let arrays: [FuzzReader] = [npy, npz, idx]

  private static let npy = FuzzReader(
    name: "npy", seeds: headers.map { header($0.text, version: $0.version) + [UInt8](repeating: 1, count: $0.bytes) },
    damaged: { random, seeds in
      let seed = random.pick(seeds)
      guard random.below(3) > 0, seed.count > 12 else { return ByteMutation.changed(seed, &random, others: seeds) }
      // A damaged header text behind a true length.
      let start = seed[6] == 1 ? 10 : 12
      let length = Int(seed[8]) | Int(seed[9]) << 8
      let text = TextMutation.changed(
        Array(seed[start..<start + length]), &random, others: headers.map { Array($0.text.utf8) })
      return header(String(decoding: text, as: UTF8.self), version: seed[6]) + seed[(start + length)...]
    },
    accepts: { readArray($0, in: $1) })

  private static let npz = FuzzReader(
    name: "npz",
    seeds: [false, true].map { isDeflated in
      ZipMutation.archive(
        npy.seeds.prefix(4).enumerated().map { number, content in
          ZipMutation.Member(name: "a\(number).npy", content: content, isDeflated: isDeflated)
        })
    } + [
      ZipMutation.archive([ZipMutation.Member(name: "bomb.npy", content: bomb, isDeflated: true)]),
      ZipMutation.archive([ZipMutation.Member(name: "e\u{301}.npy", content: npy.seeds[0])]), ZipMutation.archive([]),
    ],
    damaged: { random, seeds in
      if random.oneIn(3) {
        // A damaged member in a sound archive.
        let content = npy.damaged(&random, npy.seeds)
        let member = ZipMutation.Member(name: "a.npy", content: content, isDeflated: random.oneIn(2))
        let archive = ZipMutation.archive([member])
        return random.oneIn(2) ? archive : ZipMutation.changed(archive, &random, others: seeds)
      }
      return ZipMutation.changed(random.pick(seeds), &random, others: seeds)
    },
    accepts: { bytes, folder in
      let path = folder + "/input"
      guard FuzzFile.write(bytes, to: path), let archive = try? NumPyArchive(path) else { return false }
      var isSound = true
      for name in archive.names.prefix(64) {
        do { _ = try archive.array(named: name).doubles() } catch {
          _ = "\(error)"
          isSound = false
        }
      }
      return isSound
    })

  private static let idx = FuzzReader(
    name: "idx",
    seeds: {
      let plain: [[UInt8]] = [
        [0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3],
        [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2] + [UInt8](repeating: 9, count: 8),
        [0, 0, 0x0D, 1, 0, 0, 0, 1, 0x3F, 0x80, 0, 0], [0, 0, 0x0E, 2, 0, 0, 0, 0, 0, 0, 0, 7],
        [0, 0, 0x0B, 1, 0, 0, 0, 2, 1, 2, 3, 4],
      ]
      return plain + plain.map { ZipMutation.deflated($0, windowBits: 31) }
    }(),
    damaged: { random, seeds in
      let changed = ByteMutation.changed(random.pick(seeds), &random, others: seeds)
      return random.oneIn(4) ? ZipMutation.deflated(changed, windowBits: 31) : changed
    },
    accepts: { readArray($0, in: $1) })

  private static let headers: [(text: String, version: UInt8, bytes: Int)] = [
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 1, 24),
    ("{'descr': '>f8', 'fortran_order': True, 'shape': (3, 2), }", 1, 48),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }", 2, 5),
    ("{'descr': '<i8', 'fortran_order': False, 'shape': (), }", 3, 8),
    ("{'descr': '<f2', 'fortran_order': True, 'shape': (2, 1, 3), }", 1, 12),
    ("{'descr': '|b1', 'fortran_order': False, 'shape': (0, 7), }", 1, 0),
    ("{'descr': '<u8', 'fortran_order': False, 'shape': (2L,), }", 1, 16),
  ]

  private static func header(_ text: String, version: UInt8) -> [UInt8] {
    let text = Array(text.utf8)
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + ZipMutation.number(text.count, version == 1 ? 2 : 4) + text
  }

  /// An array of 4 MB of zeros, which deflates to a few kilobytes.
  private static let bomb =
    header("{'descr': '<f4', 'fortran_order': False, 'shape': (1048576,), }", version: 1)
    + [UInt8](repeating: 0, count: 1 << 22)

  private static func readArray(_ bytes: [UInt8], in folder: String) -> Bool {
    let path = folder + "/input"
    guard FuzzFile.write(bytes, to: path) else { return false }
    do {
      let array = try ArrayFile.open(path)
      _ = try array.floats(in: 0..<min(array.sampleCount, 2))
      _ = try array.doubles()
      return array.elementType.isInteger ? try !array.int64s().isEmpty : true
    } catch {
      _ = "\(error)"
      return false
    }
  }
}
