/// Changes to a model file, node and tensor by tensor; everything else stays as it is, byte for byte.
struct ModelEdits {
  /// By initializer name, or by the output name of a Constant node: the tensor in its place.
  ///
  /// The data are inline (`raw_data` or typed fields); they move to the external file where the original's are.
  var tensors: [String: Onnx_TensorProto] = [:]
  /// By position in the graph's nodes: what stands in its place, in order; none removes it.
  var nodes: [Int: [Onnx_NodeProto]] = [:]
  /// New initializers, placed behind those of the file.
  var addedInitializers: [Onnx_TensorProto] = []
  /// Initializers that go.
  var removedInitializers: Set<String> = []
  /// By tensor name the new extents of inputs, outputs and `value_info` entries, by axis.
  ///
  /// Only axes with a written extent change; an open one (`dim_param`) stays open.
  var extents: [String: [Int: Int]] = [:]

  init() {}
}
