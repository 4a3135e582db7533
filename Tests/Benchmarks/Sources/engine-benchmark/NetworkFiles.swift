import Channels
import Execution
import Glibc
import Networks
import ONNX
import Sensitivity

/// A model and one batch of data for it.
struct NetworkFiles {
  /// A data file that cannot be used.
  struct DataError: Error, CustomStringConvertible {
    let description: String
  }

  /// The ONNX file.
  let model: String
  /// One batch of the input, float32 without a header, row-major.
  let images: String
  /// The class of each sample, int64 without a header.
  let labels: String

  /// The network, imported and made ready as for a search: with as many samples per run as a search takes.
  func execution(batchSize: Int) throws -> LayerExecution {
    // Rank 0 of a search sends what it reads as one message, and decodes that.
    let message = try ModelFiles.read(model).serialized
    let model = try ONNXModel(files: try ModelFiles(serialized: message))
    let small = try model.network(batchSize: 2)
    let size = RunSize(batchSize: batchSize, network: small).samples
    let network = size == 2 ? small : try model.network(batchSize: size)
    return LayerExecution(network, ChannelStructure(of: network), loss: .crossEntropy)
  }

  /// The batch, cut into the runs of a network; the last one is filled up with its last sample.
  func runs(of network: Network, batchSize: Int) throws -> [Batch] {
    let shape = network[network.inputs[0]].shape
    let elements = shape.count / network.batchSize
    let classes = try read(Int64.self, labels, count: batchSize).map(Int.init)
    let values = try read(Float.self, images, count: batchSize * elements)
    return stride(from: 0, to: batchSize, by: network.batchSize).map { start in
      let places = (start..<start + network.batchSize).map { min($0, batchSize - 1) }
      return Batch(
        inputs: [places.flatMap { values[$0 * elements..<($0 + 1) * elements] }],
        targets: .classes(places.map { classes[$0] }), sampleCount: min(network.batchSize, batchSize - start))
    }
  }

  private func read<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>(
    _ type: Element.Type, _ path: String, count: Int
  ) throws -> [Element] {
    guard let file = fopen(path, "r") else {
      throw DataError(description: "\(path): \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var elements = [Element](repeating: 0, count: count)
    let found = fread(&elements, MemoryLayout<Element>.stride, count, file)
    guard found == count, fgetc(file) == EOF else {
      throw DataError(description: "\(path): \(found == count ? "more" : "\(found)") elements, expected \(count)")
    }
    return elements
  }
}
