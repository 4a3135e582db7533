/// How an array lies in its bytes, checked against their number.
struct ArrayLayout: Sendable {
  let elementType: ArrayElementType
  let isBigEndian: Bool
  let isFortranOrder: Bool
  let shape: [Int]
  /// Where the elements begin, behind the header.
  let dataOffset: Int
  /// The extent of axis 0; 1 for an array without axes.
  let sampleCount: Int
  /// The product of the other extents.
  let elementsPerSample: Int

  /// - Parameter byteCount: all bytes there are, the header's included; they must be exactly what the shape needs.
  init(
    elementType: ArrayElementType, isBigEndian: Bool, isFortranOrder: Bool, shape: [Int], dataOffset: Int,
    byteCount: Int, name: ArrayName
  ) throws(ArrayFileError) {
    guard shape.count <= ArrayLimits.axes else {
      throw name.badContent(expected: "at most \(ArrayLimits.axes) axes", found: "\(shape.count)")
    }
    func product(_ factors: [Int]) throws(ArrayFileError) -> Int {
      var product = 1
      for factor in factors {
        let (next, overflow) = product.multipliedReportingOverflow(by: factor)
        guard !overflow, next >= 0 else {
          throw name.badContent("the shape \(shape) has more elements than 64 bits count")
        }
        product = next
      }
      return product
    }
    let sampleCount = shape.first ?? 1
    let elementsPerSample = try product(Array(shape.dropFirst()))
    let needed = try product([elementsPerSample, sampleCount, elementType.byteCount])
    guard needed == byteCount - dataOffset else {
      throw name.badContent(
        expected: "\(needed) bytes of elements for shape \(shape) of \(elementType)", found: "\(byteCount - dataOffset)"
      )
    }
    self.elementType = elementType
    self.isBigEndian = isBigEndian
    self.isFortranOrder = isFortranOrder
    self.shape = shape
    self.dataOffset = dataOffset
    self.sampleCount = sampleCount
    self.elementsPerSample = elementsPerSample
  }
}
