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

  /// The network, imported and made ready as for a search.
  func execution(batchSize: Int) throws -> LayerExecution {
    // Rank 0 of a search sends what it reads as one message, and decodes that.
    let message = try ModelFiles.read(model).serialized
    let network = try ONNXModel(files: try ModelFiles(serialized: message)).network(batchSize: batchSize)
    return LayerExecution(network, ChannelStructure(of: network), loss: .crossEntropy)
  }

  /// The batch.
  func batch(of network: Network) throws -> Batch {
    let shape = network[network.inputs[0]].shape
    let classes = try read(Int64.self, labels, count: network.batchSize).map(Int.init)
    return Batch(
      inputs: [try read(Float.self, images, count: shape.count)], targets: .classes(classes),
      sampleCount: network.batchSize)
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
