import Execution
import ExecutorContract
import Networks
import Testing

/// Figures of single samples exist only where samples stay apart.
struct SampleAxesTests {
  private static func refusal(_ build: (inout ProblemBuilder) -> (output: ValueID, observed: ValueID?)) -> String? {
    var builder = ProblemBuilder(name: "flow", batchSize: 2, sampleCount: 2, seed: 1)
    let (output, observed) = build(&builder)
    let request = ExecutionRequest(
      network: builder.network(outputs: [output]), loss: .meanSquaredError,
      observed: observed.map { [ObservedValue($0, channelAxis: builder.shape($0).rank - 1)] } ?? [])
    do {
      _ = try request.lossFunction()
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `rows of samples, merged and parted again, keep them apart`() {
    #expect(
      Self.refusal { b in
        let x = b.input([4, 3])
        let rows = b.reshape(x, [8, 3])
        let y = b.linear(rows, to: 5)
        return (b.reshape(y, [2, 4, 5]), y)
      } == nil)
    #expect(
      Self.refusal { b in
        let turned = b.transpose(b.input([4, 3]), [1, 0, 2])
        return (b.transpose(turned, [1, 0, 2]), nil)
      } == nil)
  }

  @Test func `a watched value with the samples on another axis is refused`() throws {
    let text = try #require(
      Self.refusal { b in
        let turned = b.transpose(b.input([4, 3]), [1, 0, 2])
        let y = b.linear(turned, to: 5)
        return (b.transpose(y, [1, 0, 2]), y)
      })
    #expect(text.contains("along axis 1"))
  }

  @Test func `interleaved rows, means over the batch and reversed batches are refused with their node`() throws {
    let interleaved = Self.refusal { b in
      let turned = b.transpose(b.input([4, 3]), [1, 0, 2])
      let y = b.linear(b.reshape(turned, [8, 3]), to: 5)
      return (b.reshape(y, [2, 20]), y)
    }
    #expect(interleaved?.contains("mixes the 2 samples") ?? false)
    let mean = Self.refusal { b in
      let x = b.input([3])
      return (b.binary(.subtract, x, b.mean(x, axes: [0])), nil)
    }
    #expect(mean?.contains("mixes the 2 samples") ?? false)
    let reversed = Self.refusal { b in
      let x = b.input([3])
      return (b.node(.slice(starts: [1, 0], steps: [-1, 1]), [x], result: [2, 3]), nil)
    }
    #expect(reversed?.contains("mixes the 2 samples") ?? false)
  }

  @Test func `samples mixed where nothing depends on it are not refused`() {
    #expect(
      Self.refusal { b in
        let x = b.input([3])
        let y = b.linear(x, to: 2)
        _ = b.linear(b.binary(.subtract, x, b.mean(x, axes: [0])), to: 2)
        return (y, y)
      } == nil)
  }

  /// Layouts of two samples, and whether they stay apart.
  private struct Layout: Sendable, CustomStringConvertible {
    let description: String
    let isApart: Bool
    let build: @Sendable (inout ProblemBuilder) -> ValueID
  }

  /// A value [T, N, C], the samples along axis 1.
  private static func turned(_ b: inout ProblemBuilder) -> ValueID { b.transpose(b.input([4, 3]), [1, 0, 2]) }

  /// Back to [N, T, C].
  private static func back(_ b: inout ProblemBuilder, _ x: ValueID) -> ValueID { b.transpose(x, [1, 0, 2]) }

  private static let layouts: [Layout] = [
    Layout(description: "matrix product, samples along a leading axis of both", isApart: true) { b in
      b.matrixProduct(b.input([3, 4]), b.input([4, 5]))
    },
    Layout(description: "matrix product, samples along the rows of the left operand", isApart: true) { b in
      b.matrixProduct(b.input([4]), b.constant([4, 3]))
    },
    Layout(description: "matrix product, samples along the columns of the right operand", isApart: true) { b in
      b.transpose(b.matrixProduct(b.constant([3, 4]), b.transpose(b.input([4]), [1, 0])), [1, 0])
    },
    Layout(description: "matrix product, samples summed over", isApart: false) { b in
      b.matrixProduct(b.constant([2, 2]), b.input([3]))
    },
    Layout(description: "matrix product of every sample with every other", isApart: false) { b in
      let x = b.input([3])
      return b.matrixProduct(x, b.transpose(x, [1, 0]))
    },
    Layout(description: "matrix product, samples along rows and along a leading axis", isApart: false) { b in
      b.matrixProduct(b.input([3]), b.input([3, 2]))
    },
    Layout(description: "layer normalization behind the samples", isApart: true) { b in
      let y = b.layerNormalization(turned(&b), axis: 2)
      return back(&b, y)
    },
    Layout(description: "layer normalization over the samples", isApart: false) { b in
      let y = b.layerNormalization(turned(&b), axis: 1)
      return back(&b, y)
    },
    Layout(description: "group normalization with the samples as channels", isApart: false) { b in
      let y = b.groupNormalization(turned(&b), groups: 2)
      return back(&b, y)
    },
    Layout(description: "transposed convolution with the samples as channels", isApart: false) { b in
      let y = b.convolutionTranspose(turned(&b), to: 2, kernel: [1])
      return back(&b, y)
    },
    Layout(description: "indices behind the samples", isApart: true) { b in b.gather(b.input([4, 3]), axis: 2, [2, 0])
    },
    Layout(description: "a matrix of indices in front of the samples", isApart: true) { b in
      b.transpose(b.gather(turned(&b), axis: 0, [3, 0, 1, 1], form: [2, 2]), [2, 0, 1, 3])
    },
    Layout(description: "one index in front of the samples", isApart: true) { b in
      b.gather(turned(&b), axis: 0, [3], form: [])
    },
    Layout(description: "indices along the samples", isApart: false) { b in b.gather(b.input([3]), axis: 0, [1, 0]) },
    Layout(description: "expansion in front of the samples", isApart: true) { b in
      b.reduce(.sum, b.expand(b.input([3]), [4, 2, 3]), axes: [0], kept: false)
    },
    Layout(description: "choice among the samples' own values", isApart: true) { b in
      b.select(b.input([3, 1]), b.input([1, 4]), b.constant([]))
    },
    Layout(description: "choice by another sample's value", isApart: false) { b in
      b.select(b.transpose(b.input([2]), [1, 0]), b.input([2]), b.constant([]))
    },
    Layout(description: "sum behind the samples", isApart: true) { b in b.reduce(.sum, b.input([3]), axes: [1]) },
    Layout(description: "maximum over the samples", isApart: false) { b in
      let x = b.input([3])
      return b.binary(.subtract, x, b.reduce(.max, x, axes: [0]))
    },
    Layout(description: "sums along another axis", isApart: true) { b in b.cumulativeSum(b.input([3]), axis: 1) },
    Layout(description: "sums along the samples", isApart: false) { b in b.cumulativeSum(b.input([3]), axis: 0) },
    Layout(description: "resizing of another axis", isApart: true) { b in
      b.resample(b.input([3]), [Resampling(axis: 1, taps: 1, sources: [0, 0], weights: [1, 1])])
    },
    Layout(description: "resizing of the batch", isApart: false) { b in
      b.resample(b.input([3]), [Resampling(axis: 0, taps: 1, sources: [0, 0], weights: [1, 1])])
    },
  ]

  @Test(arguments: layouts.indices)
  func `an operation that mixes samples is refused, any other is not`(_ index: Int) {
    let layout = Self.layouts[index]
    let text = Self.refusal { (layout.build(&$0), nil) }
    #expect((text == nil) == layout.isApart, "\(layout): \(text ?? "accepted")")
    if let text { #expect(text.contains("mixes the 2 samples")) }
  }
}
