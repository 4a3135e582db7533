import ExecutorContract
import Networks
import Surgery
import Testing

struct RandomProbesTests {
  private func network(batchSize: Int) -> Network {
    var builder = ProblemBuilder(name: "two inputs", batchSize: batchSize, sampleCount: batchSize, seed: 1)
    let (x, y) = (builder.input([5, 101]), builder.input([3]))
    let outputs = [builder.unary(.relu, x), builder.unary(.relu, y)]
    return builder.network(outputs: outputs)
  }

  @Test func `a batch depends on the seed and its number alone`() {
    let probes = RandomProbes(for: network(batchSize: 4), [.normal(deviation: 1), .uniform(bound: 1)], seed: 5)
    let again = RandomProbes(for: network(batchSize: 4), [.normal(deviation: 1), .uniform(bound: 1)], seed: 5)
    let other = RandomProbes(for: network(batchSize: 4), [.normal(deviation: 1), .uniform(bound: 1)], seed: 6)
    let batch = probes.batch(3)
    #expect(batch.map(\.count) == [4 * 505, 12])
    _ = again.batch(0)
    #expect(again.batch(3) == batch)
    #expect(probes.batch(4)[0] != batch[0] && probes.batch(4)[1] != batch[1])
    #expect(other.batch(3)[0] != batch[0] && other.batch(3)[1] != batch[1])
  }

  @Test func `normal and uniform numbers have their mean and spread`() {
    let probes = RandomProbes(for: network(batchSize: 99), [.normal(deviation: 3), .uniform(bound: 2)], seed: 5)
    let (normal, uniform) = (probes.batch(0)[0].map(Double.init), (0..<100).flatMap { probes.batch($0)[1] })
    let count = Double(normal.count)
    let mean = normal.reduce(0, +) / count
    let variance = normal.reduce(0) { $0 + $1 * $1 } / count
    let fourth = normal.reduce(0) { $0 + $1 * $1 * $1 * $1 } / count
    // 49995 numbers, five standard errors: 3 ÷ √n, 9 × √(2 ÷ n), 81 × √(96 ÷ n).
    #expect(abs(mean) < 5 * 0.0135)
    #expect(abs(variance - 9) < 5 * 0.057)
    #expect(abs(fourth - 243) < 5 * 3.55)
    #expect(uniform.allSatisfy { abs($0) <= 2 })
    let spread = uniform.reduce(0) { $0 + Double($1) * Double($1) } / Double(uniform.count)
    // 29700 numbers of variance 4 ÷ 3, whose squares have standard deviation 1.19.
    #expect(abs(spread - 4.0 / 3) < 5 * 0.0069)
    #expect(abs(uniform.reduce(0) { $0 + Double($1) } / Double(uniform.count)) < 5 * 0.0067)
  }
}
