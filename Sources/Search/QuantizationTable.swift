import ArrayFiles
package import Channels

/// How much the loss grows where one layer computes in fewer bits: the content of `quantization.npz`.
///
/// The file has the array `widths` (int64, ascending), and for every layer that was measured, in graph order, `weight/NAME`
/// and `activation/NAME` (float64): by width the change of the mean calibration loss, in loss units, with that layer's
/// weights, or what it reads, on a grid of so many bits and everything else in float32. NAME is the layer's node.
public struct QuantizationTable: Hashable, Sendable {
  /// What a search calls the file.
  public static let fileName = "quantization.npz"

  /// The widths measured, in bits, ascending.
  public let widths: [Int]
  /// By layer of the network, then by width, the loss change of its weights on a grid; a layer that was not measured has
  /// no widths.
  public let weight: [[Double]]
  /// The same of what a layer reads.
  public let activation: [[Double]]

  init(widths: [Int], weight: [[Double]], activation: [[Double]]) {
    self.widths = widths
    self.weight = weight
    self.activation = activation
  }

  /// Writes the file, whole or not at all.
  /// - Parameter layers: all layers of the network, in graph order.
  func write(to path: String, _ layers: [Layer]) throws {
    var arrays = [("widths", NumPyArray(.int64s(widths.map(Int64.init))))]
    for (layer, (weight, activation)) in zip(layers, zip(weight, activation)) where !weight.isEmpty {
      arrays.append(("weight/\(layer.name)", NumPyArray(.doubles(weight))))
      arrays.append(("activation/\(layer.name)", NumPyArray(.doubles(activation))))
    }
    try NumPyArchive.write(arrays, to: path)
  }

  /// Reads a file, every array of it.
  /// - Throws: when the file cannot be read, or its arrays are not those of this network.
  package init(reading path: String, _ layers: [Layer]) throws {
    let archive = try NumPyArchive(path)
    func mismatch(_ problem: String) -> SearchError {
      SearchError(.badContent, file: path, "\(problem): this is no quantisation table of the network")
    }
    var open = Set(archive.names)
    guard open.remove("widths") != nil else { throw mismatch("has no array 'widths'") }
    let widthArray = try archive.array(named: "widths")
    guard widthArray.elementType.isInteger, widthArray.shape.count == 1, widthArray.sampleCount <= Self.largestWidth
    else {
      throw mismatch("'widths' is \(widthArray.elementType) of shape \(widthArray.shape), expected integers in a row")
    }
    let stored = try widthArray.int64s()
    guard !stored.isEmpty, stored.allSatisfy({ (2...16).contains($0) }),
      zip(stored, stored.dropFirst()).allSatisfy({ $0 < $1 })
    else { throw mismatch("'widths' is \(stored), expected ascending widths of 2 to 16 bits") }
    let widths = stored.map { Int($0) }
    func row(_ name: String) throws -> [Double] {
      guard open.remove(name) != nil else { return [] }
      let array = try archive.array(named: name)
      guard array.shape == [widths.count] else {
        throw mismatch("'\(name)' has shape \(array.shape), expected [\(widths.count)]")
      }
      let values = try array.doubles()
      if let place = values.firstIndex(where: { !$0.isFinite }) {
        throw SearchError(
          .badContent, file: path, "'\(name)' is \(values[place]) at \(place), expected a finite number")
      }
      return values
    }
    var (weight, activation): ([[Double]], [[Double]]) = ([], [])
    for layer in layers {
      weight.append(try row("weight/\(layer.name)"))
      activation.append(try row("activation/\(layer.name)"))
      if weight.last?.isEmpty != activation.last?.isEmpty {
        throw mismatch("has only one of 'weight/\(layer.name)' and 'activation/\(layer.name)'")
      }
    }
    if let extra = open.min() { throw mismatch("has an array '\(extra)', which the network does not ask for") }
    self.init(widths: widths, weight: weight, activation: activation)
  }
}
