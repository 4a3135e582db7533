import Networks

/// A function of one value.
struct ReferenceUnary: ReferenceKernel {
  let function: UnaryFunction

  func forward(_ operands: [[Double]]) -> [[Double]] { [operands[0].map { function.value($0) }] }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    zip(operands[0], gradients[0]).map { function.derivative($0) * $1 }
  }
}

/// A function of two broadcast operands.
struct ReferenceBinary: ReferenceKernel {
  private let function: BinaryFunction
  /// By element of the result the element of each operand.
  private let places: [[Int]]

  init(_ function: BinaryFunction, operands: [Shape], result: Shape) {
    self.function = function
    places = operands.map { IndexMap.broadcast($0, to: result) }
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    [zip(places[0], places[1]).map { function.value(operands[0][$0], operands[1][$1]) }]
  }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    var gradient = [Double](repeating: 0, count: operands[position].count)
    for element in places[0].indices {
      let (a, b) = (operands[0][places[0][element]], operands[1][places[1][element]])
      gradient[places[position][element]] += function.derivative(a, b, by: position) * gradients[0][element]
    }
    return gradient
  }
}

/// The second operand where the first is not 0, else the third.
struct ReferenceSelection: ReferenceKernel {
  /// By element of the result the element of each operand.
  private let places: [[Int]]

  init(operands: [Shape], result: Shape) {
    places = operands.map { IndexMap.broadcast($0, to: result) }
  }

  private func chosen(_ operands: [[Double]], _ element: Int) -> Int {
    operands[0][places[0][element]] != 0 ? 1 : 2
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    [
      places[0].indices.map { element in
        let choice = chosen(operands, element)
        return operands[choice][places[choice][element]]
      }
    ]
  }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    var gradient = [Double](repeating: 0, count: operands[position].count)
    for element in places[0].indices where chosen(operands, element) == position {
      gradient[places[position][element]] += gradients[0][element]
    }
    return gradient
  }
}
