import Networks

/// Damage to ONNX files that keeps the protobuf framing whole: numbers, names and messages are changed, moved and repeated.
enum WireMutation {
  /// One to a few changes; now and then bytes are damaged as well.
  static func changed(_ bytes: [UInt8], _ random: inout SplitMix64, others: [[UInt8]]) -> [UInt8] {
    guard var model = WireMessage(.model, parsing: bytes[...]) else {
      return ByteMutation.changed(bytes, &random, others: others)
    }
    let texts = model.texts + opTypes + attributeNames
    for _ in 0..<random.smallCount(upTo: 5) { change(&model, &random, texts) }
    let encoded = model.encoded
    return random.oneIn(10) ? ByteMutation.changed(encoded, &random, others: others) : encoded
  }

  /// Changes one field somewhere.
  private static func change(_ model: inout WireMessage, _ random: inout SplitMix64, _ texts: [[UInt8]]) {
    let count = model.deepCount
    guard count > 0 else { return }
    var target = random.below(count)
    model.visit(&target) { fields, place in change(&fields, place, &random, texts) }
  }

  private static func change(
    _ fields: inout [WireMessage.Field], _ place: Int, _ random: inout SplitMix64, _ texts: [[UInt8]]
  ) {
    switch random.below(8) {
    case 0: fields.remove(at: place)
    case 1:
      let copies = random.oneIn(12) ? 2000 : random.smallCount(upTo: 40)
      fields.insert(contentsOf: repeatElement(fields[place], count: copies), at: place)
    case 2: fields.swapAt(place, random.below(fields.count))
    case 3: fields[place].number = random.pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14, 20, 21, 536_870_911])
    default: changeValue(&fields[place], &random, texts)
    }
  }

  private static func changeValue(_ field: inout WireMessage.Field, _ random: inout SplitMix64, _ texts: [[UInt8]]) {
    switch field.value {
    case .varint(let value):
      field.value = .varint(
        random.oneIn(2)
          ? random.pick(ByteMutation.interesting) : value &+ UInt64(bitPattern: Int64(random.below(7) - 3)))
    case .fixed(let run):
      let bits = random.pick(ByteMutation.interesting)
      let floats: [Float] = [0, -1, .nan, .infinity, -.infinity, 1e38, .leastNonzeroMagnitude, 0.5, 2]
      let pattern = random.oneIn(2) ? UInt64(random.pick(floats).bitPattern) : bits
      field.value = .fixed((0..<run.count).map { UInt8(truncatingIfNeeded: pattern >> UInt64(8 * $0)) })
    case .bytes(let run): field.value = .bytes(changedText(run, &random, texts))
    case .message(let message):
      guard random.oneIn(30) else { return }
      // In itself, again and again.
      var nested = message
      for _ in 0..<random.pick([3, 99, 101, 500]) {
        var outer = message
        outer.fields.append(WireMessage.Field(number: field.number, value: .message(nested)))
        nested = outer
      }
      field.value = .message(nested)
    }
  }

  private static func changedText(_ run: [UInt8], _ random: inout SplitMix64, _ texts: [[UInt8]]) -> [UInt8] {
    switch random.below(8) {
    case 0: return ByteMutation.changed(run, &random, others: texts)
    case 1: return []
    case 2: return [UInt8](repeating: run.first ?? 0x61, count: random.pick([64, 1025, 5000, 100_000]))
    case 3:
      // Packed numbers.
      return (0..<random.smallCount(upTo: 12)).flatMap { _ in WireMessage.varint(random.pick(ByteMutation.interesting))
      }
    case 4: return Array("e\u{301}\u{316}\u{1B}[31m\n/../".utf8)
    default: return random.pick(texts)
    }
  }

  /// What `op_type` may hold, known or not.
  static let opTypes = words(
    """
    Abs Add And AveragePool BatchNormalization Cast Ceil Celu Clip Concat Constant ConstantOfShape Conv ConvTranspose Cos CumSum
    DepthToSpace DequantizeLinear Div Dropout Einsum Elu Equal Erf Exp Expand Flatten Floor Gather GatherElements GatherND Gelu
    Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GroupNormalization HardSigmoid HardSwish Identity If
    InstanceNormalization LRN LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax Loop MatMul Max MaxPool Mean Min Mish Mod
    Mul Neg Not OneHot Or PRelu Pad Pow QuantizeLinear Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax
    ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize Round ScatterND Selu Shape Sigmoid Sign Sin Size Slice
    Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Swish Tanh ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze
    Upsample Where Xor
    """)

  /// What attributes may be called.
  static let attributeNames = words(
    """
    alpha auto_pad axes axis beta blocksize ceil_mode count_include_pad dilations epsilon equation exclusive group keepdims
    kernel_shape mode num_groups num_outputs output_padding output_shape pads perm scales size split strides to transA transB upper
    value value_float value_floats value_int value_ints
    """)

  private static func words(_ text: String) -> [[UInt8]] {
    text.split { $0 == " " || $0 == "\n" }.map { Array($0.utf8) }
  }
}

extension WireMessage {
  /// Texts and other runs of bytes anywhere in the message, the short ones.
  fileprivate var texts: [[UInt8]] {
    fields.flatMap { field -> [[UInt8]] in
      switch field.value {
      case .bytes(let run): run.count <= 64 ? [run] : []
      case .message(let message): message.texts
      case .varint, .fixed: []
      }
    }
  }

  /// Calls `body` with the field of a number, counted as in `deepCount`, and its neighbours.
  fileprivate mutating func visit(_ target: inout Int, _ body: (inout [Field], Int) -> Void) {
    for place in fields.indices {
      if target == 0 {
        target = -1
        return body(&fields, place)
      }
      target -= 1
      guard case .message(var message) = fields[place].value else { continue }
      message.visit(&target, body)
      if target < 0 {
        fields[place].value = .message(message)
        return
      }
    }
  }
}
