/// What tools for PyTorch call the types of layers.
enum PyTorchTypes {
  /// The module types that types of ours stand for, each once; those that are none of ONNX stay.
  static func names(of types: [String]) -> [String] {
    var names: [String] = []
    for name in types.flatMap(names(of:)) where !names.contains(name) { names.append(name) }
    return names
  }

  private static func names(of type: String) -> [String] {
    switch type {
    case "Conv": ["Conv1d", "Conv2d", "Conv3d"]
    case "ConvTranspose": ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]
    case "Gemm", "MatMul": ["Linear"]
    default: [type]
    }
  }
}
