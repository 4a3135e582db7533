extension ConstantTensor {
  /// Whether its elements were left out: only its shape and the kind of its elements are known.
  public var isHollow: Bool { elements.count != shape.count }

  /// The same constant without its elements.
  fileprivate var hollow: ConstantTensor {
    switch elements {
    case .float: ConstantTensor(hollow: shape, .float([]))
    case .double: ConstantTensor(hollow: shape, .double([]))
    case .integer: ConstantTensor(hollow: shape, .integer([]))
    }
  }

  /// A constant with its elements, or a hollow one of the kind that `elements`, which are none then, are of; `nil` when
  /// their number is not what the shape says.
  public init?(_ shape: Shape, _ elements: Elements, isHollow: Bool) {
    guard elements.count == (isHollow ? 0 : shape.count) else { return nil }
    self.init(hollow: shape, elements)
  }

  private init(hollow shape: Shape, _ elements: Elements) {
    self.shape = shape
    self.elements = elements
  }
}

extension Network {
  /// The same network without the elements of constants that none of some nodes reads: what a rank has to hold that runs
  /// only these.
  ///
  /// Such constants are hollow: nodes that read them can be looked at, but not run.
  /// - Parameter outputs: constants that keep their elements although no node reads them.
  public func keepingConstants(of nodes: Range<Int>, and outputs: [ValueID] = []) -> Network {
    var isKept = [Bool](repeating: false, count: values.count)
    for id in outputs + self.outputs + self.nodes[nodes].flatMap({ $0.inputs.compactMap { $0 } }) {
      isKept[id.index] = true
    }
    let values = zip(values, isKept).map { value, isKept in
      guard let constant = value.constant, !isKept else { return value }
      return Value(name: value.name, constant: constant.hollow)
    }
    guard
      let network = try? Network(
        name: name, batchSize: batchSize, values: values, nodes: self.nodes, inputs: inputs, outputs: self.outputs)
    else { preconditionFailure("leaving constants out broke \(name)") }
    return network
  }
}
