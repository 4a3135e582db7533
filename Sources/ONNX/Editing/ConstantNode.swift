import SwiftProtobuf

extension Onnx_NodeProto {
  /// The tensor that a Constant node holds, whichever attribute gives it; `nil` for other nodes, strings and sparse
  /// tensors.
  var constantTensor: Onnx_TensorProto? {
    guard opType == "Constant", isStandard else { return nil }
    for attribute in attribute {
      switch attribute.name {
      case "value" where attribute.hasT: return attribute.t
      case "value_float" where attribute.hasF: return Self.tensor([], .float32) { $0.floatData = [attribute.f] }
      case "value_int" where attribute.hasI: return Self.tensor([], .int64) { $0.int64Data = [attribute.i] }
      case "value_floats":
        return Self.tensor([attribute.floats.count], .float32) { $0.floatData = attribute.floats }
      case "value_ints": return Self.tensor([attribute.ints.count], .int64) { $0.int64Data = attribute.ints }
      default: continue
      }
    }
    return nil
  }

  private static func tensor(_ dims: [Int], _ type: ElementType, _ fill: (inout Onnx_TensorProto) -> Void)
    -> Onnx_TensorProto
  {
    .with {
      $0.dims = dims.map { Int64($0) }
      $0.dataType = type.rawValue
      fill(&$0)
    }
  }

  /// Makes a tensor the value of this Constant node: in the attribute that there is where that can hold it, else as
  /// `value`, which every operator set has.
  mutating func setConstant(_ tensor: Onnx_TensorProto) {
    let names = ["value", "value_float", "value_int", "value_floats", "value_ints", "value_string", "value_strings"]
    let position = attribute.firstIndex { (names + ["sparse_value"]).contains($0.name) }
    let type = ElementType(rawValue: tensor.dataType)
    if let position {
      switch (attribute[position].name, tensor.dims.count, type) {
      case ("value", _, _):
        attribute[position].t = tensor
        return
      case ("value_floats", 1, .float32) where tensor.floatData.count == Int(tensor.dims[0]):
        attribute[position].floats = tensor.floatData
        return
      case ("value_ints", 1, .int64) where tensor.int64Data.count == Int(tensor.dims[0]):
        attribute[position].ints = tensor.int64Data
        return
      case ("value_float", 0, .float32) where tensor.floatData.count == 1:
        attribute[position].f = tensor.floatData[0]
        return
      case ("value_int", 0, .int64) where tensor.int64Data.count == 1:
        attribute[position].i = tensor.int64Data[0]
        return
      default: break
      }
    }
    var value = Onnx_AttributeProto()
    value.name = "value"
    value.type = .tensor
    value.t = tensor
    if let position { attribute[position] = value } else { attribute.append(value) }
  }
}
