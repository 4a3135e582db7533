import Foundation
import Testing

@testable import ArrayFiles

/// Both directions against NumPy. Every array's elements are small enough for float64 to hold them exactly.
@Suite(.enabled(if: NumPy.isAvailable, "python3 with numpy is not on this machine"), .timeLimit(.minutes(30)))
struct NumPyTests {
  private let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  /// Writes, for one element type, every byte order, axis order and container, and the values as float64.
  private static let writeAll = """
    import sys, gzip, io, zipfile, numpy as np
    folder, kind = sys.argv[1], sys.argv[2]
    rng = np.random.default_rng(20)
    dtype = np.dtype(kind)
    if dtype.kind == "b": values = rng.integers(0, 2, (300, 3, 5)).astype(dtype)
    elif dtype.kind in "iu":
        info = np.iinfo(dtype)
        limit = 2**50
        values = rng.integers(max(info.min, -limit), min(info.max, limit), (300, 3, 5), dtype=np.int64).astype(dtype)
    else:
        values = (rng.standard_normal((300, 3, 5)) * 1000).astype(dtype)
        values[0, 0] = [np.inf, -np.inf, 0, -0.0, np.finfo(dtype).smallest_subnormal]
    values.astype("<f8").tofile(f"{folder}/expected")
    arrays = {}
    for order in "<>":
        for layout in "CF":
            name = {"<": "little", ">": "big"}[order] + layout
            arrays[name] = np.asarray(values.astype(dtype.newbyteorder(order)), order=layout)
            np.save(f"{folder}/{name}.npy", arrays[name])
            with gzip.open(f"{folder}/{name}.npy.gz", "wb") as file: np.save(file, arrays[name])
    np.savez(f"{folder}/stored.npz", **arrays)
    np.savez_compressed(f"{folder}/deflated.npz", **arrays)
    class Stream(io.RawIOBase):
        def __init__(self, file): self.file = file
        def writable(self): return True
        def write(self, data): return self.file.write(data)
    with open(f"{folder}/streamed.npz", "wb") as file:
        np.savez_compressed(Stream(file), **arrays)
    """

  @Test(arguments: ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"])
  func `what NumPy writes is read`(_ kind: String) throws {
    _ = try NumPy.run(Self.writeAll, [scratch.path, kind])
    let expected = try bytes(ofFile: scratch.file("expected")).withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
    for name in ["littleC", "littleF", "bigC", "bigF"] {
      try expect(try ArrayFile.open(scratch.file("\(name).npy")), is: expected)
      try expect(try ArrayFile.open(scratch.file("\(name).npy.gz")), is: expected)
      for archive in ["stored", "deflated", "streamed"] {
        try expect(try ArrayFile.open(scratch.file("\(archive).npz"), member: name), is: expected)
      }
    }
  }

  private func expect(_ file: ArrayFile, is expected: [Double]) throws {
    #expect(file.shape == [300, 3, 5])
    #expect(try file.doubles().map(\.bitPattern) == expected.map(\.bitPattern))
    #expect(try file.floats().map(\.bitPattern) == expected.map { Float($0).bitPattern })
    #expect(try file.doubles(in: 123..<124) == Array(expected[123 * 15..<124 * 15]))
    if file.elementType.isInteger { #expect(try file.int64s() == expected.map { Int64($0) }) }
  }

  /// Prints type, shape and values of each array under its name, the names and values in hexadecimal.
  private static let printAll = """
    import sys, numpy as np
    for path in sys.argv[1:]:
        with np.load(path) as archive:
            for name in archive.files:
                array = archive[name]
                print(name.encode().hex(), array.dtype, list(array.shape), array.tobytes().hex(), sep="|")
    """

  @Test(arguments: [ZipWriter.Limits(), ZipWriter.Limits(size: 100, count: 2)])
  func `what is written is read by NumPy under exactly its names`(_ limits: ZipWriter.Limits) throws {
    let names = ["layer1.0.conv1.weight", "group/0", "C:\\x ?*", "größe/一", "a.npy", "../up"]
    let members = zip(names, RoundTripTests.arrays).map { (name: $0, array: $1) }
    try NumPyArchive.write(members, to: scratch.file("a.npz"), limits: limits)
    let lines = try NumPy.run(Self.printAll, [scratch.file("a.npz")]).split(separator: "\n").map(String.init)
    #expect(lines == members.map { line(name: $0.name, $0.array) })
  }

  @Test func `an npy file that is written is read by NumPy`() throws {
    for (index, array) in RoundTripTests.arrays.enumerated() {
      try array.write(to: scratch.file("\(index).npy"))
      let script = """
        import sys, numpy as np
        array = np.load(sys.argv[1])
        print("", array.dtype, list(array.shape), array.tobytes().hex(), sep="|")
        """
      #expect(try NumPy.run(script, [scratch.file("\(index).npy")]) == line(name: "", array) + "\n")
    }
  }

  @Test func `NumPy finds more members than 16 bits count`() throws {
    let members = (0..<66_000).map { (name: "m/\($0)", array: NumPyArray(.int64s([Int64($0)]))) }
    try NumPyArchive.write(members, to: scratch.file("many.npz"))
    let script = """
      import sys, numpy as np
      archive = np.load(sys.argv[1])
      print(len(archive.files), archive["m/65999"])
      """
    #expect(try NumPy.run(script, [scratch.file("many.npz")]) == "66000 [65999]\n")
  }

  @Test func `what NumPy pickled is turned away`() throws {
    let script = "import sys, numpy as np; np.save(sys.argv[1], np.array([{}, None], dtype=object))"
    _ = try NumPy.run(script, [scratch.file("o.npy")])
    let error = arrayFileError { () throws(ArrayFileError) in _ = try ArrayFile.open(scratch.file("o.npy")) }
    #expect(error?.problem.contains("pickled Python objects") == true)
  }

  private func line(name: String, _ array: NumPyArray) -> String {
    func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
      bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
    let data =
      switch array.elements {
      case .floats(let values): values.withUnsafeBytes { hexadecimal($0) }
      case .doubles(let values): values.withUnsafeBytes { hexadecimal($0) }
      case .int64s(let values): values.withUnsafeBytes { hexadecimal($0) }
      }
    return "\(hexadecimal(name.utf8))|\(array.elements.type)|\(array.shape)|\(data)"
  }
}
