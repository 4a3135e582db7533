import Execution
import ExecutorContract
import Networks
import Testing

/// Figures of single samples exist only where samples stay apart.
struct SampleFlowTests {
  private static func refusal(_ build: (inout ProblemBuilder) -> (output: ValueID, observed: ValueID?)) -> String? {
    var builder = ProblemBuilder(name: "flow", batchSize: 2, sampleCount: 2, seed: 1)
    let (output, observed) = build(&builder)
    let request = ExecutionRequest(
      network: builder.network(outputs: [output]), loss: .meanSquaredError,
      observed: observed.map { [ObservedValue($0, channelAxis: builder.shape($0).rank - 1)] } ?? [])
    do {
      _ = try LossFunction(request)
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
}
