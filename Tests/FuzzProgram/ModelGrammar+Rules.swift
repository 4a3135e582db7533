extension ModelGrammar {
  /// An operator with what it reads and what attributes it has.
  struct Rule {
    let opType: String
    /// `x` mostly computed, `c` mostly a constant, `i` mostly a list of integers, `?` anything or nothing.
    let operands: [Character]
    /// Names with their forms: `i` a number, `I` a list, `P` a permutation, `f` a float, else one of some texts.
    let attributes: [String]
  }

  /// One rule a line: op type, operands, attributes.
  static let rules: [Rule] = lines.split(separator: "\n").map { line in
    let words = line.split(separator: " ").map(String.init)
    return Rule(opType: words[0], operands: Array(words[1]), attributes: Array(words.dropFirst(2)))
  }

  private static let lines = """
    Conv xc kernel_shape:I strides:I pads:I dilations:I group:i auto_pad:NOTSET|VALID|SAME_UPPER|SAME_LOWER
    Conv xc
    Conv xc? pads:I group:i
    ConvTranspose xc strides:I pads:I dilations:I group:i output_padding:I output_shape:I auto_pad:NOTSET|SAME_UPPER
    ConvTranspose xc
    Gemm xc? transA:i transB:i alpha:f beta:f
    MatMul xc
    MatMul cx
    MatMul cc
    MatMul xx
    Gemm cc? transA:i transB:i
    BatchNormalization xcccc epsilon:f spatial:i
    InstanceNormalization xcc
    GroupNormalization xcc num_groups:i
    LayerNormalization xc? axis:i
    LRN x size:i alpha:f beta:f bias:f
    Relu x
    Clip x?? min:f max:f
    Elu x alpha:f
    Celu x alpha:f
    HardSigmoid x alpha:f
    Gelu x approximate:none|tanh
    PRelu xc
    Add xx
    Add xc
    Sub cx
    Mul xc
    Div xc
    Div ii
    Mod ii fmod:i
    Pow xc
    Pow ii
    Max xxc
    Min ccc
    Sum xxx
    Mean xx
    Equal xi
    Less xc
    And xi
    Not x
    Where xxc
    Where iic
    Where iii
    Cast x to:i
    Cast i to:i
    Cast c to:i
    Concat xx axis:i
    Concat xc axis:i
    Concat ii axis:i
    Concat iii axis:i
    Split x? axis:i split:I num_outputs:i
    Split c? axis:i num_outputs:i
    Slice xii?? axes:I starts:I ends:I
    Slice cii?? axes:I
    Slice iii
    Gather xi axis:i
    Gather ci axis:i
    Gather ii axis:i
    GatherElements ci axis:i
    GatherND ci batch_dims:i
    ScatterND cic
    Reshape xi allowzero:i
    Reshape ci
    Flatten x axis:i
    Squeeze x? axes:I
    Unsqueeze x? axes:I
    Unsqueeze i? axes:I
    Transpose x perm:P
    Transpose c perm:P
    Expand xi
    Expand ci
    Tile xi
    Tile ci
    Pad xi?? pads:I mode:constant|reflect|edge value:f
    Resize x?ci mode:nearest|linear|cubic coordinate_transformation_mode:half_pixel|align_corners|asymmetric|tf_crop_and_resize nearest_mode:floor|ceil axes:I
    Resize x?? mode:nearest|linear
    Resize x??i mode:nearest|linear|cubic keep_aspect_ratio_policy:stretch|not_larger|not_smaller
    Upsample xc mode:nearest|linear
    DepthToSpace x blocksize:i mode:DCR|CRD
    SpaceToDepth x blocksize:i
    Einsum xx equation:nchw,nchw->nchw|bhid,bhjd->bhij|...ij,...jk->...ik|ij,jk
    Einsum xc equation:nc,cd->nd|nchw,cd->ndhw|...i,ij->...j
    Einsum x equation:nchw->nc|...i->...|ij->ji
    MaxPool x kernel_shape:I strides:I pads:I dilations:I ceil_mode:i auto_pad:NOTSET|SAME_UPPER
    AveragePool x kernel_shape:I strides:I pads:I count_include_pad:i ceil_mode:i
    GlobalAveragePool x
    GlobalMaxPool x
    Softmax x axis:i
    LogSoftmax x axis:i
    ReduceMean x? axes:I keepdims:i noop_with_empty_axes:i
    ReduceSum x? axes:I keepdims:i
    ReduceL2 c? axes:I keepdims:i
    ReduceProd i? keepdims:i
    ReduceMax x? axes:I
    ReduceLogSumExp x? axes:I
    ReduceLogSum x? axes:I
    CumSum xi exclusive:i reverse:i
    CumSum ii exclusive:i
    Shape x start:i end:i
    Size x
    ConstantOfShape i
    Range iii
    Range ccc
    OneHot iic axis:i
    Trilu ci upper:i
    Trilu i upper:i
    QuantizeLinear xc? axis:i
    DequantizeLinear xc? axis:i
    DequantizeLinear ic? axis:i
    QuantizeLinear cc? axis:i
    Dropout x??
    Identity x
    Swish x alpha:f
    ThresholdedRelu x alpha:f
    Constant - value_ints:I
    Constant - value_float:f
    """
}
