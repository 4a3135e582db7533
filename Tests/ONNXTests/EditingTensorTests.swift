import Foundation
import Networks
import SwiftProtobuf
import Testing

@testable import ONNX

struct EditingTensorTests {
  /// Where a tensor's elements are.
  enum Form: CaseIterable { case raw, typed, external }

  /// Bytes per element by number of the type.
  static let sizes: [Int32: Int] = [
    1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 14: 8, 15: 16, 16: 2, 17: 1, 18: 1,
    19: 1, 20: 1, 24: 1,
  ]

  /// A tensor whose elements are numbered: element `i` of bytes `i`, `i + 1` …
  private static func tensor(_ type: Int32, _ dims: [Int], _ form: Form, only elements: [Int]? = nil)
    -> Onnx_TensorProto
  {
    let count = dims.reduce(1, *)
    let elements = elements ?? Array(0..<count)
    var tensor = Onnx_TensorProto()
    tensor.name = "t"
    tensor.docString = "text"
    tensor.dataType = type
    tensor.dims = dims.map { Int64($0) }
    let size = sizes[type] ?? 0
    switch form {
    case .raw: tensor.rawData = Data(elements.flatMap { bytes($0, size) })
    case .external:
      tensor.dataLocation = .external
      tensor.externalData = [("location", "t.bin"), ("offset", "3"), ("length", String(count * size))].map {
        key, value in
        .with {
          $0.key = key
          $0.value = value
        }
      }
    case .typed:
      switch type {
      case 1: tensor.floatData = elements.map { Float($0) }
      case 14: tensor.floatData = elements.flatMap { [Float($0), -Float($0)] }
      case 11: tensor.doubleData = elements.map { Double($0) }
      case 15: tensor.doubleData = elements.flatMap { [Double($0), -Double($0)] }
      case 7: tensor.int64Data = elements.map { Int64($0) }
      case 12, 13: tensor.uint64Data = elements.map { UInt64($0) }
      default: tensor.int32Data = elements.map { Int32($0) }
      }
    }
    return tensor
  }

  private static func bytes(_ element: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: element + $0) }
  }

  private static func files(_ type: Int32, _ count: Int) -> [String: [UInt8]] {
    ["t.bin": [9, 9, 9] + (0..<count).flatMap { bytes($0, sizes[type] ?? 0) } + [9]]
  }

  /// What stays, element by element.
  private static func kept(_ dims: [Int], _ axes: [Int: [Int]]) -> (dims: [Int], elements: [Int]) {
    let lists = dims.enumerated().map { axis, extent in axes[axis] ?? Array(0..<extent) }
    var elements = [0]
    for (axis, list) in lists.enumerated() {
      elements = elements.flatMap { outer in list.map { outer * dims[axis] + $0 } }
    }
    return (lists.map(\.count), elements)
  }

  static let selections: [[Int: [Int]]] = [
    [:], [0: [1]], [0: [0, 2]], [1: [0, 3, 4]], [2: [1]], [0: [2], 2: [0]], [0: [0, 1], 1: [1, 2, 4], 2: [0, 1]],
    [1: [4, 0]],
  ]

  @Test(arguments: sizes.keys.sorted(), Form.allCases)
  func `a slice holds the elements that a plain loop takes, in the same form`(_ type: Int32, form: Form) throws {
    let dims = [3, 5, 2]
    for axes in Self.selections {
      let whole = Self.tensor(type, dims, form)
      let found = try whole.taking(axes, files: Self.files(type, 30))
      let (extents, elements) = Self.kept(dims, axes)
      #expect(found == Self.tensor(type, extents, form == .external ? .raw : form, only: elements), "\(axes)")
    }
  }

  @Test(arguments: sizes.keys.sorted(), Form.allCases)
  func `blocks of rows lose their own columns`(_ type: Int32, form: Form) throws {
    let dims = [6, 4, 1, 2]
    let (rows, columns) = ([[0, 1], [2], [4, 5]], [[0, 2], [1, 3], [0, 1]])
    var elements: [Int] = []
    for (block, kept) in rows.enumerated() {
      for row in kept {
        for column in columns[block] { elements += [0, 1].map { (row * 4 + column) * 2 + $0 } }
      }
    }
    let found = try Self.tensor(type, dims, form).takingBlocks(
      outputs: rows, inputs: columns, files: Self.files(type, 48))
    #expect(found == Self.tensor(type, [5, 2, 1, 2], form == .external ? .raw : form, only: elements))
  }

  @Test func `strings and unknown fields stay`() throws {
    let texts = ["a", "", "cc", "ü", "e", "f"]
    var bytes = Wire.field(900, [1, 2])
    for text in texts { bytes += Wire.field(6, Array(text.utf8)) }
    bytes += Wire.number(1, 3) + Wire.number(1, 2) + Wire.number(2, 8) + Wire.field(901, [3])
    let tensor = try Onnx_TensorProto(serializedBytes: bytes)
    let found = try Wire.fields([UInt8](tensor.taking([0: [0, 2], 1: [1]], files: [:]).serializedData())[...])
    #expect(found.filter { $0.number == 6 }.map { String(decoding: $0.content, as: UTF8.self) } == ["", "f"])
    #expect(found.filter { $0.number >= 900 }.map(\.number) == [900, 901])
    var short = tensor
    short.dims = [3, 3]
    #expect(throws: ImportProblem.self) { try short.taking([:], files: [:]) }
  }

  @Test(arguments: [(21, "uint4"), (22, "int4"), (23, "float4e2m1"), (99, "type 99")] as [(Int32, String)])
  func `elements that share bytes are refused by name`(_ type: Int32, name: String) throws {
    var tensor = Onnx_TensorProto()
    tensor.dims = [4]
    tensor.dataType = type
    tensor.rawData = Data([1, 2])
    let problem = try #require(throws: ImportProblem.self) { try tensor.taking([0: [0]], files: [:]) }
    #expect(problem.kind == .unsupported)
    #expect(problem.text.contains(name))
  }

  @Test(arguments: sizes.keys.sorted(), Form.allCases)
  func `extents that the data do not have are refused`(_ type: Int32, form: Form) throws {
    for dims in [[3, 5], [1 << 40, 1 << 10], [-1, 2], [.max, .max], [1 << 50]] as [[Int64]] {
      var tensor = Self.tensor(type, [3, 5, 2], form)
      tensor.dims = dims
      #expect(throws: ImportProblem.self) { try tensor.taking([0: [0]], files: Self.files(type, 30)) }
      #expect(throws: ImportProblem.self) {
        try tensor.takingBlocks(outputs: [[0]], inputs: [[0]], files: Self.files(type, 30))
      }
    }
    let tensor = Self.tensor(type, [3, 5, 2], form)
    for axes in [[3: [0]], [-1: [0]], [0: [3]], [1: [-1]]] {
      #expect(throws: ImportProblem.self) { try tensor.taking(axes, files: Self.files(type, 30)) }
    }
  }

  @Test func `huge extents of a tensor without elements are not worked through`() throws {
    var tensor = Onnx_TensorProto()
    tensor.dataType = 1
    tensor.dims = [1 << 50, 0, 5]
    #expect(try tensor.taking([2: [1]], files: [:]).dims == [1 << 50, 0, 1])
  }

  @Test(arguments: [1, 10, 11, 16] as [Int32], Form.allCases)
  func `other numbers keep the element type and the form`(_ type: Int32, form: Form) throws {
    // Ties go to even: 1 + 2⁻⁸ and 1 + 3 · 2⁻⁸ in bfloat16 (8 bits), 1 + 2⁻¹¹ and 1 + 3 · 2⁻¹¹ in float16 (11 bits).
    let values: [Float] = [1, -2.5, 3 * 0x1p-8 + 1, 1 + 0x1p-8, 1 + 0x1p-11, 3 * 0x1p-11 + 1]
    let found = try Self.tensor(type, [2, 3], form).replacing(values: values)
    #expect(found.dataType == type && found.dims == [2, 3] && found.docString == "text" && !found.isExternal)
    #expect(found.hasRawData == (form != .typed))
    let bits: [UInt16] = found.int32Data.map { UInt16($0) } + (found.hasRawData ? found.rawData.numbers() : [])
    switch type {
    case 1: #expect((form == .typed ? found.floatData : found.rawData.numbers()) == values)
    case 11: #expect((form == .typed ? found.doubleData : found.rawData.numbers()) == values.map { Double($0) })
    case 10: #expect(bits == [0x3C00, 0xC100, 0x3C0C, 0x3C04, 0x3C00, 0x3C02])
    default: #expect(bits == [0x3F80, 0xC020, 0x3F82, 0x3F80, 0x3F80, 0x3F80])
    }
    #expect(throws: ImportProblem.self) { try found.replacing(values: [1]) }
  }

  @Test(arguments: [(10, 70000), (16, .greatestFiniteMagnitude), (6, 1)] as [(Int32, Float)])
  func `numbers that an element type cannot hold are refused`(_ type: Int32, value: Float) throws {
    let problem = try #require(throws: ImportProblem.self) {
      try Self.tensor(type, [1], .typed).replacing(values: [value])
    }
    #expect(problem.kind == .unsupported)
  }

  @Test(arguments: sizes.keys.sorted())
  func `typed fields become the raw data of their type`(_ type: Int32) throws {
    let tensor = Self.tensor(type, [3], .typed)
    let raw = try tensor.rawBytes()
    let expected: [UInt8] = {
      func bytes<Number>(_ numbers: [Number]) -> [UInt8] { numbers.withUnsafeBytes { Array($0) } }
      switch type {
      case 1: return bytes([0, 1, 2] as [Float])
      case 14: return bytes([0, -0.0, 1, -1, 2, -2] as [Float])
      case 11: return bytes([0, 1, 2] as [Double])
      case 15: return bytes([0, -0.0, 1, -1, 2, -2] as [Double])
      default:
        let size = Self.sizes[type] ?? 0
        return (0..<3).flatMap { element in (0..<size).map { $0 == 0 ? UInt8(element) : 0 } }
      }
    }()
    #expect([UInt8](raw) == expected)
  }
}

extension Data {
  /// The numbers whose bytes these are.
  fileprivate func numbers<Number: BitwiseCopyable>() -> [Number] {
    withUnsafeBytes { bytes in
      (0..<count / MemoryLayout<Number>.size).map {
        bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Number>.size, as: Number.self)
      }
    }
  }
}
