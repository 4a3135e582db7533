extension ConfigurationObjects {
  static let calibration = ObjectDescription("calibration", sampleKeys, rules: sampleRules)

  static let evaluation = ObjectDescription(
    "evaluation", calibration.keys.filter { $0.name != "batch_size" }, rules: sampleRules)

  private static let sampleRules = [anyOf("inputs", "images")]

  private static let sampleKeys = [
    KeyDescription(
      "inputs",
      .called(
        "array; of several inputs: input → array",
        .either([arrayReference, .map("input", to: arrayReference, atLeast: 1)])),
      .demanded("this or `images` is required"),
      "the array of samples, the first axis counting them; for a network with several inputs an object from the inputs' "
        + "names to arrays"),
    KeyDescription(
      "images",
      .called(
        "folder or list; of several inputs: input → folder or list",
        .either([.path("path"), .map("input", to: .path("path"), atLeast: 1)])),
      .told("none"),
      "instead: a folder or a list of JPEG and PNG files, [below](#images); for a network with several inputs an object "
        + "from the inputs' names to these"),
    KeyDescription(
      "labels", arrayReference, .told("none, or the classes of `images`"),
      "classes as whole numbers, or with the loss `mse` values of the output's shape; leave it out for unlabelled data. "
        + "Beside `images` it takes the place of the classes that these say"),
    KeyDescription(
      "batch_size", .integer(SearchConfiguration.SampleData.counts), .value(32),
      "samples per batch. It is part of what a sensitivity per batch means; neither memory nor the speed of a rank depend "
        + "on it, as a batch runs a few samples at a time; [how many ranks](cluster.md#ranks-threads-placement) have work "
        + "does"),
    KeyDescription(
      "samples", .either([.integer(SearchConfiguration.SampleData.counts), .constant("all")]), .value("all"),
      "how many samples are used: of arrays from the first on, of images in the order told [below](#images)"),
    KeyDescription(
      "preprocessing", perInput(preprocessing), .told("nothing"),
      "what is done to stored values of arrays first; with several inputs an object from their names"),
    KeyDescription(
      "preprocess", perInput(preprocess), .told("nothing but x ÷ 255"),
      "what is done to every image, [below](#images); with several inputs an object from their names"),
    KeyDescription(
      "bad_images",
      .either([
        .constant("fail"), .constant("skip"), .list(of: .called("path", .string("path")), counts: 0...Int.max),
      ]), .value("fail"),
      "what becomes of images that cannot be decoded: an error, or they are left out; a list says which are left out"),
  ]

  private static func perInput(_ steps: ObjectDescription) -> ValueShape {
    .called("object; of several inputs: input → object", .either([.object(steps), .map("input", to: .object(steps))]))
  }

  static let array = ObjectDescription(
    "array",
    [
      KeyDescription("file", .path("file"), .required, "`.npy`, `.npz` or IDX (also gzipped)"),
      KeyDescription(
        "array", .string("name"), .told("the only one"), "the array in an `.npz` file"),
    ])

  private static let arrayReference = ValueShape.called(
    "array", .either([.path("file"), .object(array)]))

  /// One number, or one for each channel.
  private static func perChannel(_ interval: Interval) -> ValueShape {
    .either([.number(interval), .list(of: .number(interval))])
  }

  static let preprocessing = ObjectDescription(
    "preprocessing",
    [
      KeyDescription(
        "scale", .number(SearchConfiguration.Preprocessing.factors), .value(1),
        "x′ = (x · scale − mean) ÷ std. Bytes become 0 … 1 by 0.00392156862745098 = 1/255"),
      KeyDescription("mean", perChannel(Interval()), .value(0), "one number, or one for each channel (axis 1)"),
      KeyDescription(
        "std", perChannel(SearchConfiguration.Preprocessing.factors), .value(1), "one number, or one for each channel"),
    ])

  private static let side = ValueShape.integer(SearchConfiguration.ImagePreprocess.sides)
  private static let sides = ValueShape.either([
    side, .called("[height, width]", .list(of: side, counts: 2...2)),
  ])

  static let preprocess = ObjectDescription(
    "preprocess",
    [
      KeyDescription(
        "resize", sides, .told("images keep their size"),
        "pixels of the shorter side, the longer one following in proportion (rounded down); or of both"),
      KeyDescription(
        "crop", sides, .told("all of the image"),
        "pixels of both sides, or each, cut out of the middle; a smaller image gets black around it"),
      KeyDescription(
        "interpolation", .choice(SearchConfiguration.ImagePreprocess.Interpolation.self), .value("bilinear"),
        "`bilinear`, `bicubic` (both with antialiasing) or `nearest`"),
      KeyDescription(
        "channels", .choice(SearchConfiguration.ImagePreprocess.Channels.self), .value("RGB"),
        "`RGB`, `BGR`, or `GREY` for networks with one channel"),
      KeyDescription(
        "layout", .choice(SearchConfiguration.ImagePreprocess.Layout.self), .value("NCHW"),
        "of the network's input: `NCHW` or `NHWC`"),
      KeyDescription(
        "scale", .number(SearchConfiguration.Preprocessing.factors), .told("1/255 = 0.00392156862745098"),
        "x′ = (x · scale − mean) ÷ std, x from 0 to 255"),
      KeyDescription(
        "mean", perChannel(Interval()), .value(0), "one number, or one for each channel in the order of `channels`"),
      KeyDescription(
        "std", perChannel(SearchConfiguration.Preprocessing.factors), .value(1), "one number, or one for each channel"),
    ])
}
