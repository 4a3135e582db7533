/// What is done to every image so that a network can take it: resize, centre crop, channels, scale, mean and deviation.
///
/// In the order and with the numbers of torchvision's `Resize`, `CenterCrop`, `ToTensor` and `Normalize` on Pillow images.
public struct ImageTransform: Hashable, Sendable {
  /// Rows and columns.
  public struct Size: Hashable, Sendable {
    /// Rows.
    public let height: Int
    /// Pixels of a row.
    public let width: Int

    /// - Precondition: both are at least 1.
    public init(height: Int, width: Int) {
      precondition(height > 0 && width > 0)
      self.height = height
      self.width = width
    }
  }

  /// What an image is resized to.
  public enum Resize: Hashable, Sendable {
    /// The shorter side gets so many pixels, the longer one in proportion, rounded down.
    case shorterSide(Int)
    /// Just this size, whatever the proportions.
    case exact(Size)
  }

  /// Which channels there are, in their order.
  public enum Channels: String, CaseIterable, Sendable {
    /// Red, green, blue.
    case rgb = "RGB"
    /// Blue, green, red.
    case bgr = "BGR"
    /// Luma alone.
    case grey = "GREY"

    /// How many.
    public var count: Int { self == .grey ? 1 : 3 }
  }

  /// How the numbers of one image lie.
  public enum Layout: String, CaseIterable, Sendable {
    /// Channel by channel.
    case channelsFirst = "NCHW"
    /// Pixel by pixel.
    case channelsLast = "NHWC"
  }

  /// `nil` where images keep their size.
  public let resize: Resize?
  /// What is cut out of the middle; where the image is smaller, black is added around it. `nil` for all of it.
  public let crop: Size?
  /// How pixels are made in resizing.
  public let interpolation: Interpolation
  /// Which channels, in which order.
  public let channels: Channels
  /// How the numbers lie.
  public let layout: Layout
  /// x′ = (x · scale − mean) ÷ std, x from 0 to 255.
  public let scale: Double
  /// One value, or one for each channel in the order of `channels`.
  public let mean: [Double]
  /// Likewise; > 0.
  public let std: [Double]

  /// - Precondition: `mean` and `std` have one value or one for each channel.
  public init(
    resize: Resize?, crop: Size?, interpolation: Interpolation, channels: Channels, layout: Layout, scale: Double,
    mean: [Double], std: [Double]
  ) {
    precondition([1, channels.count].contains(mean.count) && [1, channels.count].contains(std.count))
    self.resize = resize
    self.crop = crop
    self.interpolation = interpolation
    self.channels = channels
    self.layout = layout
    self.scale = scale
    self.mean = mean
    self.std = std
  }

  /// The size that every image comes out with; `nil` where it depends on the image.
  public var size: Size? {
    if let crop { return crop }
    if case .exact(let size) = resize { return size }
    return nil
  }

  /// The size that an image comes out with.
  public func size(ofImage image: Size) throws(ImageError) -> Size {
    if let size { return size }
    return try resizedSize(of: image)
  }

  /// The extents of one sample.
  public func shape(of size: Size) -> [Int] {
    switch layout {
    case .channelsFirst: [channels.count, size.height, size.width]
    case .channelsLast: [size.height, size.width, channels.count]
    }
  }

  /// The pixels of a file, resized and cropped, before they become numbers.
  public func pixels(of file: [UInt8]) throws(ImageError) -> PixelImage {
    if let crop, crop.height * crop.width > ImageLimits.pixels {
      throw ImageError(
        problem: "would be cropped to \(crop.width) × \(crop.height) pixels, more than \(ImageLimits.pixels) in all")
    }
    let decoded = try ImageDecoder.image(file)
    let whole = try resizedSize(of: Size(height: decoded.height, width: decoded.width))
    // Greys stay one channel as long as they can: resizing equal channels makes equal channels.
    let image = channels == .grey ? decoded.converted(toChannels: 1) : decoded
    let rows = ImageTransform.cut(whole.height, to: crop?.height ?? whole.height)
    let columns = ImageTransform.cut(whole.width, to: crop?.width ?? whole.width)
    return image.resized(
      width: whole.width, height: whole.height, columns: columns.kept, rows: rows.kept, interpolation
    ).padded(
      left: columns.before, right: columns.behind, top: rows.before, bottom: rows.behind
    ).converted(toChannels: channels.count)
  }

  /// The numbers of what `pixels(of:)` gave, in the layout asked for.
  public func values(of image: PixelImage) -> [Float] {
    precondition(image.channels == channels.count)
    let (count, channelCount) = (image.width * image.height, channels.count)
    let tables = table
    return [Float](unsafeUninitializedCapacity: count * channelCount) { target, initialized in
      image.bytes.withUnsafeBufferPointer { source in
        for channel in 0..<channelCount {
          let from = channels == .bgr ? 2 - channel : channel
          let (start, step) = layout == .channelsFirst ? (channel * count, 1) : (channel, channelCount)
          for pixel in 0..<count {
            target[start + pixel * step] = tables[channel * 256 + Int(source[pixel * channelCount + from])]
          }
        }
      }
      initialized = count * channelCount
    }
  }

  /// By channel what each of the 256 levels becomes: in float64, rounded once.
  private var table: [Float] {
    (0..<channels.count).flatMap { channel in
      let (mean, std) = (mean[mean.count == 1 ? 0 : channel], std[std.count == 1 ? 0 : channel])
      return (0..<256).map { Float((Double($0) * scale - mean) / std) }
    }
  }

  private func resizedSize(of image: Size) throws(ImageError) -> Size {
    let size: Size
    switch resize {
    case nil: return image
    case .exact(let exact): size = exact
    case .shorterSide(let side):
      let (short, long) = (min(image.height, image.width), max(image.height, image.width))
      let longer = Int(Double(side) * Double(long) / Double(short))
      size = image.width <= image.height ? Size(height: longer, width: side) : Size(height: side, width: longer)
    }
    guard size.height * size.width <= ImageLimits.pixels else {
      throw ImageError(
        problem: "has \(image.width) × \(image.height) pixels, which resizing makes \(size.width) × \(size.height), "
          + "more than \(ImageLimits.pixels) in all")
    }
    return size
  }

  /// What is cut out of the middle of an axis, and how much black stands before and behind it.
  private static func cut(_ length: Int, to wanted: Int) -> (kept: Range<Int>, before: Int, behind: Int) {
    guard wanted <= length else {
      return (0..<length, (wanted - length) / 2, (wanted - length + 1) / 2)
    }
    // Halves are rounded to even, as Python rounds them.
    let start = Int((Double(length - wanted) / 2).rounded(.toNearestOrEven))
    return (start..<start + wanted, 0, 0)
  }
}

extension PixelImage {
  /// The image with black around it.
  fileprivate func padded(left: Int, right: Int, top: Int, bottom: Int) -> PixelImage {
    guard left + right + top + bottom > 0 else { return self }
    let newWidth = left + width + right
    var padded = [UInt8](repeating: 0, count: newWidth * (top + height + bottom) * channels)
    for row in 0..<height {
      let start = ((top + row) * newWidth + left) * channels
      padded.replaceSubrange(
        start..<start + width * channels, with: bytes[row * width * channels..<(row + 1) * width * channels])
    }
    return PixelImage(width: newWidth, height: top + height + bottom, channels: channels, bytes: padded)
  }
}
