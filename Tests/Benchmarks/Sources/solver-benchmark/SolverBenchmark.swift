import Allocation
import AllocationProblems
import FoundationEssentials
import Glibc

/// Solves problems of the size of real networks with the optimal and the greedy allocator, and says how long that took
/// and how good the plans are.
///
/// It measures and does not judge: `scripts/bench` starts it and makes tables of its lines, one JSON object for each
/// problem.
@main
enum SolverBenchmark {
  static func main() {
    do {
      let options = try Options(Array(CommandLine.arguments.dropFirst()))
      for network in options.networks {
        for kind in options.kinds {
          for seed in 1...options.problemCount {
            let builder = try network.builder(kind: kind, seed: UInt64(seed))
            for demand in Demand.allCases {
              guard let problem = try demand.problem(of: builder) else { continue }
              let measurement = try Measurement(of: problem, isCurve: demand == .frontier)
              try report(Line(network: network.rawValue, kind: kind.rawValue, demand: demand, measurement: measurement))
            }
          }
        }
      }
    } catch {
      let line = "solver-benchmark: error: \(error)\n"
      _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
      exit(error is Options.UsageError ? 64 : 70)
    }
  }

  private struct Line: Encodable {
    let network: String
    let kind: String
    let demand: Demand
    let measurement: Measurement
  }

  private static func report(_ line: Line) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    // The gap of a plan that loses nothing and is not proven the best.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    print(String(decoding: try encoder.encode(line), as: UTF8.self))
  }
}
