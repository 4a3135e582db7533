import Networks

/// What an ONNX tensor name stands for during an import: an array that is known, or one that the network computes.
struct Operand {
  /// Where the elements are.
  enum Content {
    /// Here.
    case constant(ConstantTensor)
    /// Only a run knows them.
    case computed(ValueID)
  }

  /// The tensor's name; behind an Identity the name of what it hands on.
  let name: String
  /// The extents at the batch size of this import.
  let shape: Shape
  /// Where the elements are.
  let content: Content
  /// The type that the file gives a constant; `nil` for what was computed here.
  let elementType: ElementType?
  /// The integers that the file holds where the computed value is the numbers that they stand for; `nil` for floats.
  let quantizedForm: QuantizedForm?

  /// A known array.
  init(name: String, constant: ConstantTensor, elementType: ElementType? = nil) {
    self.name = name
    self.elementType = elementType
    quantizedForm = nil
    shape = constant.shape
    content = .constant(constant)
  }

  /// A value of the network.
  init(name: String, shape: Shape, computed id: ValueID, quantizedForm: QuantizedForm? = nil) {
    self.name = name
    self.shape = shape
    content = .computed(id)
    elementType = nil
    self.quantizedForm = quantizedForm
  }

  /// The same computed value, held as some integers or as floats; a constant stays as it is.
  func holding(_ form: QuantizedForm?) -> Operand {
    guard case .computed(let id) = content else { return self }
    return Operand(name: name, shape: shape, computed: id, quantizedForm: form)
  }

  /// The array, if it is known.
  var constant: ConstantTensor? {
    if case .constant(let tensor) = content { tensor } else { nil }
  }

  /// Whether the elements are integers or booleans; computed values never are: a computed boolean is 0 or 1.
  var isInteger: Bool {
    if case .integer = constant?.elements { true } else { false }
  }
}
