extension PixelImage {
  /// A part of the image resized: as if all of it were resized and the part cut out, with the same bytes.
  /// - Parameters:
  ///   - columns: of the resized image those that are wanted.
  ///   - rows: likewise.
  /// - Precondition: the part lies within the resized image, and is not empty.
  public func resized(
    width: Int, height: Int, columns: Range<Int>, rows: Range<Int>, _ interpolation: Interpolation
  ) -> PixelImage {
    precondition(columns.lowerBound >= 0 && columns.upperBound <= width && !columns.isEmpty)
    precondition(rows.lowerBound >= 0 && rows.upperBound <= height && !rows.isEmpty)
    if interpolation == .nearest {
      return picked(
        columns.map { nearest($0, from: self.width, to: width) },
        rows.map { nearest($0, from: self.height, to: height) })
    }
    // Along rows first, then along columns, each rounded to 8 bits; an axis that keeps its length is left alone.
    let vertical = FilterWeights(interpolation, from: self.height, to: height, part: rows)
    let needed: Range<Int>
    if height == self.height {
      needed = rows
    } else {
      let ends = zip(vertical.first, vertical.count).map { $0 + $1 }
      needed = (vertical.first.min() ?? 0)..<(ends.max() ?? 0)
    }
    var image = self
    if width == self.width {
      image = image.picked(Array(columns), Array(needed))
    } else {
      let weights = FilterWeights(interpolation, from: self.width, to: width, part: columns)
      image = image.filteredAlongRows(weights, rows: needed)
    }
    guard height != self.height else { return image }
    return image.filteredAlongColumns(vertical, firstRow: needed.lowerBound)
  }

  /// The old pixel that the middle of a new one falls on.
  private func nearest(_ pixel: Int, from old: Int, to new: Int) -> Int {
    min(Int((Double(pixel) + 0.5) * (Double(old) / Double(new))), old - 1)
  }

  /// The pixels of some columns and rows.
  private func picked(_ columns: [Int], _ rows: [Int]) -> PixelImage {
    let (width, height, channels) = (columns.count, rows.count, channels)
    if width == self.width, height == self.height, columns.first == 0, columns.last == width - 1, rows.first == 0,
      rows.last == height - 1
    {
      return self
    }
    let picked = [UInt8](unsafeUninitializedCapacity: width * height * channels) { target, count in
      bytes.withUnsafeBufferPointer { source in
        var place = 0
        for row in rows {
          for column in columns {
            let pixel = (row * self.width + column) * channels
            for channel in 0..<channels {
              target[place] = source[pixel + channel]
              place += 1
            }
          }
        }
      }
      count = width * height * channels
    }
    return PixelImage(width: width, height: height, channels: channels, bytes: picked)
  }

  private func filteredAlongRows(_ filter: FilterWeights, rows: Range<Int>) -> PixelImage {
    let (newWidth, channels) = (filter.first.count, channels)
    let filtered = [UInt8](unsafeUninitializedCapacity: newWidth * rows.count * channels) { target, total in
      bytes.withUnsafeBufferPointer { source in
        filter.weights.withUnsafeBufferPointer { weights in
          var place = 0
          for row in rows {
            let start = row * width * channels
            for column in 0..<newWidth {
              let (first, count) = (start + filter.first[column] * channels, filter.count[column])
              let ownWeights = column * filter.stride
              for channel in 0..<channels {
                var sum: Int32 = 1 << (Int32(FilterWeights.fractionBits) - 1)
                var pixel = first + channel
                for index in ownWeights..<ownWeights + count {
                  sum &+= Int32(source[pixel]) &* weights[index]
                  pixel += channels
                }
                target[place] = PixelImage.byte(sum)
                place += 1
              }
            }
          }
        }
      }
      total = newWidth * rows.count * channels
    }
    return PixelImage(width: newWidth, height: rows.count, channels: channels, bytes: filtered)
  }

  /// - Parameter firstRow: of the rows that the filter counts, the one that is the first here.
  private func filteredAlongColumns(_ filter: FilterWeights, firstRow: Int) -> PixelImage {
    let (newHeight, stride) = (filter.first.count, width * channels)
    let filtered = [UInt8](unsafeUninitializedCapacity: newHeight * stride) { target, total in
      bytes.withUnsafeBufferPointer { source in
        filter.weights.withUnsafeBufferPointer { weights in
          withUnsafeTemporaryAllocation(of: Int32.self, capacity: stride) { sums in
            for row in 0..<newHeight {
              sums.initialize(repeating: 1 << (Int32(FilterWeights.fractionBits) - 1))
              for index in 0..<filter.count[row] {
                let weight = weights[row * filter.stride + index]
                let line = UnsafeBufferPointer(
                  rebasing: source[((filter.first[row] - firstRow + index) * stride)...].prefix(stride))
                for place in 0..<stride { sums[place] &+= Int32(line[place]) &* weight }
              }
              for place in 0..<stride { target[row * stride + place] = PixelImage.byte(sums[place]) }
            }
          }
        }
      }
      total = newHeight * stride
    }
    return PixelImage(width: width, height: newHeight, channels: channels, bytes: filtered)
  }

  private static func byte(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(sum >> Int32(FilterWeights.fractionBits), 0), 255))
  }
}
